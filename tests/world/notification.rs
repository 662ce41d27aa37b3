//! Notifications for a user, and the user's preferences for them.

use notifications::handle;
use serde_json::{Value, json};

use crate::{Request, World, token_with};

/// Creates a notification for ada, with these further fields; returns its id.
pub async fn notify(world: &World, more: Value) -> String {
    let mut body = json!({ "userId": "ada", "type": "MESSAGE", "data": { "senderName": "Ben", "senderId": "ben" } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    let request = Request::new("POST /notifications").bearer(&service).json(&body);
    let reply = world.send(handle, &request).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body["notificationId"].as_str().unwrap().to_owned()
}

/// The request that saves ada's preferences.
pub fn save_preferences(body: &Value) -> Request {
    Request::new("PUT /notifications/preferences").by("ada").json(body)
}

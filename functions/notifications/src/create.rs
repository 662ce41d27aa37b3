//! `POST /notifications`, and the event `NotificationRequested`: two ways to ask for the same.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use serde_json::json;
use shared::App;
use shared::http::{self, Problem, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::idempotency::IdempotencyKey;
use shared::identity::Identity;
use shared::notification;
use shared::notification::{Created, NewNotification};
use shared::time::Millis;

pub(super) async fn handle(app: &App, request: &Request, caller: &Identity) -> Result<Response, Problem> {
    caller.must_be_service()?;
    let new = request.json()?;
    let key = IdempotencyKey::of(request, "notification", &caller.user)?;
    let created = create(app, new, &key).await?;

    let answer = http::created(&json!({ "notificationId": created.id })).replayed(created.replayed);
    Ok(answer.then(app.deliver(created.committed.into_iter().collect())))
}

/// Takes a `NotificationRequested` event. Whoever may put events on the bus may notify; the event's id makes sure that one
/// which is delivered twice notifies once.
///
/// # Errors
/// As `POST /notifications`.
pub async fn requested(app: &App, event: EventBridgeEvent) -> Result<(), Problem> {
    let detail = event.detail.to_string();
    let new = serde_json::from_value(event.detail)
        .map_err(|error| Problem::Malformed(format!("The event's detail does not fit: {error}")))?;
    let id = event.id.ok_or_else(|| Problem::Malformed("The event has no id".to_owned()))?;
    let key = IdempotencyKey::of_event("notification", &event.source, &id, detail.as_bytes());
    let created = create(app, new, &key).await?;
    app.deliver(created.committed.into_iter().collect()).await;
    Ok(())
}

async fn create(app: &App, new: NewNotification, key: &IdempotencyKey) -> Result<Created, Problem> {
    notification::create(&app.store, &app.settings, new, key, Millis::now()).await
}

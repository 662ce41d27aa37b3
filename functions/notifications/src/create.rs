//! `POST /notifications`

use serde_json::json;
use shared::App;
use shared::http::{Answer, Call, Problem};
use shared::identity::Identity;
use shared::{idempotency, notification};

pub(super) async fn handle(app: &App, call: &Call, caller: &Identity) -> Result<Answer, Problem> {
    caller.must_be_service()?;
    let request = call.json()?;
    let key = idempotency::Request::of(call, "notification", &caller.user)?;
    let created = notification::create(&app.store, request, &key).await?;

    let answer = Answer::created(&json!({ "notificationId": created.id })).replayed(created.committed.is_none());
    Ok(answer.afterwards(app.deliver(created.committed.into_iter().collect())))
}

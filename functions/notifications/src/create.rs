//! `POST /notifications`, and the event `NotificationRequested`: two ways to ask for the same.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use serde_json::json;
use shared::App;
use shared::http::{Answer, Call, Problem};
use shared::identity::Identity;
use shared::notification::{Created, Request};
use shared::time::Millis;
use shared::{idempotency, notification};

pub(super) async fn handle(app: &App, call: &Call, caller: &Identity) -> Result<Answer, Problem> {
    caller.must_be_service()?;
    let request = call.json()?;
    let key = idempotency::Request::of(call, "notification", &caller.user)?;
    let created = create(app, request, &key).await?;

    let answer = Answer::created(&json!({ "notificationId": created.id })).replayed(created.replayed);
    Ok(answer.afterwards(app.deliver(created.committed.into_iter().collect())))
}

/// Takes a `NotificationRequested` event. Whoever may put events on the bus may notify; the event's id makes sure that one
/// which is delivered twice notifies once.
///
/// # Errors
/// As `POST /notifications`.
pub async fn requested(app: &App, event: EventBridgeEvent) -> Result<(), Problem> {
    let detail = event.detail.to_string();
    let request = serde_json::from_value(event.detail)
        .map_err(|error| Problem::Malformed(format!("The event's detail does not fit: {error}")))?;
    let id = event.id.ok_or_else(|| Problem::Malformed("The event has no id".to_owned()))?;
    let key = idempotency::Request::of_event("notification", &event.source, &id, detail.as_bytes());
    let created = create(app, request, &key).await?;
    app.deliver(created.committed.into_iter().collect()).await;
    Ok(())
}

async fn create(app: &App, request: Request, key: &idempotency::Request) -> Result<Created, Problem> {
    notification::create(&app.store, &app.settings, request, key, Millis::now()).await
}

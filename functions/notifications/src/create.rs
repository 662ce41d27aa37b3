//! Creates notifications: by `POST /notifications`, or by the event `NotificationRequested`.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use serde_json::json;
use shared::contract::time::Millis;
use shared::http::idempotency::{Cause, IdempotencyKey};
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::json::{self, Part};
use shared::notifications::{NewNotification, Notifier};
use shared::outbox::Done;
use shared::{ApiError, App};

pub(super) async fn handle(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    caller.must_be_service()?;
    let new = request.json()?;
    let key = app.idempotency_key(request, &caller.user)?;
    let created = create(app, request.request_id(), new, &key).await?;

    Ok(app.finish(created.map(|id| http::created(&json!({ "notificationId": id })))))
}

/// Handles a `NotificationRequested` event. Anyone with permission to put events on the bus may notify. The event's id
/// is the idempotency key, so an event that is delivered twice notifies once.
///
/// # Errors
/// As `POST /notifications`.
pub async fn requested(app: &App, event: EventBridgeEvent) -> Result<(), ApiError> {
    let new = json::from_value(Part::Event, event.detail)?;
    let id = event.id.ok_or_else(|| ApiError::Malformed("The event has no id".to_owned()))?;
    let key = IdempotencyKey::of_cause(Cause::Event { source: &event.source, id: &id });
    let created = create(app, &id, new, &key).await?;
    app.deliver(created.pending).await;
    Ok(())
}

async fn create(
    app: &App,
    request_id: &str,
    new: NewNotification,
    key: &IdempotencyKey,
) -> Result<Done<String>, ApiError> {
    let (user, content) = new.check()?;
    let (table, settings) = (&app.table, &app.settings);
    Notifier { table, writer: &app.writer(request_id), settings }.create(&user, &content, key, Millis::now()).await
}

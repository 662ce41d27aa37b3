//! Creates notifications: by `POST /notifications`, or by the event `NotificationRequested`.

use std::time::{Duration, Instant};

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use serde_json::json;
use shared::contract::time::Millis;
use shared::http::idempotency::{Cause, IdempotencyKey};
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::json::{self, Part};
use shared::notifications::{NewNotification, Notifier, Recipients, UserResult};
use shared::{ApiError, App};

/// How long notifications of several users are stored. The function has ten seconds, and must have responded by then.
const TIMEOUT: Duration = Duration::from_secs(7);

pub(super) async fn handle(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    caller.must_be_service()?;
    let (recipients, content) = request.json::<NewNotification>()?.check()?;
    let key = &app.idempotency_key(request, &caller.user)?;
    let writer = &app.writer(request.request_id());
    let notifier = Notifier { table: &app.table, writer, settings: &app.settings };
    let done = match recipients {
        Recipients::One(user) => {
            let done = notifier.create(&user, &content, key, Millis::now()).await?;
            done.map(|id| http::created(&json!({ "notificationId": id })))
        }
        Recipients::Several(users) => {
            notifier.create_each(&users, &content, key, deadline()).await?.map(|results| respond(&results))
        }
    };
    Ok(app.finish(done))
}

fn deadline() -> Instant {
    Instant::now() + TIMEOUT
}

/// 201 when all users were notified, and 207 when some were not. Each has a result in either.
fn respond(results: &[UserResult]) -> Response {
    let body = json!({ "results": results });
    if results.iter().all(UserResult::is_created) { http::created(&body) } else { http::multi_status(&body) }
}

/// Handles a `NotificationRequested` event. Anyone with permission to put events on the bus may notify. The event's id
/// is the idempotency key, so an event that is delivered twice notifies once.
///
/// # Errors
/// As `POST /notifications`; and when one of several users was not notified, so that Lambda tries the event again, and then keeps it.
pub async fn requested(app: &App, event: EventBridgeEvent) -> Result<(), ApiError> {
    let (recipients, content) = json::from_value::<NewNotification>(Part::Event, event.detail)?.check()?;
    let id = event.id.ok_or_else(|| ApiError::Malformed("The event has no id".to_owned()))?;
    let key = &IdempotencyKey::of_cause(Cause::Event { source: &event.source, id: &id });
    let notifier = Notifier { table: &app.table, writer: &app.writer(&id), settings: &app.settings };
    match recipients {
        Recipients::One(user) => {
            let done = notifier.create(&user, &content, key, Millis::now()).await?;
            app.deliver(done.pending).await;
            Ok(())
        }
        Recipients::Several(users) => {
            let done = notifier.create_each(&users, &content, key, deadline()).await?;
            let missed = done.result.iter().filter(|result| !result.is_created()).count();
            if missed == 0 {
                return Ok(());
            }
            Err(ApiError::Unavailable(format!("{missed} of {} users were not notified", users.len())))
        }
    }
}

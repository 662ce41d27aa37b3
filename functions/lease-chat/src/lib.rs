//! Everything under `/leases/{bailId}`: the chat of a lease's participants, their requests, and the lease itself, which a
//! service puts.

mod chat;
mod requests;

use serde_json::json;
use shared::contract::channel::Channel;
use shared::contract::id::LeaseId;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::leases::{self, Participant, Right};
use shared::outbox::Done;
use shared::{ApiError, App, chats};

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403, 404, 409, 413, 415, 422, 429 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    let lease = LeaseId::parse(request.path("bailId")).map_err(|error| ApiError::field("bailId", error))?;
    // The larger futures are boxed: the runtime moves that of a handler several times.
    let done = match request.route() {
        "PUT /leases/{bailId}" => Box::pin(put(app, &request, &lease, &caller)).await,
        "PATCH /leases/{bailId}/requests/{requestId}" => {
            Box::pin(requests::change(app, &request, &lease, &app.person(&caller).await)).await
        }
        route => {
            let participant = leases::participant(&app.table, &lease, &caller.user).await?;
            participant.must(right(route))?;
            match route {
                "GET /leases/{bailId}" => Box::pin(show(app, &caller, &participant)).await,
                "GET /leases/{bailId}/messages" => chat::list(app, &request, &participant).await,
                "POST /leases/{bailId}/messages" => Box::pin(chat::post(app, &request, &caller, &participant)).await,
                "POST /leases/{bailId}/attachments" => Box::pin(chat::upload(app, &request, &participant)).await,
                "GET /leases/{bailId}/attachments/{attachmentId}" => chat::link(app, &request, &participant).await,
                "DELETE /leases/{bailId}/messages/{messageId}" => chat::delete(app, &request, &participant).await,
                "PUT /leases/{bailId}/read" => chat::mark_read(app, &request, &participant).await,
                "GET /leases/{bailId}/requests" => requests::list(app, &request, &participant).await,
                "POST /leases/{bailId}/requests" => {
                    Box::pin(requests::create(app, &request, &caller, &participant)).await
                }
                other => Err(http::no_such_route(other)),
            }
        }
    }?;
    Ok(app.finish(done))
}

/// The right that a participant needs for this route.
fn right(route: &str) -> Right {
    match route {
        "POST /leases/{bailId}/messages"
        | "POST /leases/{bailId}/attachments"
        | "DELETE /leases/{bailId}/messages/{messageId}" => Right::Write,
        "POST /leases/{bailId}/requests" => Right::Ask,
        _ => Right::Read,
    }
}

/// The response of a route, with the rows that can be delivered after it.
type Handled = Result<Done<Response>, ApiError>;

/// `PUT /leases/{bailId}`, for services.
async fn put(app: &App, request: &Request, lease: &LeaseId, caller: &Identity) -> Handled {
    caller.must_be_service()?;
    let (writer, terminate) = (app.writer(request.request_id()), app.settings.terminate_removed);
    let put = leases::put(&app.table, &writer, lease, request.json()?, terminate).await?;
    Ok(put.map(|lease| http::ok(&lease)))
}

/// `GET /leases/{bailId}`: all that a chat page needs before it subscribes.
async fn show(app: &App, caller: &Identity, participant: &Participant) -> Handled {
    let (head, mark) = chats::head_and_mark(&app.table, &participant.conversation(), &participant.id).await?;
    let mut shown = json!({
        "bailId": participant.lease,
        "channel": Channel::Lease(participant.lease.clone()).to_string(),
        "me": participant.person(app.person(caller).await.display_name),
        "otherId": participant.other,
        "lastSeq": head.seq,
        "readSeq": mark,
        "unreadCount": head.unread_after(mark),
    });
    if let Some(participants) = &participant.participants {
        shown["participants"] = json!(participants);
    }
    Ok(Done::now(http::ok(&shown), None))
}

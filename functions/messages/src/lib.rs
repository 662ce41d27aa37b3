//! The list of a user's conversations; the history of direct messages, their files, their deletion, and public keys for their encryption. The
//! messages themselves go over WebSockets.

use serde_json::json;
use shared::chats::{self, Conversation, Range, Seq};
use shared::contract::id::UserId;
use shared::conversations::{self, ConversationCursor};
use shared::http::{self, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::identity::Identity;
use shared::sockets::direct::{self, keys};
use shared::{ApiError, App};

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;
const DEFAULT_CONVERSATIONS: u8 = 20;
const MAX_CONVERSATIONS: u8 = 50;

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403, 404, 409, 413, 415, 422, 429 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        // Boxed: the runtime moves the future of a handler several times.
        "GET /conversations" => Box::pin(list(app, &request, &caller)).await,
        "GET /messages/{userId}" => history(app, &request, &caller).await,
        "POST /messages/{userId}/attachments" => Box::pin(upload(app, &request, &caller)).await,
        "GET /messages/{userId}/attachments/{attachmentId}" => link(app, &request, &caller).await,
        "DELETE /messages/{userId}/{messageId}" => delete(app, &request, &caller).await,
        "PUT /keys" => Ok(http::ok(&keys::save(&app.table, &caller.user, request.json()?).await?)),
        "GET /keys/{userId}" => key(app, &request).await,
        other => Err(http::no_such_route(other)),
    }
}

fn user(request: &Request) -> Result<UserId, ApiError> {
    UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))
}

async fn list(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let limit = request.limit(DEFAULT_CONVERSATIONS, MAX_CONVERSATIONS)?;
    let cursor = request.query("cursor").map(ConversationCursor::parse).transpose()?;
    Ok(http::ok(&conversations::list(&app.table, &caller.user, limit, cursor.as_ref()).await?))
}

async fn history(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let (other, limit) = (user(request)?, request.limit(DEFAULT_LIMIT, MAX_LIMIT)?);
    let range = match (request.query("after"), request.query("before")) {
        (None, None) => Range::Newest,
        (Some(after), None) => Range::After(Seq::parse(after, "after")?),
        (None, Some(before)) => Range::Before(Seq::parse(before, "before")?),
        (Some(_), Some(_)) => return Err(ApiError::Malformed("Send after or before, not both".to_owned())),
    };
    Ok(http::ok(&direct::history(&app.table, &caller.user, &other, range, limit).await?))
}

/// The conversation of the caller and the user in the path.
fn conversation(request: &Request, caller: &Identity) -> Result<Conversation, ApiError> {
    let other = user(request)?;
    if other == caller.user {
        return Err(ApiError::field("userId", "must be another user"));
    }
    Ok(Conversation::direct(&caller.user, &other))
}

async fn upload(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let (store, conversation) = (app.attachments()?, conversation(request, caller)?);
    let (new, key) = (request.json()?, app.idempotency_key_of_row(request, &caller.user)?);
    let upload = chats::upload(&app.table, store, &conversation, (&caller.user, &key), new).await?;
    Ok(http::created(&upload.result).replayed(upload.is_replay))
}

async fn link(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let (store, conversation) = (app.attachments()?, conversation(request, caller)?);
    let of_reader = (&caller.user, request.path("attachmentId"));
    Ok(http::ok(&chats::link(&app.table, store, &conversation, of_reader).await?))
}

async fn delete(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let (other, writer) = (user(request)?, app.writer(request.request_id()));
    let deleted = direct::delete(&app.table, &writer, (&caller.user, &other), request.path("messageId")).await?;
    Ok(http::ok(&json!({ "message": deleted.result })).then(app.deliver(deleted.pending)))
}

async fn key(app: &App, request: &Request) -> Result<Response, ApiError> {
    let found = keys::find(&app.table, &user(request)?).await?;
    let key = found.ok_or_else(|| {
        ApiError::NotFound(
            "This user has saved no key: send them plain text, or try again once their client has called PUT /keys"
                .to_owned(),
        )
    })?;
    Ok(http::ok(&key))
}

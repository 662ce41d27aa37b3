//! `/dashboard/…` over HTTP: other back ends send events to dashboards, say who may subscribe to which channel, and see who is
//! online.

use serde_json::json;
use shared::contract::id::UserId;
use shared::contract::sockets::{MAX_EVENT_BYTES, Namespace};
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::sockets::{self, dashboard};
use shared::{ApiError, App, channels};

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403, 413, 415 and 422, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "POST /dashboard/events" => send(app, &request, &caller).await,
        "PUT /dashboard/channels/{channel}/members/{userId}" => grant(app, &request, &caller).await,
        "DELETE /dashboard/channels/{channel}/members/{userId}" => revoke(app, &request, &caller).await,
        "GET /dashboard/online" => online(app, &caller).await,
        "GET /dashboard/online/{userId}" => is_online(app, &request).await,
        other => Err(http::no_such_route(other)),
    }
}

async fn send(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    caller.must_be_service()?;
    let new = request.json_up_to(http::body_of_event(MAX_EVENT_BYTES))?;
    let key = app.idempotency_key(request, &caller.user)?;
    let writer = app.writer(request.request_id());
    let sent = dashboard::send(&app.table, &writer, new, &key, Millis::now()).await?;

    Ok(app.finish(sent.map(|id| http::accepted(&json!({ "eventId": id })))))
}

/// Lets a user subscribe to a channel.
async fn grant(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    caller.must_be_service()?;
    channels::grant(&app.table, request.path("channel"), &user(request)?).await?;
    Ok(http::no_content())
}

/// Takes that back, with the subscriptions that rest on it.
async fn revoke(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    caller.must_be_service()?;
    let public = &app.settings.dashboard_public_channels;
    sockets::revoke(&app.table, public, request.path("channel"), &user(request)?).await?;
    Ok(http::no_content())
}

fn user(request: &Request) -> Result<UserId, ApiError> {
    UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))
}

/// How many users and connections there are.
async fn online(app: &App, caller: &Identity) -> Result<Response, ApiError> {
    caller.must_be_service()?;
    let (users, connections) = sockets::online(&app.table, Namespace::Dashboard, Millis::now()).await?;
    Ok(http::ok(&json!({ "onlineUsers": users, "connections": connections })))
}

/// Whether a user has any connection, to dashboards or for messages. Any member may ask, as `user_status` tells every member.
async fn is_online(app: &App, request: &Request) -> Result<Response, ApiError> {
    let user = user(request)?;
    let online = sockets::is_online(&app.table, &user, Millis::now()).await?;
    Ok(http::ok(&json!({ "userId": user, "online": online })))
}

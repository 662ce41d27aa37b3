//! `/dashboard/…` over HTTP: other back ends send events to dashboards, and see who is online.

use serde_json::json;
use shared::contract::id::UserId;
use shared::contract::sockets::Namespace;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::identity::Identity;
use shared::sockets::{self, dashboard};
use shared::{App, Problem};

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403, 413, 415 and 422, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "POST /dashboard/events" => send(app, &request, &caller).await,
        "GET /dashboard/online" => online(app, &caller).await,
        "GET /dashboard/online/{userId}" => is_online(app, &request).await,
        other => Err(Problem::NotFound(format!("There is no route {other}"))),
    }
}

async fn send(app: &App, request: &Request, caller: &Identity) -> Result<Response, Problem> {
    caller.must_be_service()?;
    let key = app.idempotency_key(request, &caller.user)?;
    let writer = app.writer(request.request_id());
    let sent = dashboard::send(&app.table, &writer, request.json()?, &key, Millis::now()).await?;

    let response = http::accepted(&json!({ "eventId": sent.result })).replayed(sent.is_replay);
    Ok(response.then(app.deliver(sent.owed)))
}

/// How many users and connections there are.
async fn online(app: &App, caller: &Identity) -> Result<Response, Problem> {
    caller.must_be_service()?;
    let (users, connections) = sockets::online(&app.table, Namespace::Dashboard, Millis::now()).await?;
    Ok(http::ok(&json!({ "onlineUsers": users, "connections": connections })))
}

/// Whether a user has any connection. Any member may ask, as `user_status` tells every member.
async fn is_online(app: &App, request: &Request) -> Result<Response, Problem> {
    let user = UserId::parse(request.path("userId")).map_err(|error| error.in_field("userId"))?;
    let online = sockets::is_online(&app.table, Namespace::Dashboard, &user, Millis::now()).await?;
    Ok(http::ok(&json!({ "userId": user, "online": online })))
}

//! `/users/{userId}`: a user's everything, shown to operators, or erased.

use std::time::{Duration, Instant};

use shared::contract::id::UserId;
use shared::erasure::Subject;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::{ApiError, App, erasure, summary};

/// How long a call goes on. API Gateway waits for 30 s; the last step and the deliveries after it take some of them.
const TIME: Duration = Duration::from_secs(12);

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "GET /users/{userId}" => Box::pin(show(app, &request, &caller)).await,
        "DELETE /users/{userId}" => Box::pin(erase(app, &request, &caller)).await,
        other => Err(http::no_such_route(other)),
    }
}

async fn show(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    caller.must_be_operator()?;
    Ok(http::ok(&summary::of_user(&app.table, user(request)?).await?))
}

/// Erases as much as fits into a call. The caller repeats it until it is done.
async fn erase(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    caller.must_be_service()?;
    let user = user(request)?;
    let (writer, deadline) = (app.writer(request.request_id()), Instant::now() + TIME);
    let settings = app.settings.pusher().map_err(ApiError::internal)?;
    let (secret, connections) = (&settings.credentials.secret, app.connections.as_ref());
    let done = erasure::erase(&app.table, &writer, connections, Subject { user: &user, secret }, deadline).await?;
    Ok(app.finish(done.map(|report| http::ok(&report))))
}

fn user(request: &Request) -> Result<UserId, ApiError> {
    UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))
}

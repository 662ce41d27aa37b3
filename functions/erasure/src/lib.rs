//! `DELETE /users/{userId}`: erases a user everywhere.

use std::time::{Duration, Instant};

use shared::contract::id::UserId;
use shared::erasure::Subject;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::{ApiError, App, erasure};

/// How long a call goes on. API Gateway waits for 30 s; the last step and the deliveries after it take some of them.
const TIME: Duration = Duration::from_secs(12);

/// Erases as much as fits into a call. The caller repeats it until it is done.
///
/// # Errors
/// 400, 401, 403 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    app.authenticate(&request).await?.must_be_service()?;
    let user = UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))?;
    let (writer, deadline) = (app.writer(request.request_id()), Instant::now() + TIME);
    let settings = app.settings.pusher().map_err(ApiError::internal)?;
    let (secret, connections) = (&settings.credentials.secret, app.connections.as_ref());
    let done = erasure::erase(&app.table, &writer, connections, Subject { user: &user, secret }, deadline).await?;
    Ok(app.finish(done.map(|report| http::ok(&report))))
}

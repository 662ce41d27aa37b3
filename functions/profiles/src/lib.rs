//! `PUT /users/{userId}/profile`: another back end says how a user is shown to others, for users whose tokens do not.

use shared::contract::id::UserId;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::users::profile;
use shared::{ApiError, App};

/// Keeps what is said of the user, in place of what another back end said before.
///
/// # Errors
/// 400, 401, 403, 413 and 415, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    app.authenticate(&request).await?.must_be_service()?;
    let user = UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))?;
    let kept = profile::put(&app.table, user, request.json()?).await?;
    app.profiles.forget(&kept.user_id);
    Ok(http::ok(&kept))
}

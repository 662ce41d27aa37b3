//! `GET /kudos`: the kudos that the caller has received.

use shared::http::{self, ReadRequest as _, Request, Response};
use shared::rooms::kudos_received::{self, KudosCursor};
use shared::{ApiError, App};

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: u8 = 100;

/// Lists a page of the caller's kudos, newest first.
///
/// # Errors
/// 400 and 401, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    let limit = request.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = request.query("cursor").map(KudosCursor::parse).transpose()?;
    Ok(http::ok(&kudos_received::received(&app.table, &caller.user, limit, cursor.as_ref()).await?))
}

//! `POST /imports`: another back end sends the data of another system, line by line.

use std::time::{Duration, Instant};

use shared::http::{self, ReadRequest as _, Request, Response};
use shared::imports::Importer;
use shared::{ApiError, App};

/// How long lines are written. The function has ten seconds, and must have responded by then.
const TIMEOUT: Duration = Duration::from_secs(7);

/// Writes the lines, each once; responds with the result of each.
///
/// # Errors
/// 400, 401, 403, 413 and 415, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    app.authenticate(&request).await?.must_be_service()?;
    let body = request.lines()?;
    let deadline = Instant::now() + TIMEOUT;
    let importer = Importer { table: &app.table, settings: &app.settings, deadline };
    Ok(http::ok(&importer.import(body).await?))
}

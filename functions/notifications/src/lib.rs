//! `/notifications…`: services create them (`notification:new`), users list and read them.

mod create;
mod list;
mod read;

use shared::App;
use shared::http::{Answer, Call, Problem};

/// Answers the route that API Gateway chose.
///
/// # Errors
/// 400, 401, 403, 404, 413, 415, 422 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, call: Call) -> Result<Answer, Problem> {
    let caller = app.member(&call).await?;
    match call.route() {
        "POST /notifications" => create::handle(app, &call, &caller).await,
        "GET /notifications" => list::handle(app, &call, &caller).await,
        "GET /notifications/unread-count" => list::unread_count(app, &caller).await,
        "POST /notifications/{notificationId}/read" => read::one(app, &call, &caller).await,
        "POST /notifications/read-all" => read::all(app, &caller).await,
        other => Err(Problem::NotFound(format!("There is no route {other}"))),
    }
}

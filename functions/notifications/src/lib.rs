//! `/notifications…`: services create them, users list and read them and say how they want to be told. Services may ask on
//! EventBridge instead (`NotificationRequested`).

mod create;
mod list;
mod preferences;
mod read;

use shared::http::{ReadRequest as _, Request, Response};
use shared::{App, Problem};

pub use create::requested;

/// Answers the route that API Gateway chose.
///
/// # Errors
/// 400, 401, 403, 404, 413, 415, 422 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "POST /notifications" => create::handle(app, &request, &caller).await,
        "GET /notifications" => list::handle(app, &request, &caller).await,
        "GET /notifications/unread-count" => list::unread_count(app, &caller).await,
        "POST /notifications/{notificationId}/read" => read::one(app, &request, &caller).await,
        "POST /notifications/read-all" => read::all(app, &caller).await,
        "GET /notifications/preferences" => preferences::show(app, &caller).await,
        "PUT /notifications/preferences" => preferences::save(app, &request, &caller).await,
        other => Err(Problem::NotFound(format!("There is no route {other}"))),
    }
}

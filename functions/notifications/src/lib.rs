//! `/notifications…`: services create notifications; users list, read and delete them, and set their preferences.
//! Services may also create them by an EventBridge event (`NotificationRequested`).

mod create;
mod list;
mod one;
mod preferences;
mod read;

use shared::http::{self, ReadRequest as _, Request, Response};
use shared::{ApiError, App};

pub use create::requested;

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403, 404, 413, 415 and 422, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "POST /notifications" => create::handle(app, &request, &caller).await,
        "GET /notifications" => list::handle(app, &request, &caller).await,
        "GET /notifications/unread-count" => list::unread_count(app, &caller).await,
        "GET /notifications/{notificationId}" => one::show(app, &request, &caller).await,
        "DELETE /notifications/{notificationId}" => one::delete(app, &request, &caller).await,
        "POST /notifications/{notificationId}/read" => read::one(app, &request, &caller).await,
        "POST /notifications/read-all" => read::all(app, &request, &caller).await,
        "GET /notifications/preferences" => preferences::show(app, &caller).await,
        "PUT /notifications/preferences" => preferences::save(app, &request, &caller).await,
        other => Err(http::no_such_route(other)),
    }
}

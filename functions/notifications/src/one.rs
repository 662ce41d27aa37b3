//! `GET` and `DELETE /notifications/{notificationId}`

use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::notifications;
use shared::{ApiError, App};

pub(super) async fn show(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let id = request.path("notificationId");
    Ok(http::ok(&notifications::show(&app.table, &caller.user, id, Millis::now()).await?))
}

pub(super) async fn delete(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let (id, writer) = (request.path("notificationId"), app.writer(request.request_id()));
    notifications::delete(&app.table, &writer, &caller.user, id, Millis::now()).await?;
    Ok(http::no_content())
}

//! `POST /notifications/{notificationId}/read` and `POST /notifications/read-all`

use serde_json::json;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::notifications::{self, ReadContext};
use shared::outbox::WriteContext;
use shared::{ApiError, App};

pub(super) async fn one(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let (id, writer) = (request.path("notificationId"), app.writer(request.request_id()));
    let marked = notifications::read(context(app, &writer, caller), id, Millis::now()).await?;
    Ok(app.finish(marked.map(|marked| http::ok(&json!({ "notificationId": id, "readAt": marked.read_at.iso() })))))
}

pub(super) async fn all(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let writer = app.writer(request.request_id());
    let marked = notifications::read_all(context(app, &writer, caller), Millis::now()).await?;
    Ok(app.finish(marked.map(|()| http::ok(&json!({ "unreadCount": 0 })))))
}

fn context<'a>(app: &'a App, writer: &'a WriteContext, caller: &'a Identity) -> ReadContext<'a> {
    ReadContext { table: &app.table, writer, user: &caller.user, pushes: app.settings.firebase.is_some() }
}

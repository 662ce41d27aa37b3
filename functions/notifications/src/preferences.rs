//! `GET` and `PUT /notifications/preferences`

use shared::http::{self, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::notifications;
use shared::{ApiError, App};

pub(super) async fn show(app: &App, caller: &Identity) -> Result<Response, ApiError> {
    let preferences = notifications::preferences(&app.table, &caller.user).await?;
    Ok(http::ok(&preferences.whole()))
}

pub(super) async fn save(app: &App, request: &Request, caller: &Identity) -> Result<Response, ApiError> {
    let saved = notifications::save_preferences(&app.table, &caller.user, request.json()?).await?;
    Ok(http::ok(&saved.whole()))
}

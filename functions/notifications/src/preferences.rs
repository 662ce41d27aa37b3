//! `GET` and `PUT /notifications/preferences`

use shared::App;
use shared::http::{self, Problem, ReadRequest as _, Request, Response};
use shared::identity::Identity;
use shared::notification;

pub(super) async fn show(app: &App, caller: &Identity) -> Result<Response, Problem> {
    let preferences = notification::preferences(&app.store, &caller.user).await?;
    Ok(http::ok(&preferences.whole()))
}

pub(super) async fn save(app: &App, request: &Request, caller: &Identity) -> Result<Response, Problem> {
    let preferences = request.json()?;
    let saved = notification::save_preferences(&app.store, &caller.user, &preferences).await?;
    Ok(http::ok(&saved.whole()))
}

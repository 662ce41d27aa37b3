//! `GET` and `PUT /notifications/preferences`

use shared::App;
use shared::http::{Answer, Call, Problem};
use shared::identity::Identity;
use shared::notification;

pub(super) async fn show(app: &App, caller: &Identity) -> Result<Answer, Problem> {
    let preferences = notification::preferences(&app.store, &caller.user).await?;
    Ok(Answer::ok(&preferences.whole()))
}

pub(super) async fn save(app: &App, call: &Call, caller: &Identity) -> Result<Answer, Problem> {
    let preferences = call.json()?;
    let saved = notification::save_preferences(&app.store, &caller.user, &preferences).await?;
    Ok(Answer::ok(&saved.whole()))
}

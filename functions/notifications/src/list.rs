//! `GET /notifications` and `GET /notifications/unread-count`

use serde_json::json;
use shared::App;
use shared::http::{Answer, Call, Problem};
use shared::identity::Identity;
use shared::notification::{self, Cursor};
use shared::time::Millis;

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: u8 = 100;

pub(super) async fn handle(app: &App, call: &Call, caller: &Identity) -> Result<Answer, Problem> {
    let limit = call.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = call.query("cursor").map(Cursor::parse).transpose()?;
    Ok(Answer::ok(&notification::list(&app.store, &caller.user, limit, cursor.as_ref(), Millis::now()).await?))
}

pub(super) async fn unread_count(app: &App, caller: &Identity) -> Result<Answer, Problem> {
    let count = notification::unread_count(&app.store, &caller.user, Millis::now()).await?;
    Ok(Answer::ok(&json!({ "unreadCount": count })))
}

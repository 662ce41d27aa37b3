//! `/notifications/device-token` and `/notifications/device-tokens`: registers and lists the phones and browsers that receive a
//! user's pushes.

use serde::Deserialize;
use serde_json::json;
use shared::clients::fcm::Token;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::users::device::{self, Platform};
use shared::{App, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registered {
    token: String,
    platform: Option<Platform>,
}

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 413 and 415, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "POST /notifications/device-token" => {
            let Registered { token, platform } = request.json()?;
            let (token, locale) = (Token::parse(token)?, caller.locale.as_deref());
            device::register(&app.table, &caller.user, (&token, platform), locale, Millis::now()).await?;
            Ok(http::ok(&json!({ "message": "Device token registered successfully" })))
        }
        "GET /notifications/device-tokens" => {
            let devices = device::list(&app.table, &caller.user, Millis::now()).await?;
            Ok(http::ok(&json!({ "devices": devices })))
        }
        "DELETE /notifications/device-token" => {
            // Without a body, all devices of the user are removed.
            let token = if request.bytes().is_empty() { None } else { Some(request.json::<Body>()?.token) };
            match token.map(Token::parse).transpose()? {
                Some(token) => device::remove(&app.table, &caller.user, &[token]).await?,
                None => device::remove_all(&app.table, &caller.user).await?,
            }
            Ok(http::ok(&json!({ "message": "Device token unregistered successfully" })))
        }
        other => Err(Problem::NotFound(format!("There is no route {other}"))),
    }
}

//! `/notifications/device-token`: registers the phones and browsers that receive a user's pushes.

use serde::Deserialize;
use serde_json::json;
use shared::clients::fcm::Token;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::users::device;
use shared::{App, Problem};

#[derive(Deserialize)]
struct Body {
    token: String,
}

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 413 and 415, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "POST /notifications/device-token" => {
            let token = Token::parse(request.json::<Body>()?.token)?;
            device::register(&app.table, &caller.user, &token, caller.locale.as_deref(), Millis::now()).await?;
            Ok(http::ok(&json!({ "message": "Device token registered successfully" })))
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

//! `/notifications/device-token`: which phones and browsers a user's pushes go to.

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

/// Answers the route that API Gateway chose.
///
/// # Errors
/// 400, 401, 413, 415 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "POST /notifications/device-token" => {
            let token = Token::parse(request.json::<Body>()?.token)?;
            device::register(&app.table, &caller.user, &token, caller.locale.as_deref(), Millis::now()).await?;
            Ok(http::ok(&json!({ "message": "Device token registered successfully" })))
        }
        "DELETE /notifications/device-token" => {
            // Clients send no body: whoever signs out without naming a device gets no more pushes anywhere.
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

//! `/notifications/device-token` and `/notifications/device-tokens`: registers and lists the phones and browsers that receive a
//! user's pushes.

use serde::Deserialize;
use serde_json::json;
use shared::clients::fcm::DeviceToken;
use shared::contract::id::UserId;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::outbox::WriteContext;
use shared::users::device::{self, Platform};
use shared::{ApiError, App};

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

/// Which device is to be unregistered.
enum Which {
    One(DeviceToken),
    All,
    /// The request names none.
    TheOnlyOne,
}

impl Which {
    /// By the token of the body or of the query, where many clients put what goes with a DELETE. All are a word of their own, so
    /// that a token which gets lost on the way forgets nothing.
    fn of(request: &Request) -> Result<Self, ApiError> {
        let in_body = if request.bytes().is_empty() { None } else { Some(request.json::<Body>()?.token) };
        let in_query = request.query("token").map(str::to_owned);
        match (in_body.or_else(|| in_query.clone()), request.query("all")) {
            (Some(token), None) if in_query.as_ref().is_none_or(|other| *other == token) => {
                Ok(Self::One(DeviceToken::parse(token)?))
            }
            (Some(_), None) => Err(ApiError::Malformed("Send one token, in the query or in the body".to_owned())),
            (Some(_), Some(_)) => Err(ApiError::Malformed("Send token or all=true, not both".to_owned())),
            (None, Some("true")) => Ok(Self::All),
            (None, Some(_)) => Err(ApiError::field("all", "must be true; leave it out to unregister one device")),
            (None, None) => Ok(Self::TheOnlyOne),
        }
    }
}

/// Removes the user's only device, if they have one.
async fn remove_only(app: &App, writer: &WriteContext, user: &UserId) -> Result<(), ApiError> {
    let devices = device::of_user(&app.table, user, Millis::now()).await?;
    if devices.len() > 1 {
        let told = format!(
            "You have {} devices: say which, with ?token=<its token>, or ?all=true for all of them",
            devices.len()
        );
        return Err(ApiError::Conflict(told));
    }
    let tokens: Vec<_> = devices.into_iter().map(|device| device.token).collect();
    Ok(device::remove(&app.table, writer, user, &tokens).await?)
}

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 409, 413 and 415, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let caller = app.authenticate(&request).await?;
    match request.route() {
        "POST /notifications/device-token" => {
            let Registered { token, platform } = request.json()?;
            let (token, locale) = (DeviceToken::parse(token)?, caller.locale.as_deref());
            let writer = app.writer(request.request_id());
            device::register(&app.table, (&writer, Millis::now()), &caller.user, (&token, platform), locale).await?;
            Ok(http::ok(&json!({ "message": "Device token registered successfully" })))
        }
        "GET /notifications/device-tokens" => {
            let devices = device::list(&app.table, &caller.user, Millis::now()).await?;
            Ok(http::ok(&json!({ "devices": devices })))
        }
        "DELETE /notifications/device-token" => {
            let writer = app.writer(request.request_id());
            match Which::of(&request)? {
                Which::One(token) => device::remove(&app.table, &writer, &caller.user, &[token]).await?,
                Which::All => device::remove_all(&app.table, &writer, &caller.user).await?,
                Which::TheOnlyOne => remove_only(app, &writer, &caller.user).await?,
            }
            Ok(http::ok(&json!({ "message": "Device token unregistered successfully" })))
        }
        other => Err(http::no_such_route(other)),
    }
}

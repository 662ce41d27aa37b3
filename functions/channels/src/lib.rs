//! `/channels/{channel}/members/{userId}`: another back end says who may subscribe to a channel of the app's own.

use serde_json::json;
use shared::channels::own;
use shared::contract::channel::{InvalidOwnChannel, OwnChannel};
use shared::contract::id::UserId;
use shared::hotels;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::{ApiError, App};

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 403, 404 and 422, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    app.authenticate(&request).await?.must_be_service()?;
    let channel = OwnChannel::parse(request.path("channel")).map_err(refusal)?;
    let user = UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))?;
    match request.route() {
        "PUT /channels/{channel}/members/{userId}" => put(app, &channel, &user).await,
        "GET /channels/{channel}/members/{userId}" => show(app, &channel, &user).await,
        "DELETE /channels/{channel}/members/{userId}" => remove(app, &request, &channel, &user).await,
        other => Err(http::no_such_route(other)),
    }
}

async fn put(app: &App, channel: &OwnChannel, user: &UserId) -> Result<Response, ApiError> {
    hotels::must_not_be_guests(user)?;
    own::put_member(&app.table, channel, user).await?;
    Ok(http::no_content())
}

async fn show(app: &App, channel: &OwnChannel, user: &UserId) -> Result<Response, ApiError> {
    if own::is_member(&app.table, channel, user).await? {
        return Ok(http::ok(&json!({ "channel": channel.as_str(), "userId": user })));
    }
    Err(ApiError::NotFound(
        "The user is no member of this channel: PUT /channels/{channel}/members/{userId} makes them one".to_owned(),
    ))
}

async fn remove(app: &App, request: &Request, channel: &OwnChannel, user: &UserId) -> Result<Response, ApiError> {
    let (writer, terminate) = (app.writer(request.request_id()), app.settings.terminate_removed);
    let removed = own::remove_member(&app.table, &writer, channel, user, terminate).await?;
    Ok(app.finish(removed.map(|()| http::no_content())))
}

/// 400 in the words of the path, where the field is called `channel`.
fn refusal(invalid: InvalidOwnChannel) -> ApiError {
    ApiError::Malformed(invalid.to_string().replacen("channel_name", "channel", 1))
}

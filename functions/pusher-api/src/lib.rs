//! `/apps/{appId}/…`: Pusher's HTTP API, for the server libraries of other back ends. It stores the events that they trigger, begins to
//! deliver them, and answers once they are delivered, or after four seconds: events that a caller triggers one after the other stay in order.

use serde_json::{Value, json};
use shared::contract::id::UserId;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::json::{Part, from_value, object};
use shared::triggers::{self, NewAppEvent, NewBatch};
use shared::{ApiError, App};

/// Handles the route that API Gateway matched.
///
/// # Errors
/// 400, 401, 404, 413, 422 and 503, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    app.must_be_signed(&request)?;
    let server = app.channels().map_err(ApiError::internal)?;
    let (channel, info) = (request.path("channelName"), request.query("info"));
    let answer = match request.route() {
        "POST /apps/{appId}/events" => return Box::pin(trigger(app, &request)).await,
        "POST /apps/{appId}/batch_events" => return Box::pin(trigger_batch(app, &request)).await,
        "POST /apps/{appId}/users/{userId}/terminate_connections" => return terminate(app, &request).await,
        "GET /apps/{appId}/channels" => triggers::channels(server, request.query("filter_by_prefix"), info).await?,
        "GET /apps/{appId}/channels/{channelName}" => triggers::channel(server, channel, info).await?,
        "GET /apps/{appId}/channels/{channelName}/users" => triggers::users(server, channel).await?,
        other => return Err(http::no_such_route(other)),
    };
    Ok(http::ok(&answer))
}

async fn trigger(app: &App, request: &Request) -> Result<Response, ApiError> {
    let new: NewAppEvent = from_value(Part::Body, body(request)?)?;
    let event = new.checked()?;
    let key = app.idempotency_key_of_app(request)?;
    let answer = triggers::of_event(app.channels().map_err(ApiError::internal)?, &event).await;
    let done = triggers::accept(&app.table, &app.writer(request.request_id()), vec![event], &key).await?;
    Ok(app.finish_in_order(done.map(|()| http::ok(&answer))).await)
}

async fn trigger_batch(app: &App, request: &Request) -> Result<Response, ApiError> {
    let body = body(request)?;
    if body["batch"].as_array().is_some_and(|batch| !batch.iter().all(Value::is_object)) {
        return Err(ApiError::field("batch", "must be a list of JSON objects"));
    }
    let new: NewBatch = from_value(Part::Body, body)?;
    let events = new.checked()?;
    let key = app.idempotency_key_of_app(request)?;
    let answer = triggers::of_batch(app.channels().map_err(ApiError::internal)?, &events).await;
    let done = triggers::accept(&app.table, &app.writer(request.request_id()), events, &key).await?;
    Ok(app.finish_in_order(done.map(|()| http::ok(&answer))).await)
}

async fn terminate(app: &App, request: &Request) -> Result<Response, ApiError> {
    let user = UserId::parse(request.path("userId")).map_err(|error| ApiError::field("userId", error))?;
    let done = triggers::terminate(&app.table, &app.writer(request.request_id()), user).await?;
    Ok(app.finish(done.map(|()| http::ok(&json!({})))))
}

/// The body, whatever its `Content-Type` says: Pusher does not look at it.
fn body(request: &Request) -> Result<Value, ApiError> {
    object(request.bytes_up_to(triggers::MAX_BODY_BYTES)?)
}

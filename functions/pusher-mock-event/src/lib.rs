//! `POST /pusher/mock-event`: sends any event to any channel, without authentication. For trying clients out: the template
//! deploys it only with the parameter `MockEvents`.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::clients::pusher::PusherEvent;
use shared::contract::channel::{MAX_LENGTH, is_name};
use shared::contract::event::MAX_EVENT_BYTES;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::{ApiError, App};

/// Longest event name, in characters (Pusher Channels docs, "Publishing events").
const MAX_EVENT_NAME: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MockEvent {
    channel: String,
    event: String,
    data: Value,
}

/// Sends the event at once, without an outbox.
///
/// # Errors
/// 400, 413 and 415, as `docs/openapi.yaml` says; 502 when Pusher does not take the event.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let mock: MockEvent = request.json()?;
    if !is_name(&mock.channel) {
        let rule = format!("must be 1 to {MAX_LENGTH} characters out of a-z, A-Z, 0-9 and -_=@,.;");
        return Err(ApiError::field("channel", rule));
    }
    if !(1..=MAX_EVENT_NAME).contains(&mock.event.chars().count()) {
        return Err(ApiError::field("event", format!("must be 1 to {MAX_EVENT_NAME} characters")));
    }
    let data = mock.data.to_string();
    if data.len() > MAX_EVENT_BYTES {
        return Err(ApiError::TooLarge { what: "data", bytes: data.len(), limit: MAX_EVENT_BYTES });
    }
    let message = PusherEvent { channel: mock.channel, name: mock.event, data };
    let pusher = app.pusher().map_err(ApiError::internal)?;
    pusher.trigger(&[message]).await.map_err(|error| ApiError::BadGateway {
        logged: format!("Pusher did not take the event: {}", error.log_text()),
        source: error.into(),
    })?;
    Ok(http::ok(&json!({ "message": "Event triggered" })))
}

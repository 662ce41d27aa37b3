//! `POST /pusher/mock-event`: sends any event to any channel, without authentication. For trying clients out: the template
//! deploys it only with the parameter `MockEvents`.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::clients::pusher::{PusherEvent, check_channel, check_event};
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::{ApiError, App};

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
    check_channel("channel", &mock.channel)?;
    let data = mock.data.to_string();
    check_event("event", &mock.event, &data)?;
    let message = PusherEvent { channel: mock.channel, name: mock.event, data };
    let server = app.channels().map_err(ApiError::internal)?;
    server.trigger(&[message]).await.map_err(|error| ApiError::BadGateway {
        logged: format!("Pusher did not take the event: {}", error.log_text()),
        source: error.into(),
    })?;
    Ok(http::ok(&json!({ "message": "Event triggered" })))
}

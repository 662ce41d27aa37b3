//! The handshake of a client of Pusher: `/app/{key}`, which reaches this as the stage `pusher` with the key in the query.

use shared::clients::pusher::frames::{ErrorCode, PROTOCOLS};
use shared::contract::time::Millis;
use shared::gateway;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _, SocketRoute};
use shared::{ApiError, App};

/// Opens a connection. A client that names a wrong key or protocol is let in and told so: the status of a refused handshake is hidden
/// from it, and it would try again for ever.
///
/// # Errors
/// 404 where Pusher serves the channels, 500 when the table fails: the client then tries again.
pub(crate) async fn open(app: &App, request: &Request) -> Result<Response, ApiError> {
    let (gateway, connection) = (app.gateway()?, request.connection(SocketRoute::Connect)?);
    let refusal = if !gateway.is_app_key(request.query("appKey")) {
        Some((ErrorCode::NoSuchApp, "There is no app with this key here: use the one that is configured as PusherKey"))
    } else if request.query("protocol").is_some_and(|protocol| !PROTOCOLS.contains(&protocol)) {
        Some((
            ErrorCode::UnsupportedProtocol,
            "This speaks the versions 5 to 7 of Pusher's protocol: use a newer client",
        ))
    } else {
        None
    };
    if let Some((code, message)) = refusal {
        gateway::open_refused(&app.table, &connection, Millis::now()).await?;
        return Ok(accepted(request).then(async move { gateway.turn_away(&connection, code, message).await }));
    }
    gateway::open(&app.table, &connection, Millis::now()).await?;
    Ok(accepted(request).then(async move { gateway.greet(&connection).await }))
}

/// The response that opens a connection. A client that offers subprotocols, as the Swift client does, closes where none is taken. (API
/// Gateway developer guide, "Set up a $connect route that requires a WebSocket subprotocol".)
fn accepted(request: &Request) -> Response {
    let mut response = http::empty();
    let offered = request.header("sec-websocket-protocol").and_then(|offered| offered.split(',').next());
    if let Some(Ok(first)) = offered.map(|offered| offered.trim().parse()) {
        response.headers_mut().insert("sec-websocket-protocol", first);
    }
    response
}

//! `$connect`: who may connect, and how many.

mod pusher;

use shared::contract::id::UserId;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _};
use shared::sockets::{self, Handshake};
use shared::{ApiError, App};

/// Lets a client in, or refuses the handshake with the status of the problem. The connection opens with the response,
/// so its first messages are posted after it.
///
/// # Errors
/// 400 for a handshake that fits no framing, and without a token for an invalid `userId`; 401, 403, 429 over a limit.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    if request.is_pushers() {
        return pusher::open(app, &request).await;
    }
    let now = Millis::now();
    if Handshake::has_no_token_yet(&request) {
        return wait(app, &request, now).await;
    }
    let caller = app.authenticate_handshake(&request).await?;
    let handshake = Handshake::read(&request, now)?.by(&caller);
    let (writer, heartbeat) = (app.writer(request.request_id()), app.settings.heartbeat_seconds);
    let person = app.person(&caller).await;
    let connecting = sockets::connect(&app.table, &writer, heartbeat, handshake, person);
    // Boxed: the runtime moves the future of a handler several times.
    let connected = Box::pin(connecting).await?;
    Ok(http::empty().then(app.deliver(connected.pending)))
}

/// Lets a client of Socket.IO wait for the answer to its CONNECT packet, which has its token.
async fn wait(app: &App, request: &Request, now: Millis) -> Result<Response, ApiError> {
    let handshake = Handshake::read(request, now)?;
    let (connections, heartbeat) = (app.connections()?.clone(), app.settings.heartbeat_seconds);
    let named = request.query("userId").map(UserId::parse).transpose();
    let (source, named) = (request.source(), named.map_err(|error| ApiError::field("userId", error))?);
    let waiting = sockets::wait(&app.table, handshake.address(), source, named).await?;
    let table = app.table.clone();
    Ok(http::empty().then(async move { waiting.open(&table, &connections, heartbeat).await }))
}

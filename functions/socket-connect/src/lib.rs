//! `$connect`: who may connect, and how many.

mod pusher;

use shared::contract::id::UserId;
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _};
use shared::sockets::{self, Handshake, RefusedHandshake};
use shared::{ApiError, App, telemetry};

/// Lets a client in, or refuses the handshake with the status of the problem; some clients then get a reason, too. The connection opens with
/// the response, so its first messages are posted after it.
///
/// # Errors
/// 400 for a handshake that fits no framing, and without a token for an invalid `userId`; 401, 403, 429 over a limit.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    if request.is_pushers() {
        return pusher::open(app, &request).await;
    }
    let now = Millis::now();
    if Handshake::has_no_token_yet(&request) {
        return wait(app, &request, Handshake::read(&request, now)?, None).await;
    }
    match Box::pin(enter(app, &request, now)).await {
        Err(error) => Box::pin(refuse(app, &request, error, now)).await,
        entered => entered,
    }
}

async fn enter(app: &App, request: &Request, now: Millis) -> Result<Response, ApiError> {
    let caller = app.authenticate_handshake(request).await?;
    let handshake = Handshake::read(request, now)?.by(&caller);
    let (writer, heartbeat) = (app.writer(request.request_id()), app.settings.heartbeat_seconds);
    let person = app.person(&caller).await;
    let connecting = sockets::connect(&app.table, &writer, heartbeat, handshake, person);
    // Boxed: the runtime moves the future of a handler several times.
    let connected = Box::pin(connecting).await?;
    Ok(http::empty().then(app.deliver(connected.pending)))
}

/// Refuses a handshake by its status. A page cannot read that, so two clients are let in and get the reason:
///
/// - one of Socket.IO whose token is refused, by the answer to its CONNECT packet (`connect_error`), after which it stops. A limit stays a
///   status: the client tries again by itself.
/// - one of plain JSON that asked with `refusal=event`, by an `error` event, after which the connection ends.
async fn refuse(app: &App, request: &Request, error: ApiError, now: Millis) -> Result<Response, ApiError> {
    let Ok(handshake) = Handshake::read(request, now) else { return Err(error) };
    // Without a place to wait in, the status is all that there is.
    if handshake.tells_refusals() && error.status().is_client_error() {
        let (connections, table) = (app.connections()?.clone(), app.table.clone());
        let waiting = sockets::wait(&table, handshake.address(), request.source(), (None, None)).await;
        let Ok(waiting) = waiting else { return Err(error) };
        telemetry::refused(&error.log_text(), error.token_refused());
        let told = async move { waiting.turn_away(&table, &connections, &error).await };
        return Ok(http::empty().then(told));
    }
    let Some(refused) = RefusedHandshake::of(&error).filter(|_| handshake.is_socket_io()) else { return Err(error) };
    let Ok(response) = wait(app, request, handshake, Some(refused)).await else { return Err(error) };
    telemetry::refused(&error.log_text(), error.token_refused());
    Ok(response)
}

/// Lets a client of Socket.IO wait for the answer to its CONNECT packet, which has its token, or asks why its handshake's was refused.
async fn wait(
    app: &App,
    request: &Request,
    handshake: Handshake,
    refused: Option<RefusedHandshake>,
) -> Result<Response, ApiError> {
    let (connections, heartbeat) = (app.connections()?.clone(), app.settings.heartbeat_seconds);
    let named = request.query("userId").map(UserId::parse).transpose();
    let (source, named) = (request.source(), named.map_err(|error| ApiError::field("userId", error))?);
    let waiting = sockets::wait(&app.table, handshake.address(), source, (named, refused)).await?;
    let table = app.table.clone();
    Ok(http::empty().then(async move { waiting.open(&table, &connections, heartbeat).await }))
}

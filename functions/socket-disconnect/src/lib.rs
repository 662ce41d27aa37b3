//! `$disconnect`, a best effort of API Gateway's: the heartbeat finds the connections that it missed.

use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _, SocketRoute};
use shared::sockets::{self, WaitingSocket};
use shared::{ApiError, App, gateway};

/// Removes a connection, and tells others if it was their user's last one.
///
/// # Errors
/// 400 for anything but a `DISCONNECT` event, so no message of a client can end a connection.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let (connection, writer) = (request.connection(SocketRoute::Disconnect)?, app.writer(request.request_id()));
    let now = Millis::now();
    if request.is_pushers() {
        let ended = gateway::disconnect(&app.table, &writer, &connection, now).await?;
        return Ok(http::empty().then(app.deliver(ended.pending)));
    }
    let mut removed = sockets::disconnect(&app.table, &writer, &connection, now).await?;
    if removed.is_replay {
        let has_waited = match WaitingSocket::find(&app.table, &connection, now).await? {
            Some(waiting) => waiting.forget(&app.table).await?,
            None => false,
        };
        if !has_waited {
            // A packet may have signed it in since it was looked for.
            removed = sockets::disconnect(&app.table, &writer, &connection, now).await?;
        }
    }
    Ok(http::empty().then(app.deliver(removed.pending)))
}

//! `$disconnect`, a best effort of API Gateway's: the heartbeat finds the connections that it missed.

use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _, SocketRoute};
use shared::{ApiError, App, sockets};

/// Removes a connection, and tells others if it was their user's last one.
///
/// # Errors
/// 400 for anything but a `DISCONNECT` event, so no message of a client can end a connection.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let (connection, writer) = (request.connection(SocketRoute::Disconnect)?, app.writer(request.request_id()));
    let removed = sockets::disconnect(&app.table, &writer, &connection, Millis::now()).await?;
    Ok(http::empty().then(app.deliver(removed.pending)))
}

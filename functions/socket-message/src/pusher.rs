//! The frames of clients of Pusher.

use std::time::Duration;

use shared::gateway;
use shared::http::{self, ReadRequest as _, ReadSocket as _, Request, Response, ResponseExt as _, SocketRoute};
use shared::{ApiError, App};

/// How long a frame may take. The rest of the function's ten seconds is for ending the connection, and for other connections.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Handles one frame.
///
/// # Errors
/// 404 where Pusher serves the channels; 500 when the table fails, and then the connection ends, so that its client connects again.
pub(crate) async fn handle(app: &App, request: &Request) -> Result<Response, ApiError> {
    let (gateway, connection) = (app.gateway()?, request.connection(SocketRoute::Message)?);
    let writer = app.writer(request.request_id());
    let handled = gateway::handle(&gateway, &writer, &connection, request.text(), request.received());
    match tokio::time::timeout(TIMEOUT, Box::pin(handled)).await {
        Ok(Ok(mut outcome)) => {
            let deliver = app.deliver(std::mem::take(&mut outcome.committed));
            Ok(http::empty().then(async move {
                tokio::join!(gateway.finish(&writer, &connection, outcome), deliver);
            }))
        }
        Ok(Err(error)) => {
            gateway.give_up(&connection).await;
            Err(error.into())
        }
        Err(late) => {
            gateway.give_up(&connection).await;
            Err(ApiError::internal(late))
        }
    }
}

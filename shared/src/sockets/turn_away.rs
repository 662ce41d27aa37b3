//! Refusals for clients of plain JSON, which cannot read the status of a refused handshake.

use super::framing::Asked;
use super::replies;
use super::waiting::WaitingSocket;
use crate::api_error::ApiError;
use crate::clients::connections::Connections;
use crate::contract::sockets::{Outgoing, SocketError, SocketEvent as _};
use crate::contract::time::Millis;
use crate::table::Table;
use crate::telemetry;

impl WaitingSocket {
    /// Tells a client of plain JSON that opens a connection why it is refused, by an `error` event, and ends the connection. It has waited for
    /// this alone, so whatever it sends meanwhile is ignored.
    pub async fn turn_away(&self, table: &Table, connections: &Connections, error: &ApiError) {
        let data = replies::error(error, &Asked::default(), Millis::now());
        let stage = self.address.stage;
        self.post_once_open(
            table,
            connections,
            &Outgoing::Event { namespace: stage, name: SocketError::NAME.to_owned(), data },
        )
        .await;
        if let Err(error) = self.end(table, connections).await {
            telemetry::cause(&error);
        }
    }
}

//! Events of either namespace.

use serde_json::{Value, json};
use shared::contract::sockets::{Namespace, Outgoing};
use shared::http::{ReadRequest as _, Request};
use shared::sockets::{IncomingEvent, Socket, dashboard, direct};
use shared::{App, Problem};

use super::Outcome;

/// Does what an event asks for.
///
/// # Errors
/// 409 for a namespace that the connection is not in, and as each event.
pub(super) async fn handle(
    app: &App,
    request: &Request,
    socket: &Socket,
    event: &IncomingEvent,
) -> Result<Outcome, Problem> {
    let namespace = event.namespace.unwrap_or(socket.address.stage);
    if !socket.is_in(namespace) {
        return Err(Problem::Conflict(format!("Join /{namespace} first")));
    }
    match namespace {
        Namespace::Dashboard => {
            let done = dashboard::on_event(&app.table, socket, &event.name, event.data.clone()).await?;
            let said = Outgoing::Event { namespace, name: "subscribed".to_owned(), data: done.clone() };
            Ok(Outcome::told(std::iter::once(said).chain(acknowledged(event, namespace, done)).collect()))
        }
        Namespace::Ws => {
            let writer = app.writer(request.request_id());
            let done = direct::on_event(&app.table, &writer, socket, &event.name, event.data.clone()).await?;
            let told = done.told.into_iter().chain(acknowledged(event, namespace, done.done)).collect();
            Ok(Outcome { told, owed: done.owed, passing: done.passing, ends: false })
        }
        Namespace::SocketIo => Err(Problem::NotFound("There is no such namespace".to_owned())),
    }
}

/// The acknowledgement that a client of Socket.IO asked for.
fn acknowledged(event: &IncomingEvent, namespace: Namespace, done: Value) -> Option<Outgoing> {
    let id = event.acknowledge?;
    Some(Outgoing::Acknowledgement { namespace, id, data: json!({ "ok": true, "data": done }) })
}

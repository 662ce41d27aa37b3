//! Events of either namespace.

use serde_json::{Value, json};
use shared::contract::sockets::{Namespace, Outgoing, SocketEvent as _, Subscribed};
use shared::contract::time::Millis;
use shared::http::{self, ReadRequest as _, Request};
use shared::sockets::{IncomingEvent, Socket, dashboard, direct, told};
use shared::{App, Problem};

use super::Outcome;

/// Does what an event asks for.
///
/// # Errors
/// 409 for a namespace that the connection is not in, 429 for a user who keeps writing to unknown receivers, and as each event.
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
            let public = &app.settings.dashboard_public_channels;
            let done = dashboard::on_event(&app.table, public, socket, &event.name, event.data.clone()).await?;
            // Refused channels have an event of their own.
            let error = done.problem().map(|problem| told::error(&problem, Some(&event.name), Millis::now()));
            let errors = error.map(|error| told::error_events(socket, Some(namespace), &error)).unwrap_or_default();
            let done = Subscribed { channels: done.channels, refused: done.refused }.data();
            let said = Outgoing::Event { namespace, name: Subscribed::NAME.to_owned(), data: done.clone() };
            let told = std::iter::once(said).chain(errors).chain(acknowledged(event, namespace, done));
            Ok(Outcome::told(told.collect()))
        }
        Namespace::Ws => {
            let writer = app.writer(request.request_id());
            // A message has a limit of its own; only one to nobody counts as a write.
            let is_message = event.name == "sendMessage";
            if is_message {
                app.writes.admit_uncounted(&socket.user)?;
            }
            let done = direct::on_event(&app.table, &writer, socket, &event.name, event.data.clone()).await;
            if is_message && matches!(done, Err(Problem::NotFound(_))) {
                http::after_response(app.writes.clone().miss_uncounted(socket.user.clone()));
            }
            let done = done?;
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

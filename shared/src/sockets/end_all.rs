//! Ends all connections of a user who is erased.

use super::row::UserRow;
use super::status::{self, Change};
use super::{contacts, disconnect};
use crate::clients::connections::Connections;
use crate::contract::id::UserId;
use crate::contract::sockets::Namespace;
use crate::contract::time::Millis;
use crate::outbox::{Audience, Delivery, Emit, WriteContext};
use crate::table::{Key, Table, TableError};
use crate::telemetry;

/// Ends them and removes their rows. Returns the events by which others learn that the user is gone: the rows that would owe them
/// are erased, too.
///
/// # Errors
/// When DynamoDB fails or others keep changing the rows.
pub(crate) async fn end_all(
    table: &Table,
    writer: &WriteContext,
    connections: Option<&Connections>,
    user: &UserId,
    now: Millis,
) -> Result<Vec<Delivery>, TableError> {
    let mut events = Vec::new();
    for namespace in [Namespace::Dashboard, Namespace::Ws, Namespace::SocketIo] {
        let row = UserRow::of_row(table.get(&Key::user_sockets(namespace, user), true).await?)?;
        let open = row.open(now);
        for entry in &open {
            if let Some(connections) = connections
                && let Err(error) = connections.close(entry.address.stage, &entry.address.connection).await
            {
                telemetry::cause(&error);
            }
            disconnect(table, writer, &entry.address.connection, now).await?;
        }
        if open.is_empty() {
            continue;
        }
        match status::told(namespace, user, Change::WentOffline, now) {
            None => {}
            // The rows of the contacts are gone when it is delivered.
            Some(emit) if matches!(emit.to, Audience::Contacts(_)) => {
                let contacts = contacts::all(table, user).await?;
                let to = |contact| Delivery::from(Emit { to: Audience::User(contact), ..emit.clone() });
                events.extend(contacts.into_iter().map(to));
            }
            Some(emit) => events.push(emit.into()),
        }
    }
    Ok(events)
}

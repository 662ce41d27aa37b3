//! A connection leaves a namespace, or all of them because it has ended. One transaction gives its places back.

use std::collections::BTreeMap;

use super::heard;
use super::row::{PlaceRow, Socket, UserRow};
use super::status::{Change, UserChange};
use crate::contract::id::UserId;
use crate::contract::sockets::{ConnectionId, Framing, Namespace};
use crate::contract::time::Millis;
use crate::outbox::{Committed, Done, Target, WriteContext};
use crate::table::{Action, Key, Table, TableError, TransactItem, Update, eq, exists, read, retry};

/// Removes a connection that has ended, if it is known.
///
/// # Errors
/// When DynamoDB fails or others keep changing its rows.
pub async fn disconnect(
    table: &Table,
    writer: &WriteContext,
    connection: &ConnectionId,
    now: Millis,
) -> Result<Done<()>, TableError> {
    Leaving { table, writer, connection, known: None, only: None, now }.leave().await
}

/// Takes a connection out of one namespace. It goes on in others.
///
/// # Errors
/// When DynamoDB fails or others keep changing its rows.
pub async fn leave(
    table: &Table,
    writer: &WriteContext,
    connection: &ConnectionId,
    namespace: Namespace,
    now: Millis,
) -> Result<Done<()>, TableError> {
    Leaving { table, writer, connection, known: None, only: Some(namespace), now }.leave().await
}

/// Removes a connection that was found in a namespace and turned out to be gone.
///
/// # Errors
/// When DynamoDB fails or others keep changing its rows.
pub async fn forget(table: &Table, writer: &WriteContext, gone: &Target, now: Millis) -> Result<Done<()>, TableError> {
    let connection = &gone.address.connection;
    Leaving { table, writer, connection, known: Some(gone), only: None, now }.leave().await
}

struct Leaving<'a> {
    table: &'a Table,
    writer: &'a WriteContext,
    connection: &'a ConnectionId,
    /// Where it was found, which its own row need not say any more.
    known: Option<&'a Target>,
    only: Option<Namespace>,
    now: Millis,
}

impl Leaving<'_> {
    async fn leave(&self) -> Result<Done<()>, TableError> {
        retry(|| async {
            let socket = Socket::find(self.table, &Key::socket(self.connection)).await?;
            let Some((user, places)) = self.places(socket.as_ref()) else {
                return Ok(Some(Done::replay(())));
            };
            let (writes, pending) = self.writes(socket.as_ref(), &user, &places).await?;
            if writes.is_empty() {
                return Ok(Some(Done::replay(())));
            }
            let is_done = self.table.transact(writes).await?.is_done();
            Ok(is_done.then(|| Done::now((), pending)))
        })
        .await
    }

    /// The connection's user, and the places that it gives back.
    fn places(&self, socket: Option<&Socket>) -> Option<(UserId, BTreeMap<Namespace, u16>)> {
        let user = socket.map(|socket| &socket.user).or(self.known.map(|known| &known.user))?.clone();
        let mut places = socket.map(|socket| socket.namespaces.clone()).unwrap_or_default();
        if let Some(known) = self.known {
            places.entry(known.namespace).or_insert(known.slot);
        }
        places.retain(|namespace, _| self.only.is_none_or(|only| only == *namespace));
        Some((user, places))
    }

    async fn writes(
        &self,
        socket: Option<&Socket>,
        user: &UserId,
        places: &BTreeMap<Namespace, u16>,
    ) -> Result<(Vec<TransactItem>, Vec<Committed>), TableError> {
        let keys = places
            .iter()
            .flat_map(|(namespace, slot)| [Key::user_sockets(*namespace, user), Key::socket_place(*namespace, *slot)]);
        let mut rows = self.table.get_many(&keys.collect::<Vec<_>>(), true).await?;
        let (mut writes, mut pending) = (Vec::new(), Vec::new());
        if let Some(socket) = socket {
            writes.push(self.of_connection().into());
            if self.only.is_none() && socket.address.framing == Framing::SocketIo {
                writes.push(heard::forget(self.connection).into());
            }
        }
        for (namespace, slot) in places {
            let row = UserRow::of_row(rows.remove(&Key::user_sockets(*namespace, user)))?;
            if row.entries.iter().any(|entry| entry.address.connection == *self.connection) {
                let mut open = row.open(self.now);
                open.retain(|entry| entry.address.connection != *self.connection);
                let change = if open.is_empty() { Change::WentOffline } else { Change::None };
                let of_user = {
                    let change = UserChange { namespace: *namespace, user, row: &row, open: &open, change };
                    change.write(self.writer, self.now)?
                };
                writes.push(of_user.action.into());
                pending.extend(of_user.owes);
            }
            let key = Key::socket_place(*namespace, *slot);
            let place: Option<PlaceRow> = rows.remove(&key).map(read).transpose()?;
            // Another connection may have the place by now.
            if place.is_some_and(|place| place.address.connection == *self.connection) {
                writes.push(Action::delete(&key).when(eq("connection", self.connection.as_str())).into());
            }
        }
        Ok((writes, pending))
    }

    fn of_connection(&self) -> Action {
        let key = Key::socket(self.connection);
        match self.only {
            None => Action::delete(&key).when(exists("pk")),
            Some(namespace) => {
                let place = ("namespaces", namespace.name());
                Update::new(&key).remove(place).when(exists(place)).into()
            }
        }
    }
}

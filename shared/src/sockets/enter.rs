//! A connection enters a namespace: at its handshake, or by a packet of Socket.IO. One transaction takes a place, adds the
//! connection to its user's, and writes the events for the connection and for others.

use std::ops::ControlFlow::{Break, Continue};

use super::greeting;
use super::not_entered::NotEntered;
use super::row::{MAX_OF_USER, PlaceRow, Socket, TakenSlot, UserRow};
use super::slot::Slots;
use super::status::{Change, UserChange};
use super::waiting::WaitingSocket;
use crate::contract::sockets::Namespace;
use crate::contract::time::Millis;
use crate::outbox::{Done, Say, WriteContext};
use crate::table::rate_limit::Limit;
use crate::table::{
    Action, Key, Table, TableError, TransactItem, Transaction, Update, absent, exists, item, retry_from,
};

/// How often a user's connections may enter a namespace, by a handshake or by a packet of Socket.IO: each entry is eight write units, and
/// may be news to everybody. Five tabs may reconnect twelve times at once. The state is part of the user's row, which an entry writes
/// anyway. Refused entries do not count.
pub const ENTRIES: Limit = Limit { burst: 60, interval: 3_000 };

/// Whether the connection has a row already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival<'a> {
    /// The handshake: it has none.
    Handshake,
    /// It has none either, and gives this place back, in which it waited for its token.
    SignIn(&'a WaitingSocket),
    /// It joins another namespace.
    Join,
}

/// A connection that wants to enter a namespace.
#[derive(Debug)]
pub struct Entering<'a> {
    pub socket: &'a Socket,
    pub arrival: Arrival<'a>,
    pub namespace: Namespace,
    /// The connection is sent these first, as soon as it can be posted to.
    pub greeting: Vec<Say>,
}

/// Lets a connection in.
///
/// # Errors
/// [`NotEntered`]; nothing is written then.
pub async fn enter(
    table: &Table,
    writer: &WriteContext,
    entering: Entering<'_>,
    now: Millis,
) -> Result<Done<()>, NotEntered> {
    let (entering, socket, namespace) = (&entering, entering.socket, entering.namespace);
    let user_key = &Key::user_sockets(namespace, &socket.user);
    retry_from(Slots::of(namespace), |mut slots| async move {
        loop {
            let mut row = UserRow::of_row(table.get(user_key, true).await?)?;
            let mut open = row.open(now);
            if open.iter().any(|entry| entry.address.connection == socket.address.connection) {
                return Ok(Break(Done::replay(())));
            }
            if open.len() >= MAX_OF_USER {
                return Err(NotEntered::TooManyOfUser);
            }
            row.entered = Some(ENTRIES.admit(row.entered, now).map_err(NotEntered::TooOften)?);
            let slot = slots.next(table, now).await?.ok_or(NotEntered::Full)?;
            let change = if open.is_empty() { Change::CameOnline } else { Change::None };
            open.push(TakenSlot { slot, address: socket.address.clone() });
            let of_user = {
                let change = UserChange { namespace, user: &socket.user, row: &row, open: &open, change };
                change.write(writer, now)?
            };
            let place = greeting::place(socket, (namespace, slot), &entering.greeting, writer, now);
            let mut writes = vec![
                TransactItem::from(of_user.action),
                Action::put_new(place.item(&PlaceRow::new(socket, namespace, slot))?, now).into(),
                entering.connection(slot, now)?.into(),
            ];
            if let Arrival::SignIn(waiting) = entering.arrival {
                writes.push(waiting.taken_back().into());
            }
            match table.transact(writes).await? {
                Transaction::Done => return Ok(Break(Done::now((), of_user.owes.into_iter().chain([place])))),
                Transaction::ConditionFailed(which) if which.get(2) == Some(&true) => {
                    // It joins what it is in already, or it has ended.
                    let there = Socket::find(table, &Key::socket(&socket.address.connection)).await?;
                    return if there.is_some_and(|there| there.is_in(namespace)) {
                        Ok(Break(Done::replay(())))
                    } else {
                        Err(NotEntered::Gone)
                    };
                }
                // It waits no more: the heartbeat is ending it.
                Transaction::ConditionFailed(which) if which.get(3) == Some(&true) => return Err(NotEntered::Gone),
                // Another connection took the place: try the next one at once.
                Transaction::ConditionFailed(which) if which.starts_with(&[false, true, false]) => {}
                Transaction::ConditionFailed(_) => return Ok(Continue(slots)),
            }
        }
    })
    .await
}

impl Entering<'_> {
    /// The connection's own row with the namespace.
    fn connection(&self, slot: u16, now: Millis) -> Result<Action, TableError> {
        let Self { socket, arrival, namespace, .. } = *self;
        let key = Key::socket(&socket.address.connection);
        Ok(match arrival {
            Arrival::Handshake | Arrival::SignIn(_) => {
                let mut socket = socket.clone();
                socket.namespaces.insert(namespace, slot);
                Action::put_new(item(&key, &socket)?, now)
            }
            Arrival::Join => {
                let place = ("namespaces", namespace.name());
                let update = Update::new(&key).set(place, slot).set("notes_pongs", true);
                update.when(exists("pk").and(absent(place))).into()
            }
        })
    }
}

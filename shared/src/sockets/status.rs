//! The row of a user's connections in a namespace, and the events for others when the first one comes or the last one goes.

use serde_json::{Value, json};

use super::row::{TakenSlot, UserRow};
use crate::contract::id::UserId;
use crate::contract::sockets::{Namespace, Outgoing, SocketEvent as _, Status, UserStatus};
use crate::contract::time::Millis;
use crate::outbox::{Append, Audience, Committed, Delivery, Emit, Say, Undone, WriteContext};
use crate::table::rate_limit::Limit;
use crate::table::{Action, Key, TableError, unchanged};

/// How long the row of a user without connections is kept, in seconds.
const REMEMBER_SECONDS: i64 = 24 * 3600;
/// How long it is of use to anybody that somebody came or went.
const NEWS_SECONDS: i64 = 600;
/// A return within this time counts as no absence: a reload of the page, or the end of a connection after API Gateway's two hours.
/// Without it, each of these would cause two events to everybody.
pub(super) const GRACE_SECONDS: i64 = 5;

/// How many `offline` events about one user are sent at once, and how often after that. Further ones wait, and a return takes them
/// back: a user who keeps coming and going does not cause posts to everybody each time.
const REPORTS: Limit = Limit { burst: 10, interval: 60_000 };

/// Whether others hear of a change of a user's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    None,
    CameOnline,
    WentOffline,
}

/// The write of a user's row.
pub(super) struct OfUser {
    pub(super) action: Action,
    /// The row with what it owes, where this writer delivers it.
    pub(super) owes: Option<Committed>,
}

/// A change of a user's connections.
pub(super) struct UserChange<'a> {
    pub(super) namespace: Namespace,
    pub(super) user: &'a UserId,
    /// The row as it was read.
    pub(super) row: &'a UserRow,
    /// The connections after the change.
    pub(super) open: &'a [TakenSlot],
    pub(super) change: Change,
}

impl UserChange<'_> {
    /// The write that makes it.
    pub(super) fn write(self, writer: &WriteContext, now: Millis) -> Result<OfUser, TableError> {
        let Self { namespace, user, row, open, change } = self;
        let key = Key::user_sockets(namespace, user);
        let owes = told(namespace, user, change, now).map(Delivery::from);
        // A change takes back an opposite one that cannot have been sent yet.
        let undone = |delivery: &Delivery| {
            if change != Change::None && is_status(delivery) { Undone::State } else { Undone::No }
        };
        let (mut reported, mut wait) = (row.reported, GRACE_SECONDS * 1000);
        match (change, row.owes.as_ref().is_some_and(is_unreported)) {
            (Change::WentOffline, false) => {
                let due = Millis(reported.unwrap_or(now).max(now).0.saturating_add(REPORTS.interval));
                wait = wait.max(due.0 - now.0 - REPORTS.burst * REPORTS.interval);
                reported = Some(due);
            }
            // That the user was gone is told to nobody.
            (Change::CameOnline, true) => reported = reported.map(|due| Millis(due.0 - REPORTS.interval)),
            _ => {}
        }
        let append = match change {
            // Left to the stream: this process will not be there when it is due.
            Change::WentOffline => {
                let writer = WriteContext::without_delivery(&writer.request_id);
                Append::undoing((key.clone(), row.owes.clone()), owes, undone, &writer, now)?
                    .not_before(Millis(now.0 + wait))
            }
            Change::None | Change::CameOnline => {
                Append::undoing((key.clone(), row.owes.clone()), owes, undone, writer, now)?
            }
        };
        let connections = serde_json::to_string(open).expect("connections are strings and numbers");
        let until = open.iter().map(|entry| entry.address.until()).max().unwrap_or(now);
        let mut update = append
            .update()
            .set("connections", connections)
            .set("version", row.version + 1)
            .set("expires_at", until.plus_seconds(REMEMBER_SECONDS).seconds())
            .when(unchanged("version", (row.version > 0).then_some(row.version)));
        for (name, due) in [("entered", row.entered), ("reported", reported)] {
            if let Some(due) = due {
                update = update.set(name, due);
            }
        }
        Ok(OfUser { action: update.into(), owes: append.deliverable() })
    }
}

/// The event that a user came or went; `None` in a namespace without such an event.
pub(super) fn told(namespace: Namespace, user: &UserId, change: Change, now: Millis) -> Option<Emit> {
    let status = match change {
        Change::None => return None,
        Change::CameOnline => Status::Online,
        Change::WentOffline => Status::Offline,
    };
    let emit = match namespace {
        Namespace::Dashboard => {
            let event = UserStatus { user_id: user.clone(), status, timestamp: now.iso() };
            Emit::event(namespace, Audience::Everybody, &event)
        }
        Namespace::Ws => {
            let (name, data) = presence(user, status, now);
            Emit::named(namespace, Audience::Contacts(user.clone()), &[name], data)
        }
        Namespace::SocketIo => return None,
    };
    Some(emit.until(now.plus_seconds(NEWS_SECONDS)))
}

/// Whether the row owes a status that nobody has begun to tell.
fn is_unreported(owes: &Committed) -> bool {
    owes.outbox.entries.iter().any(|pending| pending.lease.is_none() && !pending.tried && is_status(&pending.delivery))
}

/// The name and the data of the event on `/ws` that says whether a user is there.
fn presence(user: &UserId, status: Status, now: Millis) -> (&'static str, Value) {
    let name = if status == Status::Online { "presence:online" } else { "presence:offline" };
    (name, json!({ "userId": user, "timestamp": now.iso() }))
}

/// As a connection that has just come is told that a contact is there.
#[must_use]
pub fn is_there(namespace: Namespace, contact: &UserId, now: Millis) -> Outgoing {
    let (name, data) = presence(contact, Status::Online, now);
    Outgoing::Event { namespace, name: name.to_owned(), data }
}

fn is_status(delivery: &Delivery) -> bool {
    let is_name = |name: &String| name.starts_with("presence:") || name == UserStatus::NAME;
    match delivery {
        Delivery::Socket(emit) if emit.progress.is_none() => {
            matches!(&emit.say, Say::Event { names, .. } if names.iter().any(is_name))
        }
        _ => false,
    }
}

//! Webhooks of what changes no row of its own, each in a row that owes it. Without a receiver, nothing is written.

use serde::{Deserialize, Serialize};

use crate::clients::pusher::ReportedEvent;
use crate::clients::pusher::frames::ClientEvent;
use crate::contract::socket_id::SocketId;
use crate::contract::time::Millis;
use crate::outbox::{ATTRIBUTE, Committed, Delivery, Outbox, WriteContext};
use crate::table::{Action, Key, Table, TableError, absent, le, read};

/// How long the row is kept, in seconds: until its webhook is delivered, or is a dead letter.
const REMEMBER_SECONDS: i64 = 24 * 3600;
/// Of clients that subscribe within this time to a cache channel without an event, one webhook tells (Pusher Channels docs, "Webhooks":
/// of "one or more than one client").
const MISS_SECONDS: i64 = 5;

#[derive(Serialize, Deserialize)]
struct ReportRow {
    at: Millis,
    expires_at: i64,
}

impl ReportRow {
    fn new(now: Millis) -> Self {
        Self { at: now, expires_at: now.plus_seconds(REMEMBER_SECONDS).seconds() }
    }
}

/// Owes the webhook of an event that a client sent, on this connection and perhaps as this member.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn client_event(
    table: &Table,
    writer: &WriteContext,
    event: &ClientEvent,
    (socket, member): (&SocketId, Option<&str>),
    at: Millis,
) -> Result<(), TableError> {
    let report = ReportedEvent::ClientEvent {
        channel: event.channel.clone(),
        event: event.name.clone(),
        data: event.data.clone(),
        socket_id: socket.as_str().to_owned(),
        user_id: member.map(str::to_owned),
    };
    let Some(report) = Delivery::report(report, writer, at) else { return Ok(()) };
    let now = Millis::now();
    let key = Key::app_event(&uuid::Uuid::now_v7().simple().to_string());
    let row = Committed::new(key, Outbox::new([report], writer, now)).item(&ReportRow::new(now))?;
    table.write(Action::put(row)).await.map(drop)
}

/// Owes the webhook of a client that subscribed to a cache channel without an event.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn cache_miss(
    table: &Table,
    writer: &WriteContext,
    channel: &str,
    now: Millis,
) -> Result<(), TableError> {
    let report = ReportedEvent::CacheMiss { channel: channel.to_owned() };
    let Some(report) = Delivery::report(report, writer, now) else { return Ok(()) };
    let (key, before) = (Key::cache_miss(channel), now.plus_seconds(-MISS_SECONDS));
    // Read first: a thousand clients that come at once do not all write one row.
    let last = table.get(&key, false).await?.map(read::<ReportRow>).transpose()?;
    if last.is_some_and(|last| last.at > before) {
        return Ok(());
    }
    let row = Committed::new(key, Outbox::new([report], writer, now)).item(&ReportRow::new(now))?;
    let is_told = absent("pk").or(le("at", before).and(absent(ATTRIBUTE)));
    // One that is still owed tells of this client, too.
    table.write(Action::put(row).when(is_told)).await.map(drop)
}

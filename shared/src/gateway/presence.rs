//! The members of a presence channel. A member's row has the connections by which the member is there; it owes `member_added` when the first
//! of them comes, and `member_removed` when the last one goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::row::expiry;
use crate::clients::pusher::frames::Roster;
use crate::clients::pusher::{MEMBER_ADDED, MEMBER_REMOVED, ReportedEvent, WebhookEvent};
use crate::contract::channel::{Channel, ChannelName};
use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::outbox::{ATTRIBUTE, Append, ChannelWebhook, Committed, Delivery, MemberChange, Undone, WriteContext};
use crate::settings::WebhookType;
use crate::table::key::present_members;
use crate::table::{Action, Item, Key, Query, Table, TableError, absent, eq, read, unchanged};

/// Most members of a presence channel (Pusher Channels docs, "Presence channels").
pub(super) const MAX_MEMBERS: usize = 100;
/// Most characters of a member's id, and bytes of its `user_info` (Pusher Channels docs, "Presence channels").
pub(super) const MAX_MEMBER_ID: usize = 128;
pub(super) const MAX_MEMBER_INFO: usize = 1024;
/// Most connections by which one member is in a channel.
const MAX_OF_MEMBER: usize = 50;
/// How long the row of a member who has left is kept at most, in seconds: it goes once the others know ([`forget`]).
const REMEMBER_SECONDS: i64 = 24 * 3600;
/// A return within this time counts as no absence: a reload of the page, or the end of a connection after API Gateway's two hours.
/// Without it, each of these would be a `member_removed` and a `member_added` for everybody.
const GRACE_SECONDS: i64 = 2;

/// A member, as its back end signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChannelMember {
    pub(super) id: String,
    /// `user_info`: JSON text, `null` for none.
    pub(super) info: String,
}

/// A member's id, which back ends also write as a number.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum MemberId {
    Text(String),
    Number(serde_json::Number),
}

impl MemberId {
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize)]
struct ChannelData<'a> {
    user_id: MemberId,
    #[serde(borrow, default)]
    user_info: Option<&'a RawValue>,
}

impl ChannelMember {
    /// Reads `channel_data`; `None` for what names nobody, or is too long.
    pub(super) fn parse(channel_data: &str) -> Option<Self> {
        let data: ChannelData<'_> = serde_json::from_str(channel_data).ok()?;
        let (id, info) = (data.user_id.text(), data.user_info.map_or("null", RawValue::get));
        let fits = (1..=MAX_MEMBER_ID).contains(&id.chars().count()) && info.len() <= MAX_MEMBER_INFO;
        fits.then(|| Self { id, info: info.to_owned() })
    }
}

/// A member's row.
#[derive(Debug, Default)]
pub(super) struct PresentMemberRow {
    /// Until when each connection lasts at most.
    connections: BTreeMap<String, Millis>,
    info: String,
    /// The connections as they are stored; a write is on the condition that they still are.
    stored: Option<String>,
    owes: Option<Committed>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// JSON: a map of maps would be three times as large.
    connections: String,
    info: String,
}

/// A change of a member's connections.
pub(super) struct PresenceChange<'a> {
    id: &'a str,
    /// By which it changes.
    connection: ConnectionId,
    connections: BTreeMap<String, Millis>,
    info: String,
    told: Option<Told>,
    row: PresentMemberRow,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Added,
    Removed,
}

impl PresentMemberRow {
    pub(super) async fn find(table: &Table, channel: &str, member: &str) -> Result<Self, TableError> {
        Self::of_row(table.get(&Key::present_member(channel, member), true).await?)
    }

    fn of_row(row: Option<Item>) -> Result<Self, TableError> {
        let Some(row) = row else { return Ok(Self::default()) };
        let (key, owes) = (Key::of(&row), Committed::of_row(&row));
        let Stored { connections, info } = read(row)?;
        let stored = Some(connections.clone());
        let connections = serde_json::from_str(&connections).map_err(|error| TableError::corrupt(key, error))?;
        Ok(Self { connections, info, stored, owes })
    }

    /// Those that may still be open.
    fn open(&self, now: Millis) -> BTreeMap<String, Millis> {
        self.connections.iter().filter(|(_, until)| **until > now).map(|(id, until)| (id.clone(), *until)).collect()
    }

    /// Whether the member has just left, and nobody has heard of it: a return would take it back.
    fn may_return(&self, now: Millis) -> bool {
        let entries = self.owes.iter().flat_map(|owes| &owes.outbox.entries);
        let mut departures = entries.filter(|entry| departure(&entry.delivery) == Undone::State);
        departures.any(|entry| entry.not_before.is_some_and(|then| then > now))
    }

    /// The change by which another connection comes; `None` where there are too many.
    pub(super) fn joined<'a>(
        self,
        member: &'a ChannelMember,
        connection: &ConnectionId,
        until: Millis,
        now: Millis,
    ) -> Option<PresenceChange<'a>> {
        let mut connections = self.open(now);
        // One whose connections have expired has not left by anybody's word, and is not told again.
        let told = self.connections.is_empty().then_some(Told::Added);
        if connections.len() >= MAX_OF_MEMBER {
            return None;
        }
        connections.insert(connection.to_string(), until);
        let info = if self.connections.is_empty() { member.info.clone() } else { self.info.clone() };
        Some(PresenceChange { id: &member.id, connection: connection.clone(), connections, info, told, row: self })
    }

    /// The change by which a connection goes; `None` where it has gone.
    pub(super) fn left<'a>(
        self,
        member: &'a str,
        connection: &ConnectionId,
        now: Millis,
    ) -> Option<PresenceChange<'a>> {
        if !self.connections.contains_key(connection.as_str()) {
            return None;
        }
        let mut connections = self.open(now);
        connections.remove(connection.as_str());
        let told = connections.is_empty().then_some(Told::Removed);
        let info = self.info.clone();
        Some(PresenceChange { id: member, connection: connection.clone(), connections, info, told, row: self })
    }
}

impl PresenceChange<'_> {
    /// The write that makes it, and the row with what it owes, where this writer delivers it.
    pub(super) fn write(
        self,
        channel: &str,
        writer: &WriteContext,
        now: Millis,
    ) -> Result<(Action, Option<Committed>), TableError> {
        let Self { id, connection, connections, info, told, row } = self;
        let key = Key::present_member(channel, id);
        let (is_pending, seen) = (row.owes.is_some(), (key.clone(), row.owes));
        // The others may hear late that the member left, and then that it came: so do its own new connections.
        let except = (!is_pending).then_some(connection);
        let owed = told.map(|told| {
            let report = Delivery::report(reported(told, channel, id), writer, now);
            owed(told, (channel, id), except, &info, now).into_iter().chain(report).collect::<Vec<_>>()
        });
        let owed = owed.unwrap_or_default();
        let append = match told {
            // Left to the stream: this process will not be there when it is due.
            Some(Told::Removed) => {
                let writer = writer.left_to_consumer();
                Append::new(seen.0, seen.1, owed, &writer, now)?.not_before(now.plus_seconds(GRACE_SECONDS))
            }
            // A return takes a departure back that nobody has heard of.
            Some(Told::Added) => Append::undoing(seen, owed, departure, writer, now)?,
            None => Append::new(seen.0, seen.1, owed, writer, now)?,
        };
        let until = connections
            .values()
            .max()
            .map_or_else(|| now.plus_seconds(REMEMBER_SECONDS).seconds(), |last| expiry(*last));
        let update = append
            .update()
            .set("connections", serde_json::to_string(&connections).expect("connections are strings and numbers"))
            .set("info", info)
            .set("expires_at", until)
            .when(unchanged("connections", row.stored));
        Ok((update.into(), append.deliverable()))
    }
}

/// The entries of a member's change: a frame for the other subscribers, and of a room a webhook.
fn owed(
    told: Told,
    (channel, member): (&str, &str),
    except: Option<ConnectionId>,
    info: &str,
    now: Millis,
) -> Vec<Delivery> {
    let change = MemberChange {
        channel: channel.to_owned(),
        user: member.to_owned(),
        info: (told == Told::Added).then(|| info.to_owned()),
        except,
    };
    let is_room = ChannelName::parse(channel).is_ok_and(|name| matches!(Channel::of(&name), Some(Channel::Room(_))));
    let webhook = is_room.then(|| {
        let name = if told == Told::Added { MEMBER_ADDED } else { MEMBER_REMOVED };
        let event =
            WebhookEvent { name: name.to_owned(), channel: channel.to_owned(), user_id: Some(member.to_owned()) };
        Delivery::Webhook(Box::new(ChannelWebhook { event, time_ms: now }))
    });
    std::iter::once(Delivery::Member(Box::new(change))).chain(webhook).collect()
}

/// The event of the app's own webhook.
fn reported(told: Told, channel: &str, member: &str) -> ReportedEvent {
    let (channel, user_id) = (channel.to_owned(), member.to_owned());
    match told {
        Told::Added => ReportedEvent::MemberAdded { channel, user_id },
        Told::Removed => ReportedEvent::MemberRemoved { channel, user_id },
    }
}

/// How a return treats an entry: one that tells of the departure is undone.
fn departure(delivery: &Delivery) -> Undone {
    let (is_departure, undone) = match delivery {
        Delivery::Member(change) => (change.info.is_none(), Undone::State),
        Delivery::Webhook(webhook) => (webhook.event.name == MEMBER_REMOVED, Undone::State),
        Delivery::AppWebhook(webhook) => {
            (webhook.events.iter().all(|event| event.webhook() == WebhookType::MemberRemoved), Undone::Turn)
        }
        _ => (false, Undone::No),
    };
    if is_departure { undone } else { Undone::No }
}

/// Deletes the row of a member who has left, once it owes nothing any more.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn forget(table: &Table, channel: &str, member: &str) -> Result<(), TableError> {
    let nobody = eq("connections", "{}").and(absent(ATTRIBUTE));
    table.write(Action::delete(&Key::present_member(channel, member)).when(nobody)).await.map(drop)
}

/// The members of a presence channel, and how many of them have an open connection, by a consistent read.
pub(super) async fn roster(table: &Table, channel: &str, now: Millis) -> Result<(Roster, usize), TableError> {
    let (mut members, mut open) = (Vec::new(), 0);
    for row in table.query_all(Query::new(present_members(channel))).await? {
        let Some(key) = Key::of(&row) else { continue };
        let row = PresentMemberRow::of_row(Some(row))?;
        let is_open = !row.open(now).is_empty();
        open += usize::from(is_open);
        if is_open || row.may_return(now) {
            members.push((key.sk, row.info.into_boxed_str()));
        }
    }
    Ok((Roster { members }, open))
}

/// The ids of those who are in a presence channel.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn members(table: &Table, channel: &str, now: Millis) -> Result<Vec<String>, TableError> {
    let (roster, _) = roster(table, channel, now).await?;
    Ok(roster.members.into_iter().map(|(user, _)| user).collect())
}

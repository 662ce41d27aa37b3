//! Which connections had to hear an event, where no Pusher server takes it for them.
//!
//! ministack notes when a row begins to owe an event, which is when the table has it, and when it stops. A connection that was subscribed
//! before the first and still is a little after the second must have heard the event: the fan-out found its subscription, and API Gateway took
//! a post to it. Of any other connection nothing can be said: it came or left meanwhile (docs/CHANNELS.md).

use std::collections::{BTreeMap, HashMap};

use contract::channel::Channel;
use contract::id::{LeaseId, UserId};
use contract::key::LEASE_CHAT;
use serde::Deserialize;
use serde_json::Value;

use super::attendance::Attendance;
use super::aws::seq_of;
use super::event::{Event, Kind, PusherEvent, RoomUser, Statement, Word};

/// How long a frame may take from API Gateway to the client, in milliseconds. A client that leaves sooner may have left before it.
const ON_THE_WAY: f64 = 2_000.0;

/// A line of ministack's log of the traffic.
#[derive(Deserialize)]
pub(super) struct Line {
    /// In milliseconds since 1970.
    at: f64,
    wrote: Option<Wrote>,
}

/// A change of what a row owes: the outbox's text before and after.
#[derive(Deserialize)]
struct Wrote {
    pk: String,
    sk: String,
    was: Option<String>,
    now: Option<String>,
}

/// An event that a row owed.
struct Owed {
    channel: String,
    statement: Statement,
    from: f64,
    /// Absent while it owes it.
    to: Option<f64>,
}

/// The connections that had to hear each event.
#[derive(Default)]
pub(super) struct Duties {
    events: HashMap<Event, OfEvent>,
    room_users: HashMap<RoomUser, OfRoomUser>,
}

/// An event.
#[derive(Debug, Default, PartialEq)]
pub(super) struct OfEvent {
    /// The connections that had to hear it.
    pub(super) listeners: Vec<String>,
    /// Whether no line says yet that its row stopped to owe it.
    pub(super) is_open: bool,
}

/// The last event about a user in a room.
#[derive(Debug, PartialEq)]
pub(super) struct OfRoomUser {
    /// The word that it says. A later change may have cancelled it before it was sent; then the table says the opposite.
    pub(super) word: Word,
    /// The connections that had to hear it if it was sent, and since when they were subscribed.
    pub(super) listeners: Vec<(String, f64)>,
    /// Whether no line says yet that its row stopped to owe it.
    pub(super) is_open: bool,
}

impl Duties {
    pub(super) fn of(lines: impl IntoIterator<Item = Line>, attendance: &Attendance) -> Self {
        let mut duties = Self::default();
        let mut last: HashMap<RoomUser, (f64, OfRoomUser)> = HashMap::new();
        for owed in owed(lines).into_values() {
            let (to, is_open) = (owed.to.map(|to| to + ON_THE_WAY), owed.to.is_none());
            // While a row owes it, nobody can have missed it.
            let throughout = to.into_iter().flat_map(|to| attendance.throughout(&owed.channel, owed.from, to));
            match owed.statement {
                Statement::Event { event, .. } => {
                    let listeners = throughout.map(|(connection, _)| connection.to_owned());
                    let of_it = duties.events.entry(event).or_default();
                    of_it.listeners.extend(listeners);
                    of_it.is_open |= is_open;
                }
                Statement::Presence { room_user, word } => {
                    let listeners = throughout.map(|(connection, since)| (connection.to_owned(), since)).collect();
                    if last.get(&room_user).is_none_or(|(from, _)| *from <= owed.from) {
                        last.insert(room_user, (owed.from, OfRoomUser { word, listeners, is_open }));
                    }
                }
            }
        }
        duties.room_users = last.into_iter().map(|(room_user, (_, of_it))| (room_user, of_it)).collect();
        duties
    }

    /// Of an event; `None` if no row ever owed it.
    pub(super) fn of_event(&self, event: &Event) -> Option<&OfEvent> {
        self.events.get(event)
    }

    /// Of the last event about a user in a room, if there was one.
    pub(super) fn of_room_user(&self, room_user: &RoomUser) -> Option<&OfRoomUser> {
        self.room_users.get(room_user)
    }

    /// How many times a connection had to hear an event of this kind.
    pub(super) fn count(&self, kind: Kind) -> usize {
        let of_kind = self.events.iter().filter(|(event, _)| event.kind() == kind);
        of_kind.map(|(_, of_it)| of_it.listeners.len()).sum()
    }
}

/// The events that rows owed, by row and id of the entry.
fn owed(lines: impl IntoIterator<Item = Line>) -> BTreeMap<(String, String, String), Owed> {
    let mut found: BTreeMap<_, Owed> = BTreeMap::new();
    for Line { at, wrote } in lines {
        let Some(Wrote { pk, sk, was, now }) = wrote else { continue };
        let (was, now) = (entries(was.as_deref()), entries(now.as_deref()));
        for (id, entry) in &now {
            let key = (pk.clone(), sk.clone(), id.clone());
            if !was.contains_key(id)
                && !found.contains_key(&key)
                && let Some((channel, statement)) = stated(entry, &pk, &sk)
            {
                found.insert(key, Owed { channel, statement, from: at, to: None });
            }
        }
        for id in was.into_keys().filter(|id| !now.contains_key(id)) {
            if let Some(owed) = found.get_mut(&(pk.clone(), sk.clone(), id)) {
                owed.to.get_or_insert(at);
            }
        }
    }
    found
}

/// The entries of an outbox, by their ids.
fn entries(outbox: Option<&str>) -> BTreeMap<String, Value> {
    let outbox: Value = outbox.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let entries = outbox.get("owed").and_then(Value::as_array).cloned().unwrap_or_default();
    entries.into_iter().filter_map(|entry| Some((entry.get("id")?.as_str()?.to_owned(), entry))).collect()
}

/// The channel and the event of an entry; `None` for other deliveries.
fn stated(entry: &Value, pk: &str, sk: &str) -> Option<(String, Statement)> {
    match entry.get("kind")?.as_str()? {
        "pusher" => {
            let message = PusherEvent::deserialize(entry).ok()?;
            Some((message.channel.clone(), message.statement()?))
        }
        // The rows of notifications and of messages have their event by name.
        "pusherOfRow" if pk.starts_with(LEASE_CHAT) => {
            let lease = LeaseId::parse(pk.strip_prefix(LEASE_CHAT)?).ok()?;
            let event = Event::Message { lease: lease.to_string(), seq: seq_of(sk)? };
            Some((Channel::Lease(lease).to_string(), Statement::Event { event, position: None }))
        }
        "pusherOfRow" => {
            let (user, id) = (pk.strip_prefix("USER#")?, sk.strip_prefix("NOTIFICATION#")?);
            let event = Event::Notification { id: id.to_owned() };
            let channel = Channel::User(UserId::parse(user).ok()?).to_string();
            Some((channel, Statement::Event { event, position: None }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kudos(id: &str) -> Value {
        let data = json!({ "sessionId": id }).to_string();
        json!({ "id": id, "kind": "pusher", "channel": "private-user-ben", "name": "kudos:received", "data": data })
    }

    fn of_room(id: &str, name: &str) -> Value {
        let data = json!({ "userId": "ben" }).to_string();
        json!({ "id": id, "kind": "pusher", "channel": "presence-room-b", "name": name, "data": data })
    }

    fn wrote(at: f64, sk: &str, was: &[&Value], now: &[&Value]) -> Line {
        let outbox = |entries: &[&Value]| (!entries.is_empty()).then(|| json!({ "owed": entries }).to_string());
        let row = json!({ "pk": "USER#ben", "sk": sk, "was": outbox(was), "now": outbox(now) });
        serde_json::from_value(json!({ "at": at, "wrote": row })).unwrap()
    }

    /// One connection throughout, and one from 1,500 on.
    fn attendance(channel: &str) -> Attendance {
        let mut attendance = Attendance::default();
        attendance.subscribed("ben/0", channel, 500.0);
        attendance.subscribed("ben/1", channel, 1_500.0);
        attendance
    }

    fn of_kudos(duties: &Duties, session: &str) -> Option<Vec<String>> {
        duties.of_event(&Event::Kudos { session: session.to_owned() }).map(|of_it| of_it.listeners.clone())
    }

    #[test]
    fn a_message_s_row_has_its_event_by_name() {
        let outbox = json!({ "owed": [{ "id": "a", "kind": "pusherOfRow", "name": "lease" }] }).to_string();
        let row = json!({ "pk": "CHAT#LEASE#b", "sk": "MSG#000000000007", "was": null, "now": outbox });
        let line = serde_json::from_value(json!({ "at": 1_000.0, "wrote": row })).unwrap();
        let duties = Duties::of([line], &attendance("presence-bail-b"));
        let message = Event::Message { lease: "b".to_owned(), seq: 7 };
        assert!(duties.of_event(&message).is_some_and(|of_it| of_it.is_open));
    }

    #[test]
    fn a_connection_that_is_subscribed_before_a_row_owes_an_event_and_after_it_does_must_hear_it() {
        let (a, b) = (kudos("a"), kudos("b"));
        let lines = || {
            [
                wrote(1_000.0, "K", &[], &[&a]),
                wrote(1_600.0, "K", &[&a], &[&a, &b]),
                wrote(1_700.0, "K", &[&a, &b], &[&b]),
                wrote(1_800.0, "K", &[&b], &[]),
            ]
        };
        let duties = Duties::of(lines(), &attendance("private-user-ben"));
        assert_eq!(of_kudos(&duties, "a"), Some(vec!["ben/0".to_owned()]), "the other one came later");
        assert_eq!(of_kudos(&duties, "b"), Some(vec!["ben/0".to_owned(), "ben/1".to_owned()]));
        assert_eq!(of_kudos(&duties, "c"), None, "no row owed it");
        assert_eq!((duties.count(Kind::Kudos), duties.count(Kind::Parties)), (3, 0));
        for (end, expected) in [(3_699.0, 0), (3_700.0, 1)] {
            let mut attendance = attendance("private-user-ben");
            attendance.ended("ben/0", end);
            assert_eq!(of_kudos(&Duties::of(lines(), &attendance), "a").unwrap().len(), expected, "a frame's way");
        }
    }

    #[test]
    fn nobody_has_missed_what_a_row_still_owes() {
        let duties = Duties::of([wrote(1_000.0, "K", &[], &[&kudos("a")])], &attendance("private-user-ben"));
        let open = OfEvent { listeners: Vec::new(), is_open: true };
        assert_eq!(duties.of_event(&Event::Kudos { session: "a".to_owned() }), Some(&open));
    }

    #[test]
    fn a_notification_that_its_row_has_by_name_is_known_by_the_rows_key() {
        let entry = json!({ "id": "e", "kind": "pusherOfRow", "name": "event" });
        let lines =
            [wrote(1_000.0, "NOTIFICATION#7", &[], &[&entry]), wrote(1_100.0, "NOTIFICATION#7", &[&entry], &[])];
        let duties = Duties::of(lines, &attendance("private-user-ben"));
        let of_it = duties.of_event(&Event::Notification { id: "7".to_owned() }).unwrap();
        assert_eq!((of_it.listeners.as_slice(), of_it.is_open), (&["ben/0".to_owned()][..], false));
    }

    #[test]
    fn of_a_user_in_a_room_the_last_event_counts() {
        let (joined, left) = (of_room("a", "room:user-joined"), of_room("b", "room:user-left"));
        let lines = [
            wrote(1_000.0, "R", &[], &[&joined]),
            wrote(1_100.0, "R", &[&joined], &[]),
            wrote(1_600.0, "R", &[], &[&left]),
            wrote(1_700.0, "R", &[&left], &[]),
        ];
        let duties = Duties::of(lines, &attendance("presence-room-b"));
        let room_user = RoomUser { book: "b".to_owned(), user: "ben".to_owned() };
        let listeners = vec![("ben/0".to_owned(), 500.0), ("ben/1".to_owned(), 1_500.0)];
        assert_eq!(duties.of_room_user(&room_user), Some(&OfRoomUser { word: Word::Out, listeners, is_open: false }));
    }
}

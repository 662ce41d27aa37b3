//! Follows events: matches each event of the Pusher server or of a WebSocket with the write that caused it.
//!
//! A write is noted when the table has it (`local/bridge/ministack/`), an arrival when the Pusher server has taken the event or
//! API Gateway the message. Both clocks are this machine's. The console does not subscribe itself: a subscriber would
//! occupy the channels, and occupied channels change pushes and presence.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Deserialize;
use serde_json::Value;

use super::frame;
use super::owed::{Owed, entries, id};
use super::seen::{Seen, Way};
use crate::services::recorder::PusherEvent;

/// Most writes that are remembered until their events arrive.
const MOST: usize = 10_000;
/// How long a write is remembered after its row has stopped owing, in milliseconds: what comes again is known by it.
const AFTERWARDS: f64 = 60_000.0;

/// A line of the traffic log.
#[derive(Deserialize)]
pub(super) struct TrafficLine {
    /// Milliseconds since 1970, with a digit after the point.
    at: f64,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum What {
    /// A row owes something else than before: the outbox's text before and after.
    Wrote {
        pk: String,
        sk: String,
        was: Option<String>,
        now: Option<String>,
    },
    Connected {
        connection: String,
        user: Option<String>,
    },
    /// By a client, to the functions.
    Heard(Frame),
    /// By the functions, to a client.
    Said(Frame),
    /// On the event bus.
    Fact(BusFact),
}

/// A fact that the event bus took.
#[derive(Deserialize)]
struct BusFact {
    name: String,
    bus: String,
    /// JSON text.
    detail: String,
}

#[derive(Deserialize)]
struct Frame {
    connection: String,
    stage: String,
    body: String,
}

/// The writes and connections that were noted.
#[derive(Default)]
pub(super) struct Traffic {
    owed: VecDeque<Owed>,
    /// How many deliveries each row owes.
    backlog: BTreeMap<(String, String), usize>,
    users: HashMap<String, String>,
    /// Whether the functions serve the clients of channels themselves, so that no Pusher server tells of an event that nobody hears.
    has_no_server: bool,
    /// Events of channels whose rows no longer owe them, and which no client got.
    unheard: Vec<Seen>,
}

impl Traffic {
    /// Of a stack without a Pusher server.
    pub(super) fn without_server() -> Self {
        Self { has_no_server: true, ..Self::default() }
    }

    /// The same kind of stack, from its beginning.
    pub(super) fn start_over(&mut self) {
        *self = Self { has_no_server: self.has_no_server, ..Self::default() };
    }

    /// The events of channels, since the last call, that were delivered to nobody.
    pub(super) fn take_unheard(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.unheard)
    }

    /// Takes a line of the log; returns the event that it tells of, if it does.
    pub(super) fn read(&mut self, line: TrafficLine) -> Option<Seen> {
        let TrafficLine { at, what } = line;
        match what {
            What::Wrote { pk, sk, was, now } => {
                self.wrote(at, (pk, sk), was.as_deref(), now.as_deref());
                None
            }
            What::Connected { connection, user } => {
                if self.users.len() >= MOST {
                    self.users.clear();
                }
                self.users.insert(connection, user.unwrap_or_default());
                None
            }
            What::Heard(frame) => self.of_socket(at, Way::FromSocket, &frame),
            What::Said(frame) => self.of_socket(at, Way::Socket, &frame),
            What::Fact(fact) => Some(self.of_fact(at, fact)),
        }
    }

    /// An event that the Pusher server took.
    pub(super) fn taken(&mut self, at: f64, message: PusherEvent) -> Seen {
        let is_it = |owed: &Owed| owed.is_of_pusher(at, &message);
        let found = match self.owed.iter().position(|owed| is_it(owed) && !owed.arrived) {
            Some(first) => Some(first),
            None => self.owed.iter().rposition(is_it),
        };
        let mut owed = found.and_then(|position| self.owed.get_mut(position));
        let mut seen = Seen::new(at, Way::Pusher, message);
        if let Some(owed) = &mut owed {
            owed.tell(&mut seen);
            seen.again = std::mem::replace(&mut owed.arrived, true);
        }
        seen
    }

    /// A message of a client of Pusher's protocol that the functions serve themselves.
    fn of_channel(&mut self, at: f64, way: Way, body: &str) -> Option<Seen> {
        let message = frame::of_pusher(body)?;
        match (way, message.name.starts_with("client-")) {
            (Way::FromSocket, true) => Some(Seen::new(at, Way::Client, message)),
            // One write is for many connections, so it is found again and again.
            (Way::Socket, false) => {
                let owed = self.owed.iter_mut().rev().find(|owed| owed.is_of_pusher(at, &message));
                let mut seen = Seen::new(at, Way::Pusher, message);
                if let Some(owed) = owed {
                    owed.tell(&mut seen);
                    owed.arrived = true;
                }
                Some(seen)
            }
            // To the others: seen when the client said it.
            _ => None,
        }
    }

    /// A fact, whose id is that of the entry which owed it.
    fn of_fact(&mut self, at: f64, BusFact { name, bus, detail }: BusFact) -> Seen {
        let said: Value = serde_json::from_str(&detail).unwrap_or_default();
        let owed = self.owed.iter_mut().find(|owed| owed.way == Way::Fact && Some(owed.id.as_str()) == id(&said));
        let mut seen = Seen::new(at, Way::Fact, PusherEvent { channel: bus, name, data: detail });
        if let Some(owed) = owed {
            owed.tell(&mut seen);
            seen.again = std::mem::replace(&mut owed.arrived, true);
        }
        seen
    }

    /// How many deliveries are owed.
    pub(super) fn backlog(&self) -> usize {
        self.backlog.values().sum()
    }

    fn wrote(&mut self, at: f64, row: (String, String), was: Option<&str>, now: Option<&str>) {
        let (was, now) = (entries(was), entries(now));
        for entry in &now {
            if !was.iter().any(|other| id(other) == id(entry)) {
                self.owed.extend(Owed::all(at, &row.1, entry));
            }
        }
        let gone = was.iter().filter(|entry| !now.iter().any(|other| id(other) == id(entry)));
        for gone in gone {
            for owed in self.owed.iter_mut().filter(|owed| Some(owed.id.as_str()) == id(gone)) {
                owed.settled = Some(at);
                // One that was given up looks the same; it is among the dead letters, too.
                if self.has_no_server && owed.way == Way::Pusher && !owed.arrived {
                    owed.arrived = true;
                    self.unheard.extend(owed.unheard(at));
                }
            }
        }
        match now.len() {
            0 => self.backlog.remove(&row),
            count => self.backlog.insert(row, count),
        };
        self.owed.retain(|owed| owed.settled.is_none_or(|then| at - then < AFTERWARDS));
        let over = self.owed.len().saturating_sub(MOST);
        self.owed.drain(..over);
    }

    fn of_socket(&mut self, at: f64, way: Way, frame: &Frame) -> Option<Seen> {
        let Frame { connection, stage, body } = frame;
        if stage == frame::PUSHER {
            return self.of_channel(at, way, body);
        }
        let said = frame::read(stage, body)?;
        let user = self.users.get(connection).map_or("", String::as_str);
        let channel = format!("/{} {user}", said.namespace).trim_end().to_owned();
        // One write is for many connections, so it is found again and again.
        let is_it = |owed: &&Owed| owed.is_of_socket(&said.event, &said.data);
        let owed = self.owed.iter().rev().filter(|_| way == Way::Socket).find(is_it);
        let mut seen = Seen::new(at, way, PusherEvent { channel, name: said.event.clone(), data: said.data.clone() });
        if let Some(owed) = owed {
            owed.tell(&mut seen);
        }
        Some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(at: f64, what: Value) -> TrafficLine {
        let mut line = what;
        line["at"] = json!(at);
        serde_json::from_value(line).unwrap()
    }

    fn outbox(entries: &[Value]) -> Option<String> {
        (!entries.is_empty()).then(|| json!({ "owed": entries }).to_string())
    }

    fn wrote(at: f64, was: &[Value], now: &[Value]) -> TrafficLine {
        line(at, json!({ "wrote": { "pk": "KUDOS#1", "sk": "KUDOS", "was": outbox(was), "now": outbox(now) } }))
    }

    fn kudos(id: &str) -> Value {
        json!({ "id": id, "requestId": "r-1", "kind": "pusher", "channel": "private-user-ben", "name": "kudos:received", "data": "{}" })
    }

    fn message(channel: &str, data: &str) -> PusherEvent {
        PusherEvent { channel: channel.to_owned(), name: "kudos:received".to_owned(), data: data.to_owned() }
    }

    #[test]
    fn an_event_is_shown_with_the_time_since_the_write_that_owes_it() {
        let mut traffic = Traffic::default();
        assert_eq!(traffic.read(wrote(1000.0, &[], &[kudos("a")])), None);
        assert_eq!(traffic.backlog(), 1);
        let seen = traffic.taken(1004.2, message("private-user-ben", "{}"));
        assert_eq!((seen.ms, seen.request_id.as_deref(), seen.again), (Some(4.2), Some("r-1"), false));
        traffic.read(wrote(1006.0, &[kudos("a")], &[]));
        assert_eq!(traffic.backlog(), 0);
        let seen = traffic.taken(1008.0, message("private-user-ben", "{}"));
        assert_eq!((seen.ms, seen.again), (Some(8.0), true), "it came twice");
    }

    #[test]
    fn an_event_that_no_row_owed_has_no_milliseconds() {
        let mut traffic = Traffic::default();
        traffic.read(wrote(1000.0, &[], &[kudos("a")]));
        for other in [message("private-user-ada", "{}"), message("private-user-ben", "{\"a\":1}")] {
            assert_eq!(traffic.taken(1001.0, other).ms, None);
        }
    }

    #[test]
    fn of_two_equal_events_the_older_write_comes_first() {
        let mut traffic = Traffic::default();
        traffic.read(wrote(1000.0, &[], &[kudos("a")]));
        traffic.read(wrote(1010.0, &[kudos("a")], &[kudos("a"), kudos("b")]));
        let ms = |traffic: &mut Traffic| traffic.taken(1020.0, message("private-user-ben", "{}")).ms;
        assert_eq!((ms(&mut traffic), ms(&mut traffic)), (Some(20.0), Some(10.0)));
    }

    #[test]
    fn an_event_for_several_channels_is_shown_for_each() {
        let mut traffic = Traffic::default();
        let (channels, data) = (["news", "shop"], "{}");
        let entry = json!({ "id": "a", "requestId": "r-1", "kind": "appEvent", "name": "stock", "channels": channels, "data": data });
        traffic.read(wrote(1000.0, &[], &[entry]));
        for channel in channels {
            let message = PusherEvent { channel: channel.to_owned(), name: "stock".to_owned(), data: data.to_owned() };
            let seen = traffic.taken(1002.0, message);
            assert_eq!((seen.ms, seen.request_id.as_deref(), seen.again), (Some(2.0), Some("r-1"), false), "{channel}");
        }
    }

    #[test]
    fn an_encrypted_event_is_shown_as_it_was_written() {
        let mut traffic = Traffic::default();
        let mut entry = kudos("a");
        entry["channel"] = json!("private-encrypted-user-ben");
        traffic.read(wrote(1000.0, &[], &[entry]));
        let seen = traffic.taken(1001.0, message("private-encrypted-user-ben", "{\"nonce\":\"…\"}"));
        assert_eq!((seen.data.as_str(), seen.ms), ("{}", Some(1.0)));
    }

    #[test]
    fn without_a_pusher_server_the_events_of_a_channel_are_seen_on_the_way_to_each_client() {
        let mut traffic = Traffic::without_server();
        traffic.read(wrote(1000.0, &[], &[kudos("a")]));
        let frame = |what: &str, body: Value| json!({ what: { "connection": "c", "stage": "pusher", "body": body.to_string() } });
        let said = json!({ "event": "kudos:received", "channel": "private-user-ben", "data": "{}" });
        for _ in 0..2 {
            let seen = traffic.read(line(1002.5, frame("said", said.clone()))).unwrap();
            assert_eq!((seen.way, seen.channel.as_str(), seen.ms), (Way::Pusher, "private-user-ben", Some(2.5)));
            assert_eq!((seen.request_id.as_deref(), seen.again), (Some("r-1"), false));
        }
        let of_client = json!({ "event": "client-typing", "channel": "private-user-ben", "data": {} });
        let seen = traffic.read(line(1003.0, frame("heard", of_client.clone()))).unwrap();
        assert_eq!((seen.way, seen.event.as_str(), seen.ms), (Way::Client, "client-typing", None));
        traffic.read(wrote(1004.0, &[kudos("a")], &[]));
        assert_eq!(traffic.take_unheard(), [], "it was heard");
        let ping = json!({ "event": "pusher:ping", "data": {} });
        for (what, body) in [("said", of_client), ("heard", ping), ("heard", said)] {
            assert_eq!(traffic.read(line(1003.0, frame(what, body))), None);
        }
    }

    #[test]
    fn without_a_pusher_server_an_event_that_nobody_hears_is_seen_once_its_row_no_longer_owes_it() {
        let mut traffic = Traffic::without_server();
        for _ in 0..2 {
            traffic.read(wrote(1000.0, &[], &[kudos("a")]));
            assert_eq!(traffic.take_unheard(), []);
            traffic.read(wrote(1003.5, &[kudos("a")], &[]));
            let unheard = traffic.take_unheard();
            let [seen] = &unheard[..] else { panic!("{unheard:?}") };
            assert_eq!(
                (seen.channel.as_str(), seen.event.as_str(), seen.ms),
                ("private-user-ben", "kudos:received", Some(3.5))
            );
            traffic.start_over();
        }
        let mut with_server = Traffic::default();
        with_server.read(wrote(1000.0, &[], &[kudos("a")]));
        with_server.read(wrote(1003.5, &[kudos("a")], &[]));
        assert_eq!(with_server.take_unheard(), [], "the server tells of it");
    }

    #[test]
    fn a_message_of_a_socket_is_shown_for_each_connection() {
        let mut traffic = Traffic::default();
        let entry = json!({ "id": "a", "kind": "socket", "namespace": "dashboard", "to": "everybody",
            "say": { "event": { "names": ["event"], "data": { "n": 1 } } } });
        traffic.read(wrote(1000.0, &[], &[entry]));
        for (connection, user) in [("c1", "ben"), ("c2", "ada")] {
            traffic.read(line(
                1.0,
                json!({ "connected": { "connection": connection, "stage": "dashboard", "user": user } }),
            ));
            let said = json!({ "said": { "connection": connection, "stage": "dashboard", "body": "{\"event\":\"event\",\"data\":{\"n\":1}}" } });
            let seen = traffic.read(line(1003.0, said)).unwrap();
            assert_eq!((seen.way, seen.channel, seen.ms), (Way::Socket, format!("/dashboard {user}"), Some(3.0)));
        }
        let heard =
            json!({ "heard": { "connection": "c3", "stage": "ws", "body": "{\"event\":\"typing\",\"data\":{}}" } });
        let seen = traffic.read(line(1003.0, heard)).unwrap();
        assert_eq!((seen.way, seen.channel.as_str(), seen.ms), (Way::FromSocket, "/ws", None));
    }

    #[test]
    fn an_event_that_a_row_has_by_name_is_known_by_the_rows_id() {
        let mut traffic = Traffic::default();
        let owed = json!({ "owed": [{ "id": "a", "requestId": "r-1", "kind": "pusherOfRow", "name": "event" }] });
        let (sk, now) = ("NOTIFICATION#000000000001-0f", owed.to_string());
        traffic.read(line(1000.0, json!({ "wrote": { "pk": "USER#ben", "sk": sk, "was": null, "now": now } })));
        let told = |id: &str| message("private-user-ben", &json!({ "data": { "notificationId": id } }).to_string());
        assert_eq!(traffic.taken(1002.0, told("000000000002-0f")).ms, None);
        let seen = traffic.taken(1002.0, told("000000000001-0f"));
        assert_eq!((seen.ms, seen.request_id.as_deref(), seen.again), (Some(2.0), Some("r-1"), false));
    }

    #[test]
    fn a_fact_is_shown_when_the_bus_has_it_with_the_time_since_its_write() {
        let mut traffic = Traffic::default();
        let owed = json!({ "id": "a", "requestId": "r-1", "kind": "fact", "fact": { "type": "kudos.given" } });
        traffic.read(wrote(1000.0, &[], &[owed]));
        let fact = |id: &str| {
            let detail = json!({ "id": id, "kudosId": "1" }).to_string();
            line(1003.0, json!({ "fact": { "name": "kudos.given", "bus": "carillon-dev", "detail": detail } }))
        };
        let seen = traffic.read(fact("a")).unwrap();
        assert_eq!((seen.way, seen.channel.as_str(), seen.event.as_str()), (Way::Fact, "carillon-dev", "kudos.given"));
        assert_eq!((seen.ms, seen.request_id.as_deref(), seen.again), (Some(3.0), Some("r-1"), false));
        assert!(traffic.read(fact("a")).unwrap().again);
        assert_eq!(traffic.read(fact("b")).unwrap().ms, None);
    }

    #[test]
    fn writes_are_forgotten_a_minute_after_their_rows_owe_nothing() {
        let mut traffic = Traffic::default();
        traffic.read(wrote(1000.0, &[], &[kudos("a")]));
        traffic.read(wrote(1001.0, &[kudos("a")], &[]));
        traffic.read(wrote(1002.0 + AFTERWARDS, &[], &[]));
        assert!(traffic.owed.is_empty());
    }
}

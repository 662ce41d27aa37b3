//! The events that rows owe: read from their outboxes, and recognized when they arrive.

use serde_json::Value;

use super::seen::{Seen, Way};
use crate::services::recorder::PusherEvent;

/// How an event that a row owes is known.
enum Content {
    /// By all that it says: of Pusher, the channel; its names; its payload.
    Whole(Option<String>, Vec<String>, String),
    /// The row has it by name: by the row's id, which is in its payload.
    OfRow(String),
}

/// An event that a row owes or owed.
pub(super) struct Owed {
    pub(super) id: String,
    at: f64,
    request_id: Option<String>,
    pub(super) way: Way,
    content: Content,
    /// When its row stopped owing it.
    pub(super) settled: Option<f64>,
    pub(super) arrived: bool,
}

impl Owed {
    /// The event of a channel that was sent to nobody; `None` where the row has its content.
    pub(super) fn unheard(&self, at: f64) -> Option<Seen> {
        let Content::Whole(Some(channel), names, data) = &self.content else { return None };
        let (channel, data) = (channel.clone(), data.clone());
        let mut seen = Seen::new(at, Way::Pusher, PusherEvent { channel, name: names.first()?.clone(), data });
        self.tell(&mut seen);
        Some(seen)
    }

    /// Completes an event that arrived with its write, and with the payload as it was before it was encrypted.
    pub(super) fn tell(&self, seen: &mut Seen) {
        seen.ms = Some(since(self.at, seen.at));
        seen.request_id.clone_from(&self.request_id);
        if let Content::Whole(_, _, said) = &self.content {
            seen.data.clone_from(said);
        }
    }

    /// Whether it owes this message of a WebSocket.
    pub(super) fn is_of_socket(&self, event: &str, data: &str) -> bool {
        let is_said = match &self.content {
            Content::Whole(_, names, said) => names.iter().any(|name| name == event) && said == data,
            Content::OfRow(id) => data.contains(id.as_str()),
        };
        self.way == Way::Socket && is_said
    }

    /// Whether it owes this event of a channel, which arrived then.
    pub(super) fn is_of_pusher(&self, at: f64, message: &PusherEvent) -> bool {
        let PusherEvent { channel, name, data } = message;
        // Events of encrypted channels are encrypted on the way, differently each time.
        let is_sealed = channel.starts_with("private-encrypted-");
        let is_said = match &self.content {
            Content::Whole(to, names, said) => {
                to.as_ref() == Some(channel) && names.contains(name) && (is_sealed || said == data)
            }
            Content::OfRow(id) => data.contains(id.as_str()),
        };
        self.way == Way::Pusher && is_said && self.at <= at
    }

    /// The events of an outbox entry in a row with this sort key, which was written then.
    pub(super) fn all(at: f64, sk: &str, entry: &Value) -> impl Iterator<Item = Self> {
        Self::of(at, sk, entry).into_iter().chain(Self::of_several(at, entry))
    }

    /// The event of an entry that is for one receiver; `None` for other deliveries.
    fn of(at: f64, sk: &str, entry: &Value) -> Option<Self> {
        let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        // The id of a message or a notification.
        let of_row = || Some(Content::OfRow(sk.split_once('#')?.1.to_owned()));
        let of_socket = || {
            let event = entry.pointer("/say/event")?;
            let names = event.get("names")?.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned);
            Some(Content::Whole(None, names.collect(), event.get("data")?.to_string()))
        };
        let (way, content) = match entry.get("kind")?.as_str()? {
            "pusher" => (Way::Pusher, Content::Whole(Some(text("/channel")?), vec![text("/name")?], text("/data")?)),
            "pusherOfRow" => (Way::Pusher, of_row()?),
            "fact" | "factOfRow" => (Way::Fact, Content::OfRow(text("/id")?)),
            "socket" => (Way::Socket, of_socket()?),
            "socketOfRow" => (Way::Socket, of_socket().or_else(of_row)?),
            _ => return None,
        };
        let (id, request_id) = (text("/id")?, text("/requestId"));
        Some(Self { id, at, request_id, way, content, settled: None, arrived: false })
    }

    /// The events of an entry that is for several channels, as other back ends trigger them.
    fn of_several(at: f64, entry: &Value) -> Vec<Self> {
        let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (Some("appEvent"), Some(id)) = (entry.get("kind").and_then(Value::as_str), text("/id")) else {
            return Vec::new();
        };
        let channels = entry.get("channels").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let one = |channel: &str| {
            let content = Content::Whole(Some(channel.to_owned()), vec![text("/name")?], text("/data")?);
            let (id, request_id) = (id.clone(), text("/requestId"));
            Some(Self { id, at, request_id, way: Way::Pusher, content, settled: None, arrived: false })
        };
        channels.filter_map(one).collect()
    }
}

/// Milliseconds, with a digit after the point as the moments have it.
fn since(from: f64, to: f64) -> f64 {
    ((to - from).max(0.0) * 10.0).round() / 10.0
}

/// The entries of an outbox, whose text this is.
pub(super) fn entries(outbox: Option<&str>) -> Vec<Value> {
    let outbox = outbox.and_then(|text| serde_json::from_str::<Value>(text).ok());
    outbox.as_ref().and_then(|outbox| outbox.get("owed")?.as_array().cloned()).unwrap_or_default()
}

pub(super) fn id(entry: &Value) -> Option<&str> {
    entry.get("id")?.as_str()
}

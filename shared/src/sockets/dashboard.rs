//! `/dashboard`: what its clients send, and what other back ends tell them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::framing::IncomingEvent;
use super::replies::{self, FrameOutcome};
use super::row::Socket;
use super::subscribe::{Subscriptions, subscribe, unsubscribe};
use crate::api_error::ApiError;
use crate::channels;
use crate::contract::id::UserId;
use crate::contract::sockets::{Connected, MAX_EVENT_BYTES, Namespace, Outgoing, SocketEvent as _, Subscribed};
use crate::contract::time::Millis;
use crate::http::idempotency::{IdempotencyKey, REMEMBERED_SECONDS};
use crate::json::{self, Part};
use crate::outbox::{Audience, Committed, Done, Emit, Outbox, WriteContext};
use crate::table::{Key, Table, Write, read};

/// The events that another back end may send; `connected` and `error` are this server's own.
const EVENTS: [&str; 5] = ["notification", "activity", "user_status", "announcement", "stats_update"];

/// `connected`
pub(super) fn connected(user: &UserId, now: Millis) -> Outgoing {
    let message = "Dashboard connection established".to_owned();
    let event = Connected { user_id: user.clone(), timestamp: now.iso(), message };
    Outgoing::Event { namespace: Namespace::Dashboard, name: Connected::NAME.to_owned(), data: event.data() }
}

#[derive(Deserialize)]
struct Channels {
    channels: Vec<String>,
}

/// Handles an event of a client; replies with all channels of the connection. `public` channels are open to everybody.
///
/// # Errors
/// 400 for an unknown event or data that does not fit, and as [`subscribe`].
pub async fn on_event(
    table: &Table,
    public: &[String],
    socket: &Socket,
    event: &IncomingEvent,
) -> Result<FrameOutcome, ApiError> {
    let namespace = Namespace::Dashboard;
    let asked = || json::from_value(Part::Event, event.data.clone()).map(|Channels { channels }| channels);
    let done = match event.name.as_str() {
        "subscribe" => subscribe(table, socket, namespace, public, &asked()?).await?,
        "unsubscribe" => {
            Subscriptions { channels: unsubscribe(table, socket, namespace, &asked()?).await?, refused: Vec::new() }
        }
        _ => return Err(ApiError::Malformed("The events here are subscribe and unsubscribe".to_owned())),
    };
    // Some channels may be refused although others are not: an `error` event says why.
    let error = done.error().map(|error| replies::error(&error, &event.asked(), Millis::now()));
    let errors = error.map(|error| replies::error_events(socket, Some(namespace), &error)).unwrap_or_default();
    let data = Subscribed { channels: done.channels, refused: done.refused }.data();
    let subscribed = Outgoing::Event { namespace, name: Subscribed::NAME.to_owned(), data: data.clone() };
    Ok(FrameOutcome::replies([subscribed].into_iter().chain(errors)).acknowledging(event, namespace, data))
}

/// An event that another back end sends to dashboards.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewEvent {
    /// Such as `announcement`.
    event: String,
    #[serde(default)]
    data: Map<String, Value>,
    /// To this user's connections; without it and without `channel`, to everybody's.
    #[serde(default)]
    user_id: Option<String>,
    /// To the connections that are subscribed to this channel.
    #[serde(default)]
    channel: Option<String>,
}

impl NewEvent {
    fn audience(&self) -> Result<Audience, ApiError> {
        match (&self.user_id, &self.channel) {
            (Some(_), Some(_)) => Err(ApiError::Malformed("Send to userId or to channel, not to both".to_owned())),
            (Some(user), None) => {
                Ok(Audience::User(UserId::parse(user.clone()).map_err(|error| ApiError::field("userId", error))?))
            }
            (None, Some(channel)) => Ok(Audience::Channel(channels::name(channel)?.to_owned())),
            (None, None) => Ok(Audience::Everybody),
        }
    }

    /// The event with its id, by which clients drop duplicates, unless its sender gave it one.
    fn emit(mut self, id: &str, now: Millis) -> Result<Emit, ApiError> {
        if !EVENTS.contains(&self.event.as_str()) {
            return Err(ApiError::field("event", format!("must be one of {}", EVENTS.join(", "))));
        }
        let to = self.audience()?;
        self.data.entry("eventId").or_insert_with(|| Value::from(id));
        self.data.entry("timestamp").or_insert_with(|| Value::String(now.iso()));
        let emit = Emit::named(Namespace::Dashboard, to, &[&self.event], Value::Object(self.data));
        must_fit(&emit)?;
        Ok(emit)
    }
}

/// Refuses an event that would be more than one frame.
pub(super) fn must_fit(emit: &Emit) -> Result<(), ApiError> {
    // The framing adds less than a hundred bytes.
    let length = match &emit.say {
        crate::outbox::Say::Event { data, .. } => data.to_string().len() + 100,
        crate::outbox::Say::Other(_) | crate::outbox::Say::ContactsOnline => 0,
    };
    if length > MAX_EVENT_BYTES {
        return Err(ApiError::TooLarge { what: "The event", bytes: length, limit: MAX_EVENT_BYTES });
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct EventRow {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    fingerprint: Option<String>,
    expires_at: i64,
}

/// Stores an event with the delivery that it owes; returns its id.
///
/// # Errors
/// 400 for invalid fields, 413 when the event would be over 32 KB, 422 for a reused key; then nothing is written.
pub async fn send(
    table: &Table,
    writer: &WriteContext,
    new: NewEvent,
    key: &IdempotencyKey,
    now: Millis,
) -> Result<Done<String>, ApiError> {
    let id = key.id().simple().to_string();
    let emit = new.emit(&id, now)?;
    let committed = Committed::new(Key::socket_event(&id), Outbox::new([emit.into()], writer, now));
    // Kept to be delivered, and to recognize a repetition by.
    let expires_at = now.plus_seconds(REMEMBERED_SECONDS).seconds();
    let row = EventRow { fingerprint: key.fingerprint(), expires_at };
    match table.create(committed.item(&row)?, now).await? {
        Write::Done(()) => Ok(Done::now(id, [committed])),
        Write::ConditionFailed(first) => {
            if let Some(first) = first {
                let first: EventRow = read(first)?;
                key.must_match(first.fingerprint.as_deref())?;
            }
            Ok(Done::replay(id))
        }
    }
}

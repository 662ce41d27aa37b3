//! A write carries the events that it causes.
//!
//! The row that a command puts has an attribute `outbox`: JSON text that lists its pending deliveries. The row and its outbox are
//! committed in one request, so there is no moment at which one exists without the other. The process that delivers
//! an entry then takes it out of the attribute; the last entry takes the attribute away.
//!
//! ```text
//! put row + outbox ──> response ──> deliver ──> acknowledge         the usual case: two writes
//!                 └─(killed here)─> the stream's consumer reads the row again, delivers, acknowledges
//! ```
//!
//! **Leases.** An entry that its writer delivers itself has a lease: until it ends, the entry is the writer's. All other entries,
//! such as those that are added to a row with pending entries, have none, and are the consumer's at once. Entries of one row and
//! one transport arrive in order: an entry behind a running lease waits for its end.
//!
//! **The queue.** A row with entries left after the consumer's visit gets a message in the retry queue; `queue` names the message
//! and when it is expected back. Until then the stream leaves the row to the queue, and messages of other ids are dropped.
//!
//! **By name.** The rows of chat messages, notifications and connections have what their events say, so the entries are names
//! ([`OfRow`]).
//!
//! **Why an attribute.** A transaction with an outbox table would double the write units of every command. Every event has a
//! row that changed, so that row carries it. A later write to the row extends no lease and resets no time of an entry.

mod acknowledge;
mod append;
mod delivery;
mod done;
pub mod email;
mod emit;
mod fact_row;
mod fan_out;
mod member;
pub mod membership;
mod of_row;
pub mod push;
pub mod push_look;
mod report;
mod short;
mod unread;
mod wake;
mod write_context;

use serde::{Deserialize, Serialize};

use crate::contract::time::Millis;
use crate::table::{Item, Key, TableError, item, string, text};

#[cfg(test)]
pub(crate) use acknowledge::changed;
pub(crate) use acknowledge::{EntryChanges, acknowledge, discard};
pub(crate) use append::{Append, Undone};
pub use delivery::{Delivery, Rest, TransportName, UNREAD_SECONDS};
pub use done::Done;
pub use email::{EmailRecipient, UnseenEmail};
pub use emit::{Audience, Emit, Notify, PageStart, Progress, Say, Target};
pub(crate) use fact_row::fact_row;
pub use fan_out::{FanOut, ShardFanOut};
pub use member::{ChannelWebhook, MemberChange};
pub use of_row::OfRow;
pub use push::{Push, PushTerms};
pub use push_look::{ClickAction, PushLook, SecureAddress};
pub use unread::Unread;
pub use wake::Wake;
pub(crate) use write_context::LEASE_MARGIN;
pub use write_context::{INLINE_TIMEOUT, WriteContext};

/// Name of the attribute.
pub const ATTRIBUTE: &str = "outbox";
/// Most entries of a row. Events of presence and parties coalesce before they get here, and facts do not; a row of more is nearer to
/// DynamoDB's 400 KB than to its delivery.
pub const MAX_ENTRIES: usize = 100;
/// Most bytes of the attribute, for the same reason.
pub const MAX_BYTES: usize = 200 * 1024;

/// The pending deliveries of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// The entries, oldest first.
    #[serde(rename = "owed")]
    pub entries: Vec<Entry>,
    /// The message of the retry queue that is about this row, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub queue: Option<Queued>,
}

/// A message of the retry queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    pub id: String,
    /// When it should long have come back. After that, the row is anybody's again.
    pub until: Millis,
}

/// One pending delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Names the entry within its row.
    pub id: String,
    /// When it was committed.
    #[serde(default = "Millis::epoch")]
    pub at: Millis,
    /// The request that caused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// Until then it is its writer's to deliver.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lease: Option<Millis>,
    /// Not to be tried before this: the `Retry-After` of a refusal, or the end of its own window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_before: Option<Millis>,
    /// Whether it may have arrived although nobody said so: the consumer has tried it, or its writer had a lease.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub tried: bool,
    /// How far it has got, where it goes to the subscribers of channels that Carillon itself serves.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fan_out: Option<FanOut>,
    /// How the row stores the delivery, if it has what the delivery says.
    #[serde(skip)]
    pub(crate) short: Option<Box<short::Short>>,
    #[serde(flatten, deserialize_with = "delivery::read")]
    pub delivery: Delivery,
}

impl Entry {
    /// `None` for a fact that nobody asked for.
    fn new(delivery: Delivery, writer: &WriteContext, at: Millis, lease: Option<Millis>) -> Option<Self> {
        let delivery = writer.owed(delivery)?;
        Some(Self {
            id: uuid::Uuid::now_v7().simple().to_string(),
            at,
            request_id: Some(writer.request_id.clone()).filter(|id| !id.is_empty()),
            lease: lease.filter(|_| writer.delivers_itself(&delivery)),
            not_before: delivery.not_before(at),
            tried: false,
            fan_out: None,
            short: None,
            delivery,
        })
    }

    /// A text that cannot be read. It has no recipient and becomes a dead letter.
    pub(crate) fn unreadable(text: &str) -> Self {
        Self {
            id: "unreadable".to_owned(),
            at: Millis::epoch(),
            request_id: None,
            lease: None,
            not_before: None,
            tried: false,
            fan_out: None,
            short: None,
            delivery: Delivery::Unreadable { text: text.to_owned() },
        }
    }

    /// The same entry with this rest of its delivery.
    #[must_use]
    pub(crate) fn only(&self, rest: Rest) -> Self {
        match rest {
            Rest::Subscribers(fan_out) => Self { fan_out: Some(fan_out), ..self.clone() },
            rest => Self { delivery: self.delivery.clone().only(rest), ..self.clone() },
        }
    }

    /// Until when it may not be tried: its writer has it, or it has a later time.
    #[must_use]
    pub fn waits_until(&self, now: Millis) -> Option<Millis> {
        self.lease.max(self.not_before).filter(|then| *then > now)
    }
}

impl Outbox {
    /// The outbox of a new row with these deliveries. Those that the writer delivers itself get its lease.
    #[must_use]
    pub fn new(deliveries: impl IntoIterator<Item = Delivery>, writer: &WriteContext, at: Millis) -> Self {
        let lease = Some(WriteContext::lease(at));
        let entries = deliveries.into_iter().filter_map(|delivery| Entry::new(delivery, writer, at, lease));
        Self { entries: entries.collect(), queue: None }
    }

    /// These deliveries after the pending ones.
    fn with(
        mut self,
        deliveries: impl IntoIterator<Item = Delivery>,
        writer: &WriteContext,
        at: Millis,
        lease: Option<Millis>,
    ) -> Self {
        self.entries.extend(deliveries.into_iter().filter_map(|delivery| Entry::new(delivery, writer, at, lease)));
        self
    }

    /// Whether it has nothing but facts, which the consumer alone sends.
    fn is_facts_alone(&self) -> bool {
        self.entries.iter().all(|entry| entry.delivery.transport() == TransportName::Facts)
    }

    /// The attribute's text.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(&self.stored()).expect("an outbox is numbers, strings and maps with string keys")
    }

    /// Reads the attribute's text. A text that does not parse becomes an entry with the text itself, so that it is reported and
    /// kept, and stands in nobody's way.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self { entries: vec![Entry::unreadable(text)], queue: None })
    }

    /// Whether the entry at this place may be sent now: neither it nor an older one of the same transport waits. A `user-left`
    /// waits behind a `user-joined`.
    #[must_use]
    pub fn is_due(&self, place: usize, now: Millis) -> bool {
        let same_way = |entry: &&Entry| entry.delivery.transport() == self.entries[place].delivery.transport();
        !self.entries[..=place].iter().filter(same_way).any(|entry| entry.waits_until(now).is_some())
    }

    /// Whether it holds more than a row may.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() > MAX_ENTRIES || self.text().len() > MAX_BYTES
    }
}

/// A row with its outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    pub key: Key,
    pub outbox: Outbox,
    /// The attribute as it is stored, which conditions compare with: entries of a newer version may not be written again as
    /// they were.
    text: String,
}

impl Committed {
    /// A row that has this outbox once it is written.
    #[must_use]
    pub fn new(key: Key, outbox: Outbox) -> Self {
        let text = outbox.text();
        Self { key, outbox, text }
    }

    /// Reads a row's outbox, if it has one.
    #[must_use]
    pub fn of_row(row: &Item) -> Option<Self> {
        let (key, text) = (Key::of(row)?, text(row.get(ATTRIBUTE)?)?.to_owned());
        Some(Self { key, outbox: Outbox::parse(&text), text })
    }

    /// Whether any of it is under its writer's lease.
    #[must_use]
    pub fn is_writers(&self) -> bool {
        self.outbox.entries.iter().any(|entry| entry.lease.is_some())
    }

    /// The attribute as it is stored.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The row as it is put: the type's fields, and the outbox unless it is empty.
    ///
    /// # Errors
    /// [`TableError::Unwritable`] for what no row can hold.
    pub(crate) fn item(&self, row: &impl Serialize) -> Result<Item, TableError> {
        let mut item = item(&self.key, row)?;
        if !self.outbox.entries.is_empty() {
            item.insert(ATTRIBUTE.to_owned(), string(&self.text));
        }
        Ok(item)
    }
}

//! A write carries the events that it causes.
//!
//! The row that a command puts has an attribute `outbox`: JSON text that says since when which deliveries are owed. The
//! row and its debts are committed in one request, so there is no moment at which one exists without the other. Whoever
//! delivers an entry then takes it out of the attribute; the last one takes the attribute away.
//!
//! ```text
//! put row + outbox ──> answer ──> deliver ──> clear          the usual case: two writes
//!                 └─(killed here)─> the stream's consumer reads the row again, delivers, clears
//! ```
//!
//! Entries of one row and one kind arrive in order; no kind waits for another. A second write to a row that still owes
//! something appends to it (`append`) and leaves delivering to the consumer, so that a `user-left` never overtakes its
//! `user-joined`.

mod append;
mod done;
pub mod push;
mod settle;

use serde::{Deserialize, Serialize};

use crate::clients::pusher::Message;
use crate::contract::event::Event;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{AttributeValue, Item, Key, TableError, item, string, text};

pub(crate) use append::Append;
pub use done::Done;
pub use push::Push;
pub(crate) use settle::{Settlement, settle};

/// Name of the attribute.
pub const ATTRIBUTE: &str = "outbox";

/// What a row owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// When the newest entry was committed.
    pub at: Millis,
    /// The entries, oldest first.
    pub owed: Vec<Owed>,
}

/// One delivery that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Names the entry within its row.
    pub id: String,
    /// Set once the retry queue has the entry: it is not tried before this, and only from there.
    #[serde(rename = "notBefore", skip_serializing_if = "Option::is_none", default)]
    pub not_before: Option<Millis>,
    /// What is to be delivered, and how.
    #[serde(flatten)]
    pub delivery: Delivery,
}

/// Ways in which something is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Delivery {
    /// An event for a Pusher channel.
    Pusher(Message),
    /// The end of the connections on which a user signed in to Pusher. Of Pusher's kind, so that it follows the event that
    /// tells them why.
    Terminate {
        /// Whose connections.
        user: UserId,
    },
    /// A push to the user's devices.
    Push(Box<Push>),
}

impl Delivery {
    /// The name of its kind, in metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pusher(_) => "pusher",
            Self::Terminate { .. } => "terminate",
            Self::Push(_) => "push",
        }
    }

    /// Whether the writer itself delivers it right after its answer. A push waits for the consumer, which alone has Google's
    /// credentials, and by then it shows whether the user is still connected.
    #[must_use]
    pub fn is_immediate(&self) -> bool {
        matches!(self, Self::Pusher(_) | Self::Terminate { .. })
    }
}

impl Delivery {
    /// The delivery of an event to its Pusher channel.
    #[must_use]
    pub fn event<E: Event>(event: &E) -> Self {
        let channel = event.channel().to_string();
        Self::Pusher(Message { channel, name: E::NAME.to_owned(), data: event.data() })
    }
}

impl Outbox {
    /// An outbox that owes these deliveries.
    #[must_use]
    pub fn new(deliveries: impl IntoIterator<Item = Delivery>, at: Millis) -> Self {
        let owed = deliveries.into_iter().map(|delivery| Owed {
            id: uuid::Uuid::now_v7().simple().to_string(),
            not_before: None,
            delivery,
        });
        Self { at, owed: owed.collect() }
    }

    /// These debts after those that a row already has.
    #[must_use]
    pub fn after(mut self, earlier: Option<Outbox>) -> Self {
        self.owed.splice(0..0, earlier.map(|earlier| earlier.owed).unwrap_or_default());
        self
    }

    /// The attribute's text.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("an outbox is numbers and strings")
    }

    /// The attribute's value.
    #[must_use]
    pub fn value(&self) -> AttributeValue {
        string(self.text())
    }

    /// What a row owes, if anything.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when the attribute is not an outbox.
    pub fn of_row(row: &Item) -> Result<Option<Self>, TableError> {
        let Some(value) = row.get(ATTRIBUTE) else {
            return Ok(None);
        };
        let corrupt = |why: String| TableError::corrupt(Key::of(row), format!("{ATTRIBUTE}: {why}"));
        let text = text(value).ok_or_else(|| corrupt("not a string".to_owned()))?;
        serde_json::from_str(text).map(Some).map_err(|error| corrupt(error.to_string()))
    }
}

/// A committed row with what it owes.
#[derive(Debug, Clone)]
pub struct Committed {
    pub key: Key,
    pub outbox: Outbox,
}

impl Committed {
    /// The row as it is put: the type's fields, and the outbox unless it owes nothing.
    ///
    /// # Errors
    /// [`TableError::Unwritable`] for what no row can hold.
    pub(crate) fn item(&self, row: &impl Serialize) -> Result<Item, TableError> {
        let mut item = item(&self.key, row)?;
        if !self.outbox.owed.is_empty() {
            item.insert(ATTRIBUTE.to_owned(), self.outbox.value());
        }
        Ok(item)
    }
}

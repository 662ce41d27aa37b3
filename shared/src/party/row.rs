//! The rows of a party, read together and written together.

use serde::{Deserialize, Serialize};

use crate::contract::{Event, Person};
use crate::id::{PartyId, UserId};
use crate::key::{AttributeValue, Item, Key, number, string};
use crate::outbox::{ATTRIBUTE, Committed, Delivery, Outbox};
use crate::store::{Action, Store, StoreError, read};
use crate::time::Millis;

/// A party, as stored.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PartyRow {
    pub(super) name: String,
    /// JSON text.
    pub(super) settings: String,
    pub(super) owner: UserId,
    pub(super) created_at: Millis,
    pub(super) updated_at: Millis,
    /// Counts the changes.
    pub(super) version: i64,
    pub(super) members: i64,
    /// Its last member left; the row stays for a day, for whatever it still owes.
    #[serde(default)]
    pub(super) dissolved: bool,
    /// Of the request that created it.
    pub(super) fingerprint: String,
    /// What that request was told, if it had a key and so may come again.
    pub(super) first_answer: Option<String>,
}

/// A member, as stored.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct MemberRow {
    pub(super) sk: String,
    pub(super) username: String,
    pub(super) avatar: Option<String>,
    pub(super) joined_at: Millis,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Pending,
    Accepted,
    Declined,
    Revoked,
}

impl State {
    pub(super) fn value(self) -> AttributeValue {
        string(match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Revoked => "revoked",
        })
    }
}

/// An invitation, as stored.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct InvitationRow {
    pub(super) sk: String,
    pub(super) party_name: String,
    pub(super) inviter: UserId,
    pub(super) inviter_name: String,
    pub(super) invited_at: Millis,
    pub(super) state: State,
    pub(super) expires_at: i64,
}

impl InvitationRow {
    pub(super) fn is_open(&self, now: Millis) -> bool {
        self.state == State::Pending && self.expires_at > now.seconds()
    }
}

/// What a row said, with what it still owed.
#[derive(Debug, Clone)]
pub(super) struct Seen<T> {
    pub(super) row: T,
    pub(super) owing: Option<Outbox>,
}

impl<T: serde::de::DeserializeOwned> Seen<T> {
    pub(super) fn of(item: Item) -> Result<Self, StoreError> {
        let owing = Outbox::of_row(&item)?;
        Ok(Self { row: read(item)?, owing })
    }
}

/// A party with some of its rows, as they were at one moment.
pub(super) struct Snapshot {
    items: std::collections::HashMap<Key, Item>,
    pub(super) party: Option<Seen<PartyRow>>,
    id: PartyId,
}

impl Snapshot {
    /// Reads the party's row and these others, in one round trip.
    pub(super) async fn read(store: &Store, party: &PartyId, others: Vec<Key>) -> Result<Self, StoreError> {
        let mut keys = others;
        keys.push(Key::party(party));
        keys.sort();
        keys.dedup();
        let found = store.get_many(&keys, true).await?;
        let mut items: std::collections::HashMap<_, _> =
            found.into_iter().filter_map(|item| Some((Key::of(&item)?, item))).collect();
        let row = items.remove(&Key::party(party)).map(Seen::<PartyRow>::of).transpose()?;
        Ok(Self { items, party: row.filter(|seen| !seen.row.dissolved), id: party.clone() })
    }

    pub(super) fn member(&self, user: &UserId) -> Result<Option<MemberRow>, StoreError> {
        self.items.get(&Key::member(&self.id, user)).cloned().map(read).transpose()
    }

    pub(super) fn has_member(&self, user: &UserId) -> bool {
        self.items.contains_key(&Key::member(&self.id, user))
    }

    pub(super) fn invitation(&self, user: &UserId) -> Result<Option<Seen<InvitationRow>>, StoreError> {
        self.items.get(&Key::invitation(user, &self.id)).cloned().map(Seen::of).transpose()
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.items.contains_key(key)
    }

    pub(super) fn number(&self, key: &Key, attribute: &str) -> Option<i64> {
        let AttributeValue::N(number) = self.items.get(key)?.get(attribute)? else {
            return None;
        };
        number.parse().ok()
    }
}

/// The next version of a party's row: what it then owes, and the update that a transaction makes.
pub(super) struct NextVersion {
    committed: Committed,
    /// What the row owed before; then only the stream's consumer delivers, in order.
    earlier: Option<Outbox>,
    seen: i64,
    at: Millis,
    sets: Vec<(&'static str, AttributeValue)>,
}

impl NextVersion {
    pub(super) fn of(party: &PartyId, seen: &Seen<PartyRow>, events: &[Event], at: Millis) -> Self {
        Self::owing(party, seen, events.iter().map(Delivery::from), at)
    }

    pub(super) fn owing(
        party: &PartyId,
        seen: &Seen<PartyRow>,
        deliveries: impl IntoIterator<Item = Delivery>,
        at: Millis,
    ) -> Self {
        let outbox = Outbox::owing(deliveries, at).after(seen.owing.clone());
        let committed = Committed { key: Key::party(party), outbox };
        Self { committed, earlier: seen.owing.clone(), seen: seen.row.version, at, sets: Vec::new() }
    }

    /// Sets an attribute too.
    pub(super) fn set(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.sets.push((name, value));
        self
    }

    /// What the writer may deliver.
    pub(super) fn deliverable(self) -> Option<Committed> {
        (self.earlier.is_none() && !self.committed.outbox.owed.is_empty()).then_some(self.committed)
    }

    /// The update, on the condition that nobody changed the party and nobody delivered anything since it was read.
    pub(super) fn write(&self) -> Action {
        let mut expression = "SET version = :next, updated_at = :at".to_owned();
        if !self.committed.outbox.owed.is_empty() {
            expression.push_str(", #outbox = :owed");
        }
        for n in 0..self.sets.len() {
            expression.push_str(&format!(", #s{n} = :s{n}"));
        }
        let mut update = Action::update(&self.committed.key, expression)
            .name("#outbox", ATTRIBUTE)
            .value(":seen", number(self.seen))
            .value(":next", number(self.seen + 1))
            .value(":at", number(self.at.0));
        update = match &self.earlier {
            None => update.condition("version = :seen AND attribute_not_exists(#outbox)"),
            Some(earlier) => {
                update.condition("version = :seen AND #outbox = :earlier").value(":earlier", earlier.value())
            }
        };
        if !self.committed.outbox.owed.is_empty() {
            update = update.value(":owed", self.committed.outbox.value());
        }
        for (n, (name, value)) in self.sets.iter().enumerate() {
            update = update.name(format!("#s{n}"), *name).value(format!(":s{n}"), value.clone());
        }
        update
    }
}

pub(super) fn put_member(party: &PartyId, person: &Person, at: Millis) -> Action {
    let mut row = Key::member(party, &person.user_id).item();
    row.insert("username".to_owned(), string(&person.display_name));
    if let Some(avatar) = &person.avatar_url {
        row.insert("avatar".to_owned(), string(avatar));
    }
    row.insert("joined_at".to_owned(), number(at.0));
    Action::put_new(row)
}

pub(super) fn delete_member(party: &PartyId, user: &UserId) -> Action {
    Action::delete(&Key::member(party, user)).condition("attribute_exists(pk)")
}

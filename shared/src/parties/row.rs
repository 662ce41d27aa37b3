//! The rows of a party, which are read together and written together.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::contract::id::{PartyId, UserId};
use crate::contract::person::Person;
use crate::contract::text::{Line, Picture};
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, WriteContext};
use crate::table::{
    Action, AttributeValue, ByTime, IntoValue, Item, Key, Table, TableError, Update, eq, exists, item, key, read,
    string,
};

/// A party, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PartyRow {
    pub(super) name: Line,
    /// JSON text.
    pub(super) settings: String,
    pub(super) owner: UserId,
    pub(super) created_at: Millis,
    pub(super) updated_at: Millis,
    /// Incremented by every change.
    pub(super) version: i64,
    pub(super) members: i64,
    /// Whether the owner has ended the party, or its last member has left. The row stays for a day, so that its outbox can be
    /// delivered. From then on there is no such party, whatever is left of its members' rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) dissolved: bool,
    /// Until when it stays, of one that has ended.
    #[serde(default, skip_serializing)]
    pub(super) expires_at: Option<i64>,
    /// The body of the first response, if the request had a key and so may be repeated.
    #[serde(rename = "first_answer", skip_serializing_if = "Option::is_none")]
    pub(super) first_response: Option<String>,
}

impl PartyRow {
    /// Whether a party that has ended is still known to have been.
    fn is_remembered(&self, now: Millis) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > now.seconds())
    }
}

/// A member, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MemberRow {
    #[serde(skip_serializing)]
    pub(super) sk: String,
    pub(super) username: Line,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "Picture::stored", default)]
    pub(super) avatar: Option<Picture>,
    pub(super) joined_at: Millis,
}

/// The state of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Pending,
    Accepted,
    Declined,
    Revoked,
}

impl State {
    /// As the row has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Revoked => "revoked",
        }
    }
}

impl IntoValue for State {
    fn into_value(self) -> AttributeValue {
        string(self.name())
    }
}

/// An invitation, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct InvitationRow {
    #[serde(skip_serializing)]
    pub(super) sk: String,
    pub(super) party_name: Line,
    pub(super) inviter: UserId,
    pub(super) inviter_name: Line,
    pub(super) invited_at: Millis,
    pub(super) state: State,
    pub(super) expires_at: i64,
}

impl InvitationRow {
    pub(super) fn is_open(&self, now: Millis) -> bool {
        self.state == State::Pending && self.expires_at > now.seconds()
    }
}

/// A row as it was read, with its outbox.
#[derive(Debug, Clone)]
pub(super) struct ReadRow<T> {
    pub(super) row: T,
    pub(super) owing: Option<Committed>,
}

impl<T: serde::de::DeserializeOwned> ReadRow<T> {
    pub(super) fn of(item: Item) -> Result<Self, TableError> {
        let owing = Committed::of_row(&item);
        Ok(Self { row: read(item)?, owing })
    }
}

/// A party with some of its rows. They are read in one request, but each at its own moment: a transaction that rests on
/// more than the party's row checks it.
pub(super) struct Snapshot {
    items: HashMap<Key, Item>,
    pub(super) party: Option<ReadRow<PartyRow>>,
    /// The row of a party that has ended.
    pub(super) ended: Option<PartyRow>,
    id: PartyId,
}

impl Snapshot {
    /// Reads the party's row and these others, in one request.
    pub(super) async fn read(table: &Table, party: &PartyId, others: Vec<Key>) -> Result<Self, TableError> {
        let mut keys = others;
        keys.push(Key::party(party));
        keys.sort();
        keys.dedup();
        let mut items = table.get_many(&keys, true).await?;
        let row = items.remove(&Key::party(party)).map(ReadRow::<PartyRow>::of).transpose()?;
        let (party_row, ended) = match row {
            Some(seen) if seen.row.dissolved => (None, Some(seen.row).filter(|row| row.is_remembered(Millis::now()))),
            row => (row, None),
        };
        Ok(Self { items, party: party_row, ended, id: party.clone() })
    }

    pub(super) fn member(&self, user: &UserId) -> Result<Option<MemberRow>, TableError> {
        self.items.get(&Key::member(&self.id, user)).cloned().map(read).transpose()
    }

    pub(super) fn has_member(&self, user: &UserId) -> bool {
        self.items.contains_key(&Key::member(&self.id, user))
    }

    pub(super) fn invitation(&self, user: &UserId) -> Result<Option<ReadRow<InvitationRow>>, TableError> {
        self.items.get(&Key::invitation(user, &self.id)).cloned().map(ReadRow::of).transpose()
    }

    /// One of the others, as it was read.
    pub(super) fn row(&self, key: &Key) -> Option<&Item> {
        self.items.get(key)
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

/// The next version of a party's row, if neither the party nor its outbox has changed since it was read.
pub(super) struct NextVersion {
    append: Append,
    update: Update,
}

impl NextVersion {
    pub(super) fn new(
        party: &PartyId,
        seen: &ReadRow<PartyRow>,
        deliveries: impl IntoIterator<Item = Delivery>,
        writer: &WriteContext,
        at: Millis,
    ) -> Result<Self, TableError> {
        let append = Append::new(Key::party(party), seen.owing.clone(), deliveries, writer, at)?;
        let update = append.update().set("version", seen.row.version + 1).set("updated_at", at);
        Ok(Self { append, update: update.when(eq("version", seen.row.version)) })
    }

    /// Also sets this attribute.
    pub(super) fn set(self, name: &'static str, value: impl IntoValue) -> Self {
        Self { update: self.update.set(name, value), ..self }
    }

    /// As [`Append::deliverable`].
    pub(super) fn deliverable(self) -> Option<Committed> {
        self.append.deliverable()
    }

    pub(super) fn write(&self) -> Action {
        self.update.clone().into()
    }
}

pub(super) fn put_member(party: &PartyId, person: &Person, at: Millis) -> Result<Action, TableError> {
    let key = Key::member(party, &person.user_id);
    let row = MemberRow {
        sk: key.sk.clone(),
        username: person.display_name.clone(),
        avatar: person.avatar_url.clone(),
        joined_at: at,
    };
    let mut item = item(&key, &row)?;
    item.insert("gsi1pk".to_owned(), string(key::memberships(&person.user_id)));
    item.insert("gsi1sk".to_owned(), string(ByTime::new(at, party.as_str()).text()));
    Ok(Action::put_new(item, at))
}

pub(super) fn delete_member(party: &PartyId, user: &UserId) -> Action {
    Action::delete(&Key::member(party, user)).when(exists("pk"))
}

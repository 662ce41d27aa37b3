//! A user's contacts: those with whom they have exchanged direct messages, each having written to the other. Contacts hear when
//! the user comes and goes, so one message that nobody answers makes nobody a contact.

use serde::{Deserialize, Serialize};

use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::key::{CONTACT, user as of_user};
use crate::table::{Action, Item, Key, Query, Table, TableError, item, read, unchanged};

/// Most contacts of a user. The one whom nobody answered for the longest time gives way.
pub(super) const MAX_CONTACTS: usize = 100;
/// Contacts of a page. Reading their connections takes one request for up to a hundred.
const PAGE: u16 = 50;

/// A contact, as stored. Rows without a time are of a version that made contacts of one message; they do not count.
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(skip_serializing)]
    sk: String,
    #[serde(default)]
    since: Option<Millis>,
}

impl Row {
    fn contact(&self) -> Option<UserId> {
        self.since.and_then(|_| UserId::parse(self.sk.strip_prefix(CONTACT)?).ok())
    }
}

/// The write that makes another a user's contact, or renews that they are, for the transaction of the message that answers the other's.
pub(crate) fn add(user: &UserId, other: &UserId, now: Millis) -> Result<Action, TableError> {
    let key = Key::contact(user, other);
    Ok(Action::put(item(&key, &Row { sk: key.sk.clone(), since: Some(now) })?))
}

/// Lets a user's oldest contacts give way, where there are more than [`MAX_CONTACTS`]. Both sides' rows go: otherwise one
/// of them would go on hearing of the other.
pub(crate) async fn bound(table: &Table, user: &UserId) -> Result<(), TableError> {
    let rows = table.query_all(of(user)).await?;
    let mut rows = rows.into_iter().map(read::<Row>).collect::<Result<Vec<_>, _>>()?;
    rows.sort_by_key(|row| row.since);
    let excess = rows.len().saturating_sub(MAX_CONTACTS);
    for row in &rows[..excess] {
        let own = Action::delete(&Key { pk: of_user(user), sk: row.sk.clone() });
        // One that a message renews meanwhile stays.
        let own = own.when(unchanged("since", row.since));
        let others = row.contact().map(|other| Action::delete(&Key::contact(&other, user)));
        table.transact(std::iter::once(own).chain(others)).await?;
    }
    Ok(())
}

/// All of a user's contacts.
pub(super) async fn all(table: &Table, user: &UserId) -> Result<Vec<UserId>, TableError> {
    let rows = table.query_all(of(user)).await?;
    contacts(rows.into_iter())
}

/// Some of a user's contacts, and after which the next page starts.
pub(super) async fn page(
    table: &Table,
    user: &UserId,
    after: Option<&str>,
) -> Result<(Vec<UserId>, Option<String>), TableError> {
    let mut query = of(user).limit(PAGE);
    if let Some(after) = after {
        query = query.after(Key { pk: of_user(user), sk: after.to_owned() }.item());
    }
    let page = table.query(&query).await?;
    let last = page.last_evaluated_key.as_ref().and_then(Key::of).map(|key| key.sk);
    Ok((contacts(page.items.into_iter())?, last))
}

fn of(user: &UserId) -> Query {
    Query::new(of_user(user)).begins_with(CONTACT)
}

fn contacts(rows: impl Iterator<Item = Item>) -> Result<Vec<UserId>, TableError> {
    let rows = rows.map(read::<Row>).collect::<Result<Vec<_>, _>>()?;
    Ok(rows.iter().filter_map(Row::contact).collect())
}

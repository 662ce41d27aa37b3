//! Whom a user has exchanged direct messages with: they hear when the user comes and goes.

use crate::contract::id::UserId;
use crate::table::key::{CONTACT, user as of_user};
use crate::table::{Action, Item, Key, Query, Table, TableError, string};

/// Contacts of a page. Reading their connections takes one request for up to a hundred.
const PAGE: u16 = 50;

/// The write that makes a user's contact of another, for the transaction of their first message.
pub(crate) fn add(user: &UserId, other: &UserId) -> Action {
    Action::put(Key::contact(user, other).item())
}

/// Some of a user's contacts, and after which the next page starts.
pub(super) async fn page(
    table: &Table,
    user: &UserId,
    after: Option<&str>,
) -> Result<(Vec<UserId>, Option<String>), TableError> {
    let mut query = Query::new("pk = :user AND begins_with(sk, :contact)")
        .value(":user", string(of_user(user)))
        .value(":contact", string(CONTACT))
        .limit(PAGE);
    if let Some(after) = after {
        query = query.after(Key { pk: of_user(user), sk: after.to_owned() }.item());
    }
    let page = table.query(&query).await?;
    let contact = |row: &Item| UserId::parse(Key::of(row)?.sk.strip_prefix(CONTACT)?).ok();
    let last = page.last_evaluated_key.as_ref().and_then(Key::of).map(|key| key.sk);
    Ok((page.items.iter().filter_map(contact).collect(), last))
}

//! The open connections: a user's, and pages of a namespace's.
//!
//! A connection whose token has expired counts as absent: no event is posted to it, and a direct message to its user becomes a
//! notification. Its next message or the next heartbeat ends it.
//!
//! Channels are an attribute of the place, so an event for a channel reads all places of the namespace: some 25 read units for
//! 1,000 connections, against one write per subscription.

use super::row::{PlaceRow, UserRow};
use super::{contacts, slot};
use crate::contract::id::UserId;
use crate::contract::sockets::Namespace;
use crate::contract::time::Millis;
use crate::outbox::{PageStart, Target};
use crate::table::key::{SOCKET_SHARDS, socket_shard};
use crate::table::{Key, Query, Table, TableError, contains, gt, read};

/// The connections of a user that may hear something, by a consistent read.
pub async fn of_user(
    table: &Table,
    namespace: Namespace,
    user: &UserId,
    now: Millis,
) -> Result<Vec<Target>, TableError> {
    let row = UserRow::of_row(table.get(&Key::user_sockets(namespace, user), true).await?)?;
    Ok(targets(namespace, user, &row, now))
}

fn targets(namespace: Namespace, user: &UserId, row: &UserRow, now: Millis) -> Vec<Target> {
    let target = |entry: super::row::TakenSlot| Target {
        user: user.clone(),
        slot: entry.slot,
        namespace,
        address: entry.address,
    };
    row.open(now).into_iter().map(target).filter(|target| target.address.may_hear(now)).collect()
}

/// Whether a user has any connection, in any namespace of the contract.
pub async fn is_online(table: &Table, user: &UserId, now: Millis) -> Result<bool, TableError> {
    let keys = [Namespace::Dashboard, Namespace::Ws].map(|namespace| Key::user_sockets(namespace, user));
    let rows = table.get_each(keys.each_ref(), true).await?.map(UserRow::of_row);
    let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(rows.iter().any(|row| row.is_there(now)))
}

/// Those of a user's contacts who are in a namespace.
pub async fn contacts_online(
    table: &Table,
    namespace: Namespace,
    user: &UserId,
    now: Millis,
) -> Result<Vec<UserId>, TableError> {
    let contacts = contacts::all(table, user).await?;
    let rows = rows_of(table, namespace, contacts).await?;
    Ok(rows.into_iter().filter(|(_, row)| row.is_there(now)).map(|(contact, _)| contact).collect())
}

/// How many users and connections are in a namespace.
pub async fn online(table: &Table, namespace: Namespace, now: Millis) -> Result<(usize, usize), TableError> {
    let (mut users, mut connections) = (std::collections::BTreeSet::new(), 0);
    let mut next = Some(PageStart::default());
    while let Some(place) = next {
        let page = page(table, PageQuery { namespace, channel: None, from: &place, limit: None }, now).await?;
        connections += page.targets.len();
        users.extend(page.targets.into_iter().map(|target| target.user));
        next = page.next;
    }
    Ok((users.len(), connections))
}

/// How many connections are in a namespace.
pub async fn count(table: &Table, namespace: Namespace, now: Millis) -> Result<usize, TableError> {
    slot::count(table, namespace, now).await
}

/// Which page of a namespace's connections to read.
#[derive(Debug, Clone, Copy)]
pub struct PageQuery<'a> {
    pub namespace: Namespace,
    /// Only those that are subscribed to this channel.
    pub channel: Option<&'a str>,
    pub from: &'a PageStart,
    pub limit: Option<u16>,
}

/// Some of a namespace's connections.
#[derive(Debug)]
pub struct SocketPage {
    pub targets: Vec<Target>,
    /// Where the next page starts, if there is one.
    pub next: Option<PageStart>,
}

/// A page of the connections that may hear something. A page can be empty and have a next one.
pub async fn page(table: &Table, asked: PageQuery<'_>, now: Millis) -> Result<SocketPage, TableError> {
    let mut page = page_of_all(table, asked, now).await?;
    page.targets.retain(|target| target.address.may_hear(now));
    Ok(page)
}

/// As [`page`], with those whose token has expired: they are to be ended.
pub(super) async fn page_of_all(
    table: &Table,
    PageQuery { namespace, channel, from, limit }: PageQuery<'_>,
    now: Millis,
) -> Result<SocketPage, TableError> {
    let shard = socket_shard(namespace, from.shard);
    let mut query = Query::new(&shard).filter(gt("expires_at", now.seconds()));
    if let Some(channel) = channel {
        query = query.filter(contains("channels", channel));
    }
    if let Some(limit) = limit {
        query = query.limit(limit);
    }
    if let Some(after) = &from.after {
        query = query.after(Key { pk: shard, sk: after.clone() }.item());
    }
    let page = table.query(&query).await?;
    let last = page.last_evaluated_key.as_ref().and_then(Key::of);
    let next = match last {
        Some(last) => Some(PageStart { shard: from.shard, after: Some(last.sk) }),
        None => (from.shard + 1 < SOCKET_SHARDS).then(|| PageStart { shard: from.shard + 1, after: None }),
    };
    let rows = page.items.into_iter().map(read).collect::<Result<Vec<PlaceRow>, _>>()?;
    Ok(SocketPage { targets: rows.into_iter().map(PlaceRow::into_target).collect(), next })
}

/// The connections of some of those whom a user has exchanged messages with, and where the next page starts.
pub async fn of_contacts(
    table: &Table,
    namespace: Namespace,
    user: &UserId,
    from: &PageStart,
    now: Millis,
) -> Result<(Vec<Target>, Option<PageStart>), TableError> {
    let (contacts, after) = contacts::page(table, user, from.after.as_deref()).await?;
    let rows = rows_of(table, namespace, contacts).await?;
    let found = rows.iter().flat_map(|(contact, row)| targets(namespace, contact, row, now)).collect();
    Ok((found, after.map(|after| PageStart { shard: 0, after: Some(after) })))
}

/// The rows of these users in a namespace.
async fn rows_of(
    table: &Table,
    namespace: Namespace,
    users: Vec<UserId>,
) -> Result<Vec<(UserId, UserRow)>, TableError> {
    let keys: Vec<Key> = users.iter().map(|user| Key::user_sockets(namespace, user)).collect();
    let mut rows = table.get_many(&keys, true).await?;
    let of_user = |(user, key)| Ok((user, UserRow::of_row(rows.remove(key))?));
    users.into_iter().zip(&keys).map(of_user).collect()
}

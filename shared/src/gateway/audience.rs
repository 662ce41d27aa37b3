//! Pages of a channel's subscribers.

use crate::contract::sockets::ConnectionId;
use crate::contract::time::Millis;
use crate::outbox::PageStart;
use crate::table::key::{SUBSCRIBER_SHARDS, subscribers};
use crate::table::{Key, Query, Table, TableError, gt};

/// Some of a channel's subscribers.
#[derive(Debug)]
pub(crate) struct ChannelPage {
    pub(crate) connections: Vec<ConnectionId>,
    /// Where the next page starts, if there is one.
    pub(crate) next: Option<PageStart>,
}

impl ChannelPage {
    /// The page in parts of at most so many connections. Each part has the place at which the one after it starts.
    pub(crate) fn parts(self, from: &PageStart, most: u16) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        let mut left = self.connections.as_slice();
        while left.len() > usize::from(most) {
            let (part, rest) = left.split_at(most.into());
            let after = part.last().map(ToString::to_string);
            parts.push(Self { connections: part.to_vec(), next: Some(PageStart { shard: from.shard, after }) });
            left = rest;
        }
        parts.push(Self { connections: left.to_vec(), next: self.next });
        parts
    }
}

/// A page of at most so many subscribers of a channel, by a consistent read. A page can be empty and have a next one.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn page(
    table: &Table,
    channel: &str,
    from: &PageStart,
    most: u16,
    now: Millis,
) -> Result<ChannelPage, TableError> {
    let shard = subscribers(channel, from.shard);
    let mut query = Query::new(&shard).filter(gt("expires_at", now.seconds())).project(&["pk", "sk"]).limit(most);
    if let Some(after) = &from.after {
        query = query.after(Key { pk: shard, sk: after.clone() }.item());
    }
    let page = table.query(&query).await?;
    let next = match page.last_evaluated_key.as_ref().and_then(Key::of) {
        Some(last) => Some(PageStart { shard: from.shard, after: Some(last.sk) }),
        None => (from.shard + 1 < SUBSCRIBER_SHARDS).then(|| PageStart { shard: from.shard + 1, after: None }),
    };
    let connections = page.items.iter().filter_map(Key::of).filter_map(|key| ConnectionId::parse(key.sk).ok());
    Ok(ChannelPage { connections: connections.collect(), next })
}

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
    /// Leaves all but the first `most` to the next page.
    pub(crate) fn cut(&mut self, most: u16, from: &PageStart) {
        if self.connections.len() > usize::from(most) {
            self.connections.truncate(most.into());
            let after = self.connections.last().map(ToString::to_string);
            self.next = Some(PageStart { shard: from.shard, after });
        }
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

//! Frames on their way to connections of clients of Pusher.

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};

use super::audience::page;
use crate::clients::connections::{Connections, ForOpening, Posted};
use crate::contract::sockets::{ConnectionId, Stage};
use crate::contract::time::Millis;
use crate::outbox::PageStart;
use crate::table::{Table, TableError};
use crate::telemetry;

/// Posts at once.
const MAX_POSTS: usize = 64;
/// How long a connection may take to open after the response to its handshake.
const OPENING: Duration = Duration::from_secs(3);
/// Subscribers of a page of an event that no row owes.
const PAGE: u16 = 200;

/// Posts frames.
#[derive(Debug, Clone)]
pub(crate) struct Poster {
    pub(crate) connections: Connections,
}

impl Poster {
    pub(crate) async fn post(&self, connection: &ConnectionId, text: &str) -> Posted {
        self.connections.post(Stage::Pusher, connection, text).await.into()
    }

    /// Posts to a connection as soon as it is open; returns whether it arrived.
    pub(crate) async fn post_once_open<F: Future<Output = bool>>(
        &self,
        connection: &ConnectionId,
        text: &str,
        is_awaited: impl Fn() -> F,
    ) -> bool {
        let opening = ForOpening { stage: Stage::Pusher, connection, text, within: OPENING };
        matches!(self.connections.post_once_open(opening, is_awaited).await.into(), Posted::Arrived)
    }

    /// Posts a frame to each of these, in order and many at once.
    pub(crate) async fn post_to_all(&self, connections: Vec<ConnectionId>, text: &str) -> Vec<(ConnectionId, Posted)> {
        let posts: Vec<_> = connections
            .into_iter()
            .map(|connection| async move {
                let posted = self.post(&connection, text).await;
                (connection, posted)
            })
            .collect();
        stream::iter(posts).buffered(MAX_POSTS).collect().await
    }

    /// Ends a connection; returns whether it has ended.
    pub(crate) async fn close(&self, connection: &ConnectionId) -> bool {
        let closed = self.connections.close(Stage::Pusher, connection).await;
        closed.inspect_err(|error| telemetry::cause(error)).is_ok()
    }
}

/// Sends a frame to the subscribers of a channel but one, once: nobody repeats it. The keep-alive finds those that have ended.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn broadcast(
    table: &Table,
    poster: &Poster,
    (channel, text): (&str, &str),
    except: Option<&ConnectionId>,
    deadline: Instant,
) -> Result<(), TableError> {
    let mut next = Some(PageStart::default());
    while let Some(place) = next.take_if(|_| Instant::now() < deadline) {
        let mut page = page(table, channel, &place, PAGE, Millis::now()).await?;
        page.connections.retain(|connection| Some(connection) != except);
        poster.post_to_all(page.connections, text).await;
        next = page.next;
    }
    Ok(())
}

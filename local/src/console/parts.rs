//! The parts that every request of the console needs: the stack that it shows, and the feed.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use super::documents::Documents;
use super::feed::Feed;
use crate::files::workspace::Workspace;
use crate::install::tools::Tools;
use crate::services::pusher_server::Orders;
use crate::services::recorder::Note;
use crate::state;
use crate::state::pusher_app::AppServer;

/// Where the console finds everything.
#[derive(Clone)]
pub(crate) struct Console(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) feed: Feed,
    pub(super) stack: Watched,
    /// The repository.
    pub(super) root: PathBuf,
    /// Where the Node packages of `cargo local listen` are.
    pub(super) packages: PathBuf,
    pub(super) python: PathBuf,
    pub(super) documents: Documents,
}

/// The stack that the console shows.
pub(crate) struct Watched {
    /// The directory of the stack's state file.
    pub(crate) directory: PathBuf,
    /// Signs the Pusher server's webhooks.
    pub(crate) pusher_secret: String,
    /// Absent where the stack has no Pusher server.
    pub(crate) orders: Option<Orders>,
    /// The front door's.
    pub(crate) port: u16,
    /// Where the page connects as a client of Pusher's protocol.
    pub(crate) channels: AppServer,
}

impl Console {
    pub(crate) fn new(workspace: &Workspace, tools: &Tools, stack: Watched) -> Self {
        Self(Arc::new(Inner {
            feed: if stack.orders.is_some() { Feed::new() } else { Feed::without_server() },
            stack,
            root: workspace.root.clone(),
            packages: workspace.listen(),
            python: tools.python.clone(),
            documents: Documents::default(),
        }))
    }

    /// Takes the recorder's notes.
    pub(crate) fn note(&self) -> Note {
        self.0.feed.note()
    }

    /// Follows what happens, for as long as the stack runs.
    pub(crate) async fn follow(&self) -> Infallible {
        self.0.feed.follow(&self.logs()).await
    }

    /// The stack has been reset.
    pub(crate) fn start_over(&self) {
        self.0.feed.start_over();
    }

    pub(super) fn state(&self) -> anyhow::Result<state::State> {
        state::State::read(&self.0.stack.directory)
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.0.stack.directory.join("logs")
    }
}

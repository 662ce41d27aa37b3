//! Real clients: a Node program with pusher-js subscribes for all users of the load.

use anyhow::{Context, Result};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::books::Books;
use super::event::PusherEvent;
use crate::files::workspace::Workspace;
use crate::process::children::{Dialogue, Processes};
use crate::state::State;
use crate::state::directory::StackDirectory;

/// A subscription of a user's.
pub(super) struct Subscription {
    pub(super) user: String,
    pub(super) token: String,
    pub(super) channel: String,
}

/// Where subscriptions are asked for.
pub(super) type Subscriptions = UnboundedSender<Subscription>;

/// The clients.
pub(super) struct Crowd<'a> {
    dialogue: Dialogue<'a>,
    asked: UnboundedReceiver<Subscription>,
}

impl<'a> Crowd<'a> {
    pub(super) fn start(
        workspace: &Workspace,
        processes: &'a Processes,
        directory: &StackDirectory,
    ) -> Result<(Self, Subscriptions)> {
        let mut command = Command::new("node");
        command.arg(workspace.listen().join("crowd.mjs")).env("CARILLON_STACK", State::path(&directory.path));
        let dialogue = processes.start_dialogue("crowd", &mut command, &directory.logs)?;
        let (subscriptions, asked) = unbounded_channel();
        Ok((Self { dialogue, asked }, subscriptions))
    }

    /// Subscribes, and notes what the clients receive, until the program ends.
    pub(super) async fn listen(self, books: &Books) -> Result<()> {
        let Self { mut dialogue, mut asked } = self;
        let mut lines = BufReader::new(&mut dialogue.output).lines();
        loop {
            tokio::select! {
                Some(Subscription { user, token, channel }) = asked.recv() => {
                    let line = json!({ "user": user, "token": token, "channel": channel });
                    dialogue.input.write_all(format!("{line}\n").as_bytes()).await.context("The clients have ended")?;
                }
                line = lines.next_line() => {
                    let line = line?.context("The clients have ended; target/chaos/logs/crowd.log may say why")?;
                    if let Ok(message) = serde_json::from_str::<PusherEvent>(&line) {
                        books.ledger().hear(&message);
                    }
                }
            }
        }
    }
}

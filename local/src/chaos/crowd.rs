//! Real clients: a Node program with pusher-js subscribes for all users of the load.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::books::Books;
use super::event::PusherEvent;
use super::ledger::Delivery;
use crate::files::workspace::Workspace;
use crate::process::children::{Dialogue, Processes};
use crate::state::State;
use crate::state::directory::StackDirectory;
use crate::state::settings::LocalServer;

/// A subscription of a user's.
pub(super) struct Subscription {
    pub(super) user: String,
    pub(super) token: String,
    pub(super) channel: String,
}

/// Where subscriptions are asked for.
pub(super) type Subscriptions = UnboundedSender<Subscription>;

/// A line of the program's output.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    /// An event that a client received.
    Heard {
        connection: String,
        /// In milliseconds since 1970, as all times here.
        heard: f64,
        #[serde(flatten)]
        message: PusherEvent,
    },
    /// A subscription was confirmed.
    Subscribed { connection: String, subscribed: f64, channel: String },
    /// A subscription was refused for good.
    Refused { connection: String, refused: String },
    /// A client was connected.
    Connected { connection: String, socket: String },
    /// A client lost its connection.
    Ended { connection: String, ended: f64 },
}

/// The clients.
pub(super) struct Crowd<'a> {
    /// Whether they are the recipients: there is no Pusher server.
    are_recipients: bool,
    dialogue: Dialogue<'a>,
    asked: UnboundedReceiver<Subscription>,
}

impl<'a> Crowd<'a> {
    pub(super) fn start(
        workspace: &Workspace,
        processes: &'a Processes,
        directory: &StackDirectory,
        pusher: LocalServer,
    ) -> Result<(Self, Subscriptions)> {
        let mut command = Command::new("node");
        command.arg(workspace.listen().join("crowd.mjs")).env("CARILLON_STACK", State::path(&directory.path));
        let are_recipients = pusher == LocalServer::Gateway;
        let dialogue = processes.start_dialogue("crowd", &mut command, &directory.logs)?;
        let (subscriptions, asked) = unbounded_channel();
        Ok((Self { are_recipients, dialogue, asked }, subscriptions))
    }

    /// Subscribes, and notes what the clients receive, until the program ends.
    pub(super) async fn listen(self, books: &Books) -> Result<()> {
        let Self { are_recipients, mut dialogue, mut asked } = self;
        let mut lines = BufReader::new(&mut dialogue.output).lines();
        loop {
            tokio::select! {
                Some(Subscription { user, token, channel }) = asked.recv() => {
                    let line = json!({ "user": user, "token": token, "channel": channel });
                    dialogue.input.write_all(format!("{line}\n").as_bytes()).await.context("The clients have ended")?;
                }
                line = lines.next_line() => {
                    let line = line?.context("The clients have ended; target/chaos/logs/crowd.log may say why")?;
                    if let Ok(line) = serde_json::from_str(&line) {
                        note(books, line, are_recipients);
                    }
                }
            }
        }
    }
}

fn note(books: &Books, line: Line, are_recipients: bool) {
    match line {
        Line::Heard { connection, heard, message } => {
            let delivery = Delivery { to: &connection, at: books.now(), clock: heard };
            let mut ledger = books.ledger();
            ledger.hear(&message);
            if are_recipients {
                ledger.deliver(&message, &delivery);
            }
        }
        Line::Subscribed { connection, subscribed, channel } => {
            books.attendance().subscribed(&connection, &channel, subscribed);
        }
        Line::Refused { connection, refused } => books.attendance().refused(&connection, &refused),
        Line::Connected { connection, socket } => books.attendance().connected(&connection, socket),
        Line::Ended { connection, ended } => books.attendance().ended(&connection, ended),
    }
}

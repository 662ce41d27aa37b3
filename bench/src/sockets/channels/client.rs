//! Many clients of Pusher's protocol in this process, the same for both servers: each connects, answers pings, and says what it receives
//! and when.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use super::signature;

/// The greeting of a connection, which has its socket id.
pub(super) const GREETING: &str = "pusher:connection_established";
pub(super) const SUBSCRIBED: &str = "pusher_internal:subscription_succeeded";
pub(super) const MEMBER_ADDED: &str = "pusher_internal:member_added";
/// Carillon's keep-alive, which clients show to nobody (`shared/src/clients/pusher/frames.rs`).
pub(super) const KEEP_ALIVE: &str = "pusher_internal:subscription_count";
/// The end of a client, in this program's words.
const ENDED: &str = "ended";

/// A frame that a client received.
#[derive(Debug)]
pub(super) struct SeenFrames {
    /// Its number.
    pub(super) client: usize,
    pub(super) at: Instant,
    pub(super) frame: Frame,
}

/// The name, the channel and the data of a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    pub(super) event: String,
    pub(super) channel: String,
    pub(super) data: Value,
}

impl Frame {
    /// Reads a frame. Its data is JSON, or JSON in a string.
    fn read(text: &str) -> Option<Self> {
        let frame: Value = serde_json::from_str(text).ok()?;
        let word = |name: &str| frame[name].as_str().map(str::to_owned);
        let data = match &frame["data"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            data => data.clone(),
        };
        Some(Self { event: word("event")?, channel: word("channel").unwrap_or_default(), data })
    }

    /// The reason of a refusal, or of the end of its client.
    pub(super) fn refusal(&self) -> Option<String> {
        let is_one = [ENDED, "pusher:error", "pusher:subscription_error"].contains(&self.event.as_str());
        is_one.then(|| self.data.to_string())
    }
}

/// The address of a server.
#[derive(Debug, Clone)]
pub(super) struct SocketAddress {
    pub(super) address: SocketAddr,
    /// With a slash at the front, and what is asked for the key.
    pub(super) path: String,
}

/// All clients.
pub(super) struct ChannelClients {
    target: SocketAddress,
    /// The frames that each client sends, by its number.
    outboxes: Vec<UnboundedSender<Message>>,
    /// When each one began to connect.
    pub(super) began: Vec<Instant>,
    /// Each one's socket id, once it is greeted.
    sockets: Vec<String>,
    report: UnboundedSender<SeenFrames>,
    seen: UnboundedReceiver<SeenFrames>,
}

impl ChannelClients {
    pub(super) fn new(target: SocketAddress) -> Self {
        let (report, seen) = unbounded_channel();
        Self { target, outboxes: Vec::new(), began: Vec::new(), sockets: Vec::new(), report, seen }
    }

    /// The next frame that any of them receives.
    ///
    /// # Errors
    /// A refusal, or the end of a client.
    pub(super) async fn next(&mut self) -> Result<SeenFrames> {
        let seen = self.seen.recv().await.context("all clients have ended")?;
        if let Some(reason) = seen.frame.refusal() {
            bail!("client {}: {reason}", seen.client);
        }
        if seen.frame.event == GREETING {
            self.sockets[seen.client] = seen.frame.data["socket_id"].as_str().unwrap_or_default().to_owned();
        }
        Ok(seen)
    }

    /// Has one more connect; returns its number.
    pub(super) fn connect(&mut self) -> usize {
        let client = self.began.len();
        let (outbox, to_send) = unbounded_channel();
        let (target, report) = (self.target.clone(), self.report.clone());
        self.began.push(Instant::now());
        self.sockets.push(String::new());
        self.outboxes.push(outbox);
        tokio::spawn(async move {
            if let Err(error) = run(&target, client, &report, to_send).await {
                let (event, data) = (ENDED.to_owned(), json!(format!("{error:#}")));
                // An error means that the measurement has ended.
                let frame = Frame { event, channel: String::new(), data };
                let _ = report.send(SeenFrames { client, at: Instant::now(), frame });
            }
        });
        client
    }

    /// Has a client that was greeted subscribe to a channel, signed where the channel needs it; returns when.
    pub(super) fn subscribe(&self, client: usize, channel: &str) -> Instant {
        let mut data = json!({ "channel": channel });
        if channel.starts_with("presence-") {
            let member = json!({ "user_id": member(client), "user_info": { "name": "Ada Lovelace" } }).to_string();
            data["auth"] = json!(signature::of_subscription(&self.sockets[client], channel, Some(&member)));
            data["channel_data"] = json!(member);
        }
        let frame = json!({ "event": "pusher:subscribe", "data": data });
        let began = Instant::now();
        // An error means that its connection has ended, which it has reported.
        let _ = self.outboxes[client].send(Message::text(frame.to_string()));
        began
    }
}

/// The user that a client is on presence channels.
pub(super) fn member(client: usize) -> String {
    format!("member-{client}")
}

async fn run(
    target: &SocketAddress,
    client: usize,
    report: &UnboundedSender<SeenFrames>,
    mut to_send: UnboundedReceiver<Message>,
) -> Result<()> {
    let stream = TcpStream::connect(target.address).await.context("no connection")?;
    stream.set_nodelay(true)?;
    let address = format!("ws://{}{}", target.address, target.path);
    let (socket, _) = client_async(address, stream).await.context("the handshake was refused")?;
    let (mut to_server, mut from_server) = socket.split();
    loop {
        tokio::select! {
            message = to_send.recv() => match message {
                Some(message) => to_server.send(message).await?,
                // The measurement has ended.
                None => return Ok(()),
            },
            message = from_server.next() => {
                let Some(message) = message else { bail!("the server ended the connection") };
                let Message::Text(text) = message? else { continue };
                let at = Instant::now();
                let Some(frame) = Frame::read(&text) else { continue };
                if frame.event == "pusher:ping" {
                    to_server.send(Message::text(r#"{"event":"pusher:pong","data":{}}"#)).await?;
                }
                if report.send(SeenFrames { client, at, frame }).is_err() {
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_a_frame_is_json_or_json_in_a_string() {
        for data in [r#"{"n":1}"#, r#""{\"n\":1}""#] {
            let frame = Frame::read(&format!(r#"{{"event":"stock","channel":"news","data":{data}}}"#)).unwrap();
            assert_eq!((frame.event.as_str(), frame.channel.as_str(), &frame.data["n"]), ("stock", "news", &json!(1)));
            assert_eq!(frame.refusal(), None);
        }
        assert_eq!(Frame::read("no JSON"), None);
        let refused = Frame::read(r#"{"event":"pusher:error","data":{"code":4009}}"#).unwrap();
        assert!(refused.refusal().unwrap().contains("4009"));
    }
}

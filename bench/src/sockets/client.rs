//! Many clients of Socket.IO in this process, the same for all servers: each connects, enters `/dashboard`, answers pings, and says what it
//! receives and when.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use super::packet::Packet;

/// One event that a client received.
#[derive(Debug)]
pub(super) struct Seen {
    /// Its number.
    pub(super) client: usize,
    pub(super) at: Instant,
    pub(super) packet: Packet,
}

/// Where the server is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) address: SocketAddr,
    /// With a slash at the front, and at the end where the server wants one.
    pub(super) path: &'static str,
}

/// All clients.
pub(super) struct Clients {
    place: Place,
    /// The frames that each client sends, by its number.
    outboxes: Vec<UnboundedSender<Message>>,
    /// When each one began to connect.
    pub(super) began: Vec<Instant>,
    report: UnboundedSender<Seen>,
    pub(super) seen: UnboundedReceiver<Seen>,
}

impl Clients {
    pub(super) fn new(place: Place) -> Self {
        let (report, seen) = unbounded_channel();
        Self { place, outboxes: Vec::new(), began: Vec::new(), report, seen }
    }

    /// How many have begun to connect.
    pub(super) fn count(&self) -> usize {
        self.began.len()
    }

    /// Has one more connect; returns its number.
    pub(super) fn connect(&mut self, token: &str) -> usize {
        let client = self.count();
        let (outbox, to_send) = unbounded_channel();
        let (place, report, token) = (self.place.clone(), self.report.clone(), token.to_owned());
        self.began.push(Instant::now());
        self.outboxes.push(outbox);
        tokio::spawn(async move {
            if let Err(error) = run(&place, &token, client, &report, to_send).await {
                let packet = Packet::Refused(format!("{error:#}"));
                // An error means that the measurement has ended.
                let _ = report.send(Seen { client, at: Instant::now(), packet });
            }
        });
        client
    }

    /// Has a client send a frame.
    pub(super) fn send(&self, client: usize, frame: String) {
        // An error means that its connection has ended, which it has reported.
        let _ = self.outboxes[client].send(Message::text(frame));
    }
}

async fn run(
    place: &Place,
    token: &str,
    client: usize,
    report: &UnboundedSender<Seen>,
    mut to_send: UnboundedReceiver<Message>,
) -> Result<()> {
    let stream = TcpStream::connect(place.address).await.context("no connection")?;
    stream.set_nodelay(true)?;
    // Events have one of their two names, as a new client would ask.
    let query = format!("EIO=4&transport=websocket&names=lower&token={token}");
    let address = format!("ws://{}{}?{query}", place.address, place.path);
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
                let Some(message) = message else { anyhow::bail!("the server ended the connection") };
                let Message::Text(text) = message? else { continue };
                let at = Instant::now();
                let Some(packet) = Packet::read(&text) else { continue };
                match packet {
                    Packet::Open => to_server.send(Message::text("40/dashboard,")).await?,
                    Packet::Ping => to_server.send(Message::text("3")).await?,
                    _ => {}
                }
                if report.send(Seen { client, at, packet }).is_err() {
                    return Ok(());
                }
            }
        }
    }
}

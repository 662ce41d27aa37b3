//! Connections to the WebSocket API.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::address::Address;
use super::http::NoReply;
use super::secret::{Redaction, Secret};
use super::wire::{Connector, Wire};

/// Most frames that a failure shows.
const SHOWN_FRAMES: usize = 3;

/// The WebSocket API, and how it is reached.
pub(super) struct SocketApi {
    pub(super) address: Address,
    pub(super) connector: Connector,
    pub(super) timeout: Duration,
}

/// Why a handshake opened no connection.
pub(super) enum NotOpen {
    /// It was refused with this status.
    Refused(u16),
    NoReply(NoReply),
}

impl NotOpen {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Refused(status) => format!("a handshake that was refused with {status}"),
            Self::NoReply(reason) => reason.to_string(),
        }
    }
}

/// An open connection.
pub(super) struct Socket {
    stream: WebSocketStream<Box<dyn Wire>>,
    timeout: Duration,
    has_ended: bool,
}

impl SocketApi {
    /// Opens a connection. `path` has a query, to which the token is added.
    ///
    /// # Errors
    /// [`NotOpen`]
    pub(super) async fn open(&self, path: &str, token: Option<&Secret>) -> Result<Socket, NotOpen> {
        let mut address = format!("{}{path}", self.address);
        if let Some(token) = token {
            address.push(if path.contains('?') { '&' } else { '?' });
            address.push_str(
                &form_urlencoded::Serializer::new(String::new()).append_pair("token", token.reveal()).finish(),
            );
        }
        let opening = async {
            let wire = self.connector.connect(&self.address).await;
            let wire = wire.map_err(|error| NotOpen::NoReply(NoReply::NoConnection(error)))?;
            match client_async(address.as_str(), wire).await {
                Ok((stream, _)) => Ok(Socket { stream, timeout: self.timeout, has_ended: false }),
                Err(Error::Http(response)) => Err(NotOpen::Refused(response.status().as_u16())),
                // The error may quote the address, and with it the token.
                Err(_) => Err(NotOpen::NoReply(NoReply::Broken)),
            }
        };
        let opened = tokio::time::timeout(self.timeout, opening).await;
        opened.unwrap_or(Err(NotOpen::NoReply(NoReply::Late(self.timeout))))
    }
}

impl Socket {
    pub(super) async fn send(&mut self, text: &str) {
        // A connection that has ended shows in what comes next.
        let _ = self.stream.send(Message::text(text)).await;
    }

    /// Waits for a frame that fits.
    ///
    /// # Errors
    /// What came instead, ready to be shown.
    pub(super) async fn next(&mut self, redaction: &Redaction, fits: impl Fn(&str) -> bool) -> Result<String, String> {
        let mut others = Vec::new();
        let waiting = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) if fits(&text) => return Ok(text.to_string()),
                    Some(Ok(Message::Text(text))) if is_gateways(&text) => {
                        return Err(format!(
                            "{} of API Gateway's: the function failed or was throttled",
                            redaction.shown(&text)
                        ));
                    }
                    Some(Ok(Message::Text(text))) => others.push(redaction.shown(&text)),
                    Some(Ok(Message::Close(frame))) => {
                        self.has_ended = true;
                        return Err(ended(frame.as_ref()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => {
                        self.has_ended = true;
                        return Err("the end of the connection, without a close frame".to_owned());
                    }
                }
            }
        };
        let limit = self.timeout;
        let waited = tokio::time::timeout(limit, waiting).await;
        waited.unwrap_or_else(|_| Err(format!("no such frame within {} s", limit.as_secs()))).map_err(|reason| {
            let skipped = others.len().saturating_sub(SHOWN_FRAMES);
            match others.split_off(skipped).join(" ") {
                frames if frames.is_empty() => reason,
                frames => format!("{reason}; before it: {frames}"),
            }
        })
    }

    /// Ends the connection, and waits until the other side has.
    ///
    /// # Errors
    /// What came instead, ready to be shown.
    pub(super) async fn close(mut self) -> Result<(), String> {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        let closing = async {
            if self.has_ended || self.stream.close(Some(frame)).await.is_err() {
                return Err("a connection that had ended already".to_owned());
            }
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Close(Some(frame)))) if frame.code != CloseCode::Normal => {
                        return Err(ended(Some(&frame)));
                    }
                    Some(Ok(_)) => {}
                    // API Gateway may end the connection of TCP at once.
                    Some(Err(_)) | None => return Ok(()),
                }
            }
        };
        let closed = tokio::time::timeout(self.timeout, closing).await;
        closed.unwrap_or_else(|_| Err(format!("a connection that was open {} s later", self.timeout.as_secs())))
    }
}

/// Whether API Gateway sent the frame by itself, because the function of the route failed or was throttled.
fn is_gateways(frame: &str) -> bool {
    let frame: Value = serde_json::from_str(frame).unwrap_or_default();
    frame["message"].is_string() && frame["connectionId"].is_string() && frame["event"].is_null()
}

fn ended(frame: Option<&CloseFrame>) -> String {
    match frame {
        Some(frame) => format!("the end of the connection, with code {}", u16::from(frame.code)),
        None => "the end of the connection".to_owned(),
    }
}

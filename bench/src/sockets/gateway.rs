//! A stand-in of API Gateway's WebSocket API: invokes a function for each handshake, message and end, and takes posts to
//! connections. As on AWS, a connection cannot be posted to before its handshake is answered (410), and the messages of one connection
//! are handed over side by side.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::event::{Route, Target, event, handshake};
use super::lambda::Function;

/// Most bytes of a handshake.
const MAX_HEAD: usize = 16 * 1024;

/// The open connections.
#[derive(Default)]
pub(crate) struct Gateway {
    open: Mutex<HashMap<String, UnboundedSender<Message>>>,
    handshakes: AtomicU64,
}

/// The functions that are invoked.
pub(super) struct Routes {
    pub(super) connect: Arc<Function>,
    pub(super) message: Arc<Function>,
    pub(super) disconnect: Arc<Function>,
}

impl Gateway {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, UnboundedSender<Message>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status that answers a request to `/{stage}/@connections/{id}`.
    pub(crate) fn respond(&self, method: &str, path: &str, body: &[u8]) -> &'static str {
        let connection = path.rsplit('/').next().unwrap_or_default();
        let open = self.lock().get(connection).cloned();
        let sent = |message| open.as_ref().is_some_and(|open| open.send(message).is_ok());
        let is_done = match method {
            "POST" => sent(Message::text(String::from_utf8_lossy(body).into_owned())),
            "DELETE" => sent(Message::Close(None)),
            _ => open.is_some(),
        };
        if is_done { "200 OK" } else { "410 Gone" }
    }

    /// Takes connections until the listener fails.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener, routes: Arc<Routes>) {
        while let Ok((stream, _)) = listener.accept().await {
            let (gateway, routes) = (self.clone(), routes.clone());
            tokio::spawn(async move {
                if let Err(error) = gateway.of_one(stream, routes).await {
                    eprintln!("a connection failed: {error:#}");
                }
            });
        }
    }

    /// A connection from its handshake to its end.
    async fn of_one(&self, mut stream: TcpStream, routes: Arc<Routes>) -> Result<()> {
        stream.set_nodelay(true)?;
        let (target, key) = read_handshake(&mut stream).await?;
        let id = format!("{:016x}", self.handshakes.fetch_add(1, Ordering::Relaxed));
        let answer = routes.connect.invoke(&handshake(&id, &target)).await?;
        let status = answer["statusCode"].as_u64().unwrap_or(502);
        if status != 200 {
            let body = answer["body"].as_str().unwrap_or_default();
            let head = format!("HTTP/1.1 {status} Refused\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            return Ok(stream.write_all(head.as_bytes()).await?);
        }
        let accept = derive_accept_key(key.as_bytes());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let (mut to_client, mut from_client) =
            WebSocketStream::from_raw_socket(stream, Role::Server, None).await.split();
        let (open, mut posted) = unbounded_channel();
        self.lock().insert(id.clone(), open);
        tokio::spawn(async move {
            while let Some(message) = posted.recv().await {
                let is_last = message.is_close();
                if to_client.send(message).await.is_err() || is_last {
                    return;
                }
            }
        });
        while let Some(Ok(message)) = from_client.next().await {
            let Message::Text(text) = message else { continue };
            let (routes, event) = (routes.clone(), event(Route::Message, &target.stage, &id, Some(&text)));
            tokio::spawn(async move {
                if let Err(error) = routes.message.invoke(&event).await {
                    eprintln!("a message failed: {error:#}");
                }
            });
        }
        self.lock().remove(&id);
        routes.disconnect.invoke(&event(Route::Disconnect, &target.stage, &id, None)).await.map(drop)
    }
}

/// The target of a handshake, and its key.
async fn read_handshake(stream: &mut TcpStream) -> Result<(Target, String)> {
    let mut head = Vec::new();
    // A client sends no more before the response.
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(head.len() < MAX_HEAD, "a handshake over 16 KB");
        ensure!(stream.read_buf(&mut head).await? > 0, "the client has gone");
    }
    parse_handshake(&head)
}

fn parse_handshake(head: &[u8]) -> Result<(Target, String)> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    ensure!(request.parse(head)?.is_complete(), "half a handshake");
    let target = Target::read(request.path.context("a handshake has a path")?);
    let key = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("sec-websocket-key"));
    Ok((target, String::from_utf8(key.context("a handshake has a key")?.value.to_vec())?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_posted_to_while_it_is_open() {
        let gateway = Gateway::default();
        let path = "/ws/@connections/c1";
        assert_eq!(gateway.respond("POST", path, b"hello"), "410 Gone");
        let (open, mut posted) = unbounded_channel();
        gateway.lock().insert("c1".to_owned(), open);
        assert_eq!(gateway.respond("GET", path, b""), "200 OK");
        assert_eq!(gateway.respond("POST", path, b"hello"), "200 OK");
        assert_eq!(gateway.respond("DELETE", path, b""), "200 OK");
        assert_eq!(posted.try_recv().unwrap(), Message::text("hello"));
        assert!(posted.try_recv().unwrap().is_close());
        drop(posted);
        assert_eq!(gateway.respond("POST", path, b"hello"), "410 Gone");
    }

    #[test]
    fn a_handshake_has_a_target_and_a_key() {
        let head = b"GET /ws?token=t HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let (target, key) = parse_handshake(head).unwrap();
        assert_eq!((target.stage.as_str(), key.as_str()), ("ws", "dGhlIHNhbXBsZSBub25jZQ=="));
        assert!(parse_handshake(b"GET /ws HTTP/1.1\r\n\r\n").is_err());
    }
}

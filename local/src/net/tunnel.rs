//! Passes the handshake of a WebSocket on to another address, and then every byte both ways.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Notify;

use crate::net::relay::speak_for_itself;

/// The client that speaks to the other side.
#[derive(Clone)]
pub(crate) struct Tunnel {
    client: Client<HttpConnector, Body>,
    /// Ends all connections.
    cuts: Arc<Notify>,
}

/// The other side did not answer the handshake.
#[derive(Debug)]
pub(crate) struct NoAnswer;

/// Whether a request asks for a WebSocket.
pub(crate) fn is_handshake(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

impl Tunnel {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // The other side closes the connection of a refused handshake, so the next handshake has one of its own.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Self { client, cuts: Arc::default() }
    }

    /// Ends all connections that there are, without a word to either side.
    pub(crate) fn cut(&self) {
        self.cuts.notify_waiters();
    }

    /// Handles one handshake with this address, and then the connection until either side ends it.
    pub(crate) async fn open(&self, mut request: Request, address: Uri) -> Result<Response, NoAnswer> {
        let client_side = hyper::upgrade::on(&mut request);
        let (mut parts, _) = request.into_parts();
        parts.uri = address;
        speak_for_itself(&mut parts.headers);
        let sent = self.client.request(Request::from_parts(parts, Body::empty()));
        let mut response = sent.await.map_err(|_| NoAnswer)?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let server_side = hyper::upgrade::on(&mut response);
            let cut = self.cuts.clone().notified_owned();
            tokio::spawn(async move {
                if let (Ok(client), Ok(server)) = tokio::join!(client_side, server_side) {
                    let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
                    // When one side ends, the other side is closed too.
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        () = cut => {}
                    }
                }
            });
        } else {
            // A refusal is an ordinary response.
            response.headers_mut().remove(CONNECTION);
        }
        Ok(response.map(Body::new))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Longer than any machine needs for a request to itself.
    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn each_handshake_has_a_connection_of_its_own() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let mut open = Vec::new();
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.unwrap();
                assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
                stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                // It stays open, and nobody reads from it.
                open.push(stream);
            }
        });
        let tunnel = Tunnel::new();
        for _ in 0..2 {
            let opened = tunnel.open(Request::default(), address.parse().unwrap());
            let refused = tokio::time::timeout(LIMIT, opened).await.expect("it came on the first one").unwrap();
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        }
        server.await.unwrap();
    }
}

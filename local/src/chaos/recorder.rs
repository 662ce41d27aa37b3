//! A proxy between the functions and the Pusher server. It notes each event of every batch that the server took.
//!
//! It hides nothing of the server's failures. While the server is gone, nobody listens on the proxy's port, so
//! connections are refused. A connection on which the server does not answer any more is closed without a response. While
//! the server hangs, so does the response; and what a function has given up waiting for is noted all the same if the server
//! takes it in the end.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use axum::body::{Body, Bytes, to_bytes};
use http::request::Parts;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::books::Books;
use super::event::Batch;
use crate::relay::Relay;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// The proxy's port.
pub(super) struct Recorder {
    /// Bound without listening: keeps the port while nobody listens on it.
    _reserved: TcpSocket,
    address: SocketAddr,
}

impl Recorder {
    /// Takes a free port.
    pub(super) fn bind() -> Result<Self> {
        let reserved = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = reserved.local_addr()?;
        Ok(Self { _reserved: reserved, address })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Passes requests on to the server at this address while it is up, until the task ends.
    pub(super) async fn serve(self, server: &str, books: Books, mut is_up: watch::Receiver<bool>) -> Result<()> {
        loop {
            is_up.wait_for(|up| *up).await.context("Nobody says whether the Pusher server is up")?;
            let listener = bind(self.address)?.listen(BACKLOG).context("The recorder's port cannot be listened on")?;
            // A new relay each time, so that none of its connections is to a server that is gone.
            let proxy = Proxy { relay: Relay::to(server), books: books.clone() };
            tokio::select! {
                outcome = proxy.accept(listener) => match outcome? {},
                // Closes the port and all connections.
                gone = is_up.wait_for(|up| !*up) => drop(gone.context("Nobody says whether the Pusher server is up")?),
            }
        }
    }
}

fn bind(address: SocketAddr) -> Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| format!("{address} cannot be used"))?;
    Ok(socket)
}

#[derive(Clone)]
struct Proxy {
    relay: Relay,
    books: Books,
}

/// The server did not answer, so nor does the proxy.
#[derive(Debug)]
struct Unanswered;

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the Pusher server did not answer")
    }
}

impl std::error::Error for Unanswered {}

impl Proxy {
    async fn accept(self, listener: TcpListener) -> Result<Infallible> {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            connections.spawn(self.clone().connection(stream));
            while connections.try_join_next().is_some() {}
        }
    }

    async fn connection(self, stream: TcpStream) {
        let service = service_fn(move |request| self.clone().handle(request));
        // An error is how a connection ends that the other side has left, or that has no answer.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn handle(self, request: Request<Incoming>) -> Result<Response<Body>, Unanswered> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.map_err(|_| Unanswered)?;
        let (answer, answered) = oneshot::channel();
        // A task of its own, which goes on when the function leaves.
        tokio::spawn(async move {
            let response = self.pass_on(parts, body).await;
            let _ = answer.send(response);
        });
        answered.await.map_err(|_| Unanswered)?
    }

    async fn pass_on(self, parts: Parts, body: Bytes) -> Result<Response<Body>, Unanswered> {
        let is_batch = parts.method == Method::POST && parts.uri.path().ends_with("/batch_events");
        let response = self.relay.send(parts, body.clone()).await.map_err(|_| Unanswered)?;
        if is_batch
            && response.status().is_success()
            && let Ok(Batch { batch }) = serde_json::from_slice(&body)
        {
            self.books.deliver(&batch);
        }
        Ok(response.map(Body::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use http::StatusCode;
    use serde_json::json;

    /// Takes all batches but those to the app "refused", and never answers the app "silent".
    async fn server() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(async |request: Request<Body>| match request.uri().path() {
            "/apps/refused/batch_events" => StatusCode::BAD_REQUEST,
            "/apps/silent/batch_events" => std::future::pending().await,
            _ => StatusCode::OK,
        });
        tokio::spawn(async { axum::serve(listener, router).await });
        address
    }

    async fn send(recorder: &str, app: &str) -> Option<StatusCode> {
        let data = json!({ "sessionId": app }).to_string();
        let batch = json!({ "batch": [{ "channel": "private-user-ben", "name": "kudos:received", "data": data }] });
        let request = Request::post(format!("/apps/{app}/batch_events")).body(()).unwrap();
        let sent = Relay::to(recorder).send(request.into_parts().0, batch.to_string().into()).await;
        sent.ok().map(|response| response.status())
    }

    #[tokio::test]
    async fn what_the_server_takes_is_noted() {
        let (books, recorder) = (Books::default(), Recorder::bind().unwrap());
        let address = format!("http://{}", recorder.address);
        let (up, is_up) = watch::channel(true);
        let (server, own) = (server().await, books.clone());
        tokio::spawn(async move { recorder.serve(&server, own, is_up).await });
        while send(&address, "good").await.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(books.ledger().deliveries(), 1);
        assert_eq!(send(&address, "refused").await, Some(StatusCode::BAD_REQUEST));
        assert_eq!(books.ledger().deliveries(), 1);

        let hanging = tokio::spawn({
            let address = address.clone();
            async move { send(&address, "silent").await }
        });
        tokio::task::yield_now().await;
        up.send(false).unwrap();
        assert_eq!(hanging.await.unwrap(), None, "the connection is closed without a response");
        assert_eq!(send(&address, "good").await, None, "nobody listens");

        up.send(true).unwrap();
        while send(&address, "good").await.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(books.ledger().deliveries(), 2);
    }
}

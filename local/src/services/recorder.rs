//! A proxy before the Pusher server. It tells of each event that another server sent and the Pusher server took.
//!
//! It hides nothing of the server's failures. While the server is gone, nobody listens on the proxy's port, so
//! connections are refused. A connection on which the server does not answer any more is closed without a response. While
//! the server hangs, so does the response. An event counts once the server takes it, even if the function has stopped
//! waiting. Clients' WebSockets pass through unread, whichever page opens them; the HTTP API is for programs alone.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::body::{Body, Bytes, to_bytes};
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::net::guard;
use crate::net::relay::Relay;
use crate::net::tunnel::{Tunnel, is_handshake};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How often a server that is gone is looked for.
const INTERVAL: Duration = Duration::from_millis(10);

/// An event for one channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PusherEvent {
    pub(crate) channel: String,
    pub(crate) name: String,
    /// The payload, as JSON text.
    pub(crate) data: String,
}

/// Called with the events of each request that the server took.
pub(crate) type Note = Arc<dyn Fn(Vec<PusherEvent>) + Send + Sync>;

/// The proxy's port.
pub(crate) struct Recorder {
    /// Bound without listening: keeps the port while nobody listens on it. Only Linux allows a second
    /// bind then; elsewhere another program may take the port.
    _reserved: Option<TcpSocket>,
    address: SocketAddr,
}

impl Recorder {
    /// Takes this port; a free one if it is 0.
    pub(crate) fn bind(port: u16) -> Result<Self> {
        let reserved = bind((Ipv4Addr::LOCALHOST, port).into())?;
        let address = reserved.local_addr()?;
        Ok(Self { _reserved: cfg!(target_os = "linux").then_some(reserved), address })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Passes requests on to the server at this address while it is up, until the task ends.
    pub(crate) async fn serve(self, server: &str, note: Note, mut is_up: watch::Receiver<bool>) -> Result<()> {
        loop {
            is_up.wait_for(|up| *up).await.context("Nobody says whether the Pusher server is up")?;
            let listener = bind(self.address)?.listen(BACKLOG).context("The recorder's port cannot be listened on")?;
            // A new relay each time, so that none of its connections is to a server that is gone.
            let proxy = Proxy::to(server, note.clone());
            tokio::select! {
                outcome = proxy.accept(listener) => match outcome? {},
                // Closes the port and all connections.
                gone = is_up.wait_for(|up| !*up) => drop(gone.context("Nobody says whether the Pusher server is up")?),
            }
        }
    }
}

/// Says whether the server is up, by a connection on which nothing is sent: it ends at the moment when the server does.
pub(crate) async fn watch_server(server: SocketAddr, is_up: watch::Sender<bool>) -> Infallible {
    loop {
        let connected = TcpStream::connect(server).await;
        is_up.send_if_modified(|up| std::mem::replace(up, connected.is_ok()) != connected.is_ok());
        if let Ok(mut connection) = connected {
            let _ = connection.read(&mut [0]).await;
        } else {
            tokio::time::sleep(INTERVAL).await;
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
    server: String,
    relay: Relay,
    tunnel: Tunnel,
    note: Note,
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
    fn to(server: &str, note: Note) -> Self {
        Self { server: server.to_owned(), relay: Relay::to(server), tunnel: Tunnel::new(), note }
    }

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
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
    }

    async fn handle(self, request: Request<Incoming>) -> Result<Response<Body>, Unanswered> {
        if is_handshake(request.headers()) {
            let address = format!("{}{}", self.server, request.uri()).parse().map_err(|_| Unanswered)?;
            return self.tunnel.open(request.map(Body::new), address).await.map_err(|_| Unanswered);
        }
        let (parts, body) = match guard::admit(request) {
            Ok(request) => request.into_parts(),
            Err(refusal) => return Ok(refusal.into_response()),
        };
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
        let sends = parts.method == Method::POST && is_of_events(parts.uri.path());
        let response = self.relay.send(parts, body.clone()).await.map_err(|_| Unanswered)?;
        if sends && response.status().is_success() {
            (self.note)(events_in(&body));
        }
        Ok(response.map(Body::from))
    }
}

/// Whether events are sent to this path of Pusher's HTTP API: one to several channels, or a batch.
fn is_of_events(path: &str) -> bool {
    path.ends_with("/events") || path.ends_with("/batch_events")
}

/// The events in the body of such a request.
fn events_in(body: &[u8]) -> Vec<PusherEvent> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Sent {
        Batch { batch: Vec<Event> },
        One(Event),
    }
    #[derive(Deserialize)]
    struct Event {
        name: String,
        data: Value,
        channel: Option<String>,
        #[serde(default)]
        channels: Vec<String>,
    }
    let events = match serde_json::from_slice(body) {
        Ok(Sent::Batch { batch }) => batch,
        Ok(Sent::One(event)) => vec![event],
        Err(_) => Vec::new(),
    };
    let to_each = |Event { name, data, channel, channels }: Event| {
        let data = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
        let message = move |channel| PusherEvent { channel, name: name.clone(), data: data.clone() };
        channel.into_iter().chain(channels).map(message)
    };
    events.into_iter().flat_map(to_each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use http::StatusCode;
    use serde_json::json;
    use std::sync::Mutex;
    use tokio::io::AsyncWriteExt as _;

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
    async fn events_that_the_server_takes_are_recorded() {
        let (received, recorder) = (Arc::new(Mutex::new(Vec::new())), Recorder::bind(0).unwrap());
        let address = format!("http://{}", recorder.address);
        let (up, is_up) = watch::channel(true);
        let (server, own) = (server().await, received.clone());
        let note: Note = Arc::new(move |messages| own.lock().unwrap().extend(messages));
        tokio::spawn(async move { recorder.serve(&server, note, is_up).await });
        while send(&address, "good").await.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(received.lock().unwrap().len(), 1);
        assert_eq!(send(&address, "refused").await, Some(StatusCode::BAD_REQUEST));
        assert_eq!(received.lock().unwrap().len(), 1);

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
        assert_eq!(received.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_page_of_elsewhere_sends_no_event_but_opens_a_websocket() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (server, recorder) = (format!("http://{}", listener.local_addr().unwrap()), Recorder::bind(0).unwrap());
        let (address, (_up, is_up)) = (recorder.address, watch::channel(true));
        tokio::spawn(echo(listener));
        let note: Note = Arc::new(|_| panic!("an event of a page"));
        tokio::spawn(async move { recorder.serve(&server, note, is_up).await });
        let ask = async |request: String| {
            let mut client = loop {
                match TcpStream::connect(address).await {
                    Ok(client) => break client,
                    Err(_) => tokio::task::yield_now().await,
                }
            };
            client.write_all(request.as_bytes()).await.unwrap();
            let mut status = [0; 12];
            client.read_exact(&mut status).await.unwrap();
            String::from_utf8(status.to_vec()).unwrap()
        };
        for foreign in [
            format!("host: {address}\r\norigin: https://evil.example\r\n"),
            format!("host: {address}\r\nsec-fetch-site: cross-site\r\n"),
            "host: evil.example\r\n".to_owned(),
        ] {
            let post = format!("POST /apps/1000/events HTTP/1.1\r\ncontent-length: 2\r\n{foreign}\r\n{{}}");
            assert_eq!(ask(post).await, "HTTP/1.1 403", "{foreign}");
        }
        let page = "origin: https://app.example\r\nsec-fetch-site: cross-site";
        let upgrade = "connection: upgrade\r\nupgrade: websocket";
        let handshake = format!("GET /app/key?protocol=7 HTTP/1.1\r\nhost: {address}\r\n{page}\r\n{upgrade}\r\n\r\n");
        assert_eq!(ask(handshake).await, "HTTP/1.1 101");
    }

    #[test]
    fn an_event_for_several_channels_is_recorded_once_per_channel() {
        let one = |channel: &str| PusherEvent {
            channel: channel.to_owned(),
            name: "hello".to_owned(),
            data: r#"{"a":1}"#.to_owned(),
        };
        let sent = json!({ "name": "hello", "channels": ["a", "b"], "data": "{\"a\":1}" });
        assert_eq!(events_in(sent.to_string().as_bytes()), [one("a"), one("b")]);
        let batch = json!({ "batch": [{ "name": "hello", "channel": "c", "data": { "a": 1 } }] });
        assert_eq!(events_in(batch.to_string().as_bytes()), [one("c")]);
        assert!(events_in(b"nonsense").is_empty());
        assert!(
            is_of_events("/apps/1/events") && is_of_events("/apps/1/batch_events") && !is_of_events("/apps/1/channels")
        );
    }

    #[tokio::test]
    async fn a_server_is_up_from_its_start_to_its_end() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_up, mut sees) = watch::channel(false);
        tokio::spawn(watch_server(address, is_up));
        sees.wait_for(|up| *up).await.unwrap();
        let (connection, _) = listener.accept().await.unwrap();
        drop((listener, connection));
        sees.wait_for(|up| !*up).await.unwrap();
        let _again = bind(address).unwrap().listen(1).unwrap();
        sees.wait_for(|up| *up).await.unwrap();
    }

    /// Takes one handshake, and then sends back what it gets.
    async fn echo(listener: TcpListener) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        assert!(request.starts_with(b"GET /app/key?protocol=7 HTTP/1.1\r\n"));
        let answer = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        tokio::io::copy(&mut reader, &mut writer).await.unwrap();
    }

    #[tokio::test]
    async fn websockets_pass_through_unread() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(echo(listener));
        let recorder = Recorder::bind(0).unwrap();
        let address = recorder.address;
        let (_up, is_up) = watch::channel(true);
        let note: Note = Arc::new(|_| panic!("nothing was sent over HTTP"));
        tokio::spawn(async move { recorder.serve(&server, note, is_up).await });
        let mut client = loop {
            match TcpStream::connect(address).await {
                Ok(client) => break client,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let handshake =
            "GET /app/key?protocol=7 HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        client.write_all(handshake.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(client.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        client.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    }
}

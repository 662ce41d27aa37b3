//! The WebSocket API of the stand-in, and its faults.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::fault::{Fault, MEMBER, ServerState};

const GREETED: &str = "sockets: a member is greeted in /dashboard";
const BAD_FRAME: &str = "sockets: a frame that is no event gets an error, and the connection stays";
const EVENT: &str = "sockets: a message whose event is $disconnect is a message";
const ACTION: &str = "sockets: a message whose action is $disconnect is a message";
const PINGED: &str = "sockets: a ping is answered";
const CLOSES: &str = "sockets: a connection closes when it is told to";
const WS: &str = "sockets: /ws answers";
const SOCKET_IO: &str = "Socket.IO: a client opens a session, joins /dashboard and leaves it";
const WRITE: &str = "write: an event of another back end arrives in a channel that was granted to the member";

/// Each fault of the WebSocket API, with the checks that fail of it.
pub(super) const FAULTS: &[(Fault, &[&str])] = &[
    (
        Fault::Socket("lets everybody in"),
        &[
            "sockets: /dashboard refuses a handshake without a token",
            "sockets: /ws refuses a handshake without a token",
            "sockets: a token with a wrong signature is refused",
        ],
    ),
    (
        Fault::Socket("fails"),
        &[
            "sockets: /dashboard refuses a handshake without a token",
            "sockets: /ws refuses a handshake without a token",
            "sockets: a token with a wrong signature is refused",
            "sockets: a path below a stage is refused",
            GREETED,
            SOCKET_IO,
            WRITE,
        ],
    ),
    (Fault::Socket("opens every path"), &["sockets: a path below a stage is refused"]),
    (Fault::Socket("is full"), &[GREETED, SOCKET_IO, WRITE]),
    (Fault::Socket("greets nobody"), &[GREETED]),
    (Fault::Socket("answers no ping"), &[PINGED, BAD_FRAME, EVENT, ACTION, WS]),
    (Fault::Socket("is throttled"), &[PINGED, BAD_FRAME, EVENT, ACTION, WS, SOCKET_IO, WRITE]),
    (Fault::Socket("ends on a bad frame"), &[BAD_FRAME, EVENT, ACTION, CLOSES]),
    (Fault::Socket("ignores a bad frame"), &[BAD_FRAME]),
    (Fault::Socket("runs the route of an event"), &[EVENT, ACTION, CLOSES]),
    (Fault::Socket("runs the route of an action"), &[ACTION]),
    (Fault::Socket("takes an event's name for a route, quietly"), &[EVENT]),
    (Fault::Socket("does not close"), &[CLOSES, WS, SOCKET_IO]),
    (Fault::Socket("ends /ws with an error"), &[WS]),
    (Fault::Socket("has no /ws"), &[WS]),
    (Fault::Socket("opens no session"), &[SOCKET_IO]),
    (Fault::Socket("joins nobody"), &[SOCKET_IO]),
    (Fault::Socket("subscribes nobody"), &[WRITE]),
    (Fault::Socket("sends no event"), &[WRITE]),
];

/// A connection, as its address asks for it.
#[derive(Default)]
struct Asked {
    path: String,
    query: String,
}

pub(super) async fn serve(state: ServerState, stream: TcpStream) {
    let fault = state.fault;
    let mut asked = Asked::default();
    #[allow(clippy::result_large_err, reason = "the callback's type is the library's")]
    let callback = |request: &Request, response: Response| {
        let query = request.uri().query().unwrap_or_default();
        asked = Asked { path: request.uri().path().to_owned(), query: query.to_owned() };
        match refusal(fault, &asked) {
            None => Ok(response),
            Some(status) => {
                let mut refused = ErrorResponse::new(Some(format!("you sent {query}")));
                *refused.status_mut() = status.try_into().unwrap();
                Err(refused)
            }
        }
    };
    let Ok(mut stream) = accept_hdr_async(stream, callback).await else { return };
    if asked.query.contains("EIO=4") {
        socket_io(fault, &mut stream).await;
    } else {
        plain(&state, &asked, &mut stream).await;
    }
}

/// The status with which a handshake is refused, if it is.
fn refusal(fault: Fault, Asked { path, query }: &Asked) -> Option<u16> {
    let is_member = query.split('&').any(|pair| pair == format!("token={MEMBER}"));
    let is_stage = matches!(path.as_str(), "/dashboard" | "/ws" | "/socket.io/");
    if fault == Fault::Echoes {
        return Some(418);
    }
    if fault.is("fails") {
        return Some(500);
    }
    if !is_stage && !fault.is("opens every path") {
        return Some(403);
    }
    if !is_member && !fault.is("lets everybody in") {
        return Some(401);
    }
    if fault.is("has no /ws") && path == "/ws" {
        return Some(403);
    }
    (fault.is("is full") && path != "/ws").then_some(429)
}

type Stream = WebSocketStream<TcpStream>;

async fn say(stream: &mut Stream, frame: &Value) {
    let _ = stream.send(Message::text(frame.to_string())).await;
}

/// API Gateway's own frame.
fn throttled() -> Value {
    json!({ "message": "Internal server error", "connectionId": "a=", "requestId": "b=" })
}

async fn end(stream: &mut Stream, code: u16) {
    let _ = stream.send(Message::Close(Some(CloseFrame { code: code.into(), reason: "".into() }))).await;
}

/// Whether the connection goes on after this message. The library answers a close frame when the stream is used next.
async fn goes_on(fault: Fault, message: &Message) -> bool {
    if message.is_close() && fault.is("does not close") {
        std::future::pending::<()>().await;
    }
    !message.is_close()
}

async fn plain(state: &ServerState, asked: &Asked, stream: &mut Stream) {
    let fault = state.fault;
    let mut events = state.events.subscribe();
    let mut channels = Vec::new();
    // Whether the row of the connection is gone.
    let mut is_gone = false;
    if asked.path == "/dashboard" && !fault.is("greets nobody") {
        say(stream, &json!({ "event": "connected", "data": { "userId": "ada" } })).await;
    }
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            Ok((channel, event)) = events.recv() => {
                if channels.contains(&channel) && !fault.is("sends no event") {
                    say(stream, &event).await;
                }
                continue;
            }
        };
        let Some(Ok(message)) = message else { return };
        if !goes_on(fault, &message).await {
            return;
        }
        let Message::Text(text) = message else { continue };
        if is_gone {
            return end(stream, 1001).await;
        }
        if fault.is("is throttled") {
            say(stream, &throttled()).await;
            continue;
        }
        let event: Value = serde_json::from_str(&text).unwrap_or_default();
        match event["event"].as_str() {
            Some("ping") if fault.is("answers no ping") => {}
            Some("ping") => {
                say(stream, &json!({ "event": "pong", "data": null })).await;
                if asked.path == "/ws" && fault.is("ends /ws with an error") {
                    return end(stream, 1011).await;
                }
            }
            Some("subscribe") if fault.is("subscribes nobody") => {}
            Some("subscribe") => {
                channels = serde_json::from_value(event["data"]["channels"].clone()).unwrap();
                say(stream, &json!({ "event": "subscribed", "data": { "channels": channels } })).await;
            }
            Some("$disconnect") if fault.is("runs the route of an event") => is_gone = true,
            Some("$disconnect") if fault.is("takes an event's name for a route, quietly") => {}
            None if event["action"] == "$disconnect" && fault.is("runs the route of an action") => is_gone = true,
            None if event.is_null() && fault.is("ends on a bad frame") => return end(stream, 1011).await,
            None if event.is_null() && fault.is("ignores a bad frame") => {}
            _ => say(stream, &json!({ "event": "error", "data": { "error": "Bad Request" } })).await,
        }
    }
}

async fn socket_io(fault: Fault, stream: &mut Stream) {
    let packet = |text: &str| Message::text(text.to_owned());
    if !fault.is("opens no session") {
        let _ = stream.send(packet(r#"0{"sid":"1"}"#)).await;
    }
    while let Some(Ok(message)) = stream.next().await {
        if !goes_on(fault, &message).await {
            return;
        }
        if fault.is("is throttled") {
            say(stream, &throttled()).await;
            continue;
        }
        let reply = match message.to_text() {
            Ok("40/dashboard,") if !fault.is("joins nobody") => r#"40/dashboard,{"sid":"2"}"#,
            Ok("2probe") => "3probe",
            _ => continue,
        };
        let _ = stream.send(packet(reply)).await;
    }
}

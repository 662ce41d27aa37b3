//! The WebSocket API, in plain JSON.

use serde_json::Value;

use super::{Expectation, NO_USER, Site};
use crate::commands::smoke::report::{Mismatch, SmokeReport};
use crate::commands::smoke::secret::Secret;
use crate::commands::smoke::sections::{FUNCTION_FAILS, ROUTE_NAMES, SMOKE, USERS_GET_401, WEBSOCKETS};
use crate::commands::smoke::socket::{NotOpen, Socket};

/// The event in a frame of plain JSON.
pub(super) fn event(frame: &str) -> Value {
    serde_json::from_str(frame).unwrap_or_default()
}

fn is_named(name: &str) -> impl Fn(&str) -> bool {
    move |frame| event(frame)["event"] == name
}

const NAMES: [&str; 7] = [
    "sockets: a member is greeted in /dashboard",
    "sockets: a ping is answered",
    "sockets: a frame that is no event gets an error, and the connection stays",
    "sockets: a message whose event is $disconnect is a message",
    "sockets: a message whose action is $disconnect is a message",
    "sockets: a connection closes when it is told to",
    "sockets: /ws answers",
];

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>, user: Option<&str>) {
    for path in ["/dashboard", "/ws"] {
        let name = format!("sockets: {path} refuses a handshake without a token");
        report.check(&name, refused(site, path, None, &[401])).await;
    }
    let forged = site.tokens.member.forged();
    let name = "sockets: a token with a wrong signature is refused";
    report.check(name, refused(site, "/dashboard", Some(&forged), &[401])).await;
    let name = "sockets: a path below a stage is refused";
    // 403 is API Gateway's; behind one origin for both APIs, the HTTP API answers, which has no such route.
    let trailing = refused(site, "/dashboard/carillon-smoke", Some(&site.tokens.member), &[400, 403, 404]);
    report.check(name, trailing).await;

    let [greeted, pinged, bad, event_name, action_name, closes, messages] = NAMES;
    if user.is_none() {
        NAMES.iter().for_each(|name| report.skip(name, NO_USER));
        return;
    }
    let Some(mut socket) = report.check(greeted, greeting(site)).await else {
        [pinged, bad, event_name, action_name, closes, messages]
            .iter()
            .for_each(|name| report.skip(name, "/dashboard opened no connection"));
        return;
    };
    report.check(pinged, ping(site, &mut socket, FUNCTION_FAILS)).await;
    report.check(bad, answered(site, &mut socket, "carillon-smoke", FUNCTION_FAILS)).await;
    report.check(event_name, answered(site, &mut socket, r#"{"event":"$disconnect"}"#, ROUTE_NAMES)).await;
    report.check(action_name, answered(site, &mut socket, r#"{"action":"$disconnect"}"#, ROUTE_NAMES)).await;
    report.check(closes, close(socket)).await;
    report.check(messages, ws(site)).await;
}

async fn refused(site: &Site, path: &str, token: Option<&Secret>, statuses: &[u16]) -> Result<(), Mismatch> {
    let got = match site.sockets.open(path, token).await {
        Err(NotOpen::Refused(status)) if statuses.contains(&status) => return Ok(()),
        Err(reason) => reason.shown(),
        Ok(_) => "an open connection".to_owned(),
    };
    let list = statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let see = if statuses == [401] { USERS_GET_401 } else { SMOKE };
    Err(Mismatch { expected: format!("a handshake with {path} that is refused with {list}"), got, see })
}

/// The first event of a new connection: it comes after the row of the connection is stored.
async fn greeting(site: &Site) -> Result<Socket, Mismatch> {
    let mut socket = site.open("/dashboard", SMOKE).await?;
    let expectation = Expectation { text: r#"{"event":"connected",…} after the handshake"#, see: FUNCTION_FAILS };
    site.frame(&mut socket, expectation, is_named("connected")).await?;
    Ok(socket)
}

async fn ping(site: &Site, socket: &mut Socket, see: &'static str) -> Result<(), Mismatch> {
    socket.send(r#"{"event":"ping"}"#).await;
    let expectation = Expectation { text: r#"{"event":"pong","data":null} for a ping"#, see };
    site.frame(socket, expectation, is_named("pong")).await.map(drop)
}

/// Sends a frame that gets an `error`. A ping afterwards shows that the connection's row is there: the function of `$disconnect`
/// removes it, and a frame of a connection without a row ends the connection.
async fn answered(site: &Site, socket: &mut Socket, frame: &str, see: &'static str) -> Result<(), Mismatch> {
    socket.send(frame).await;
    let expected = format!(r#"{{"event":"error",…}} for the frame {frame}"#);
    site.frame(socket, Expectation { text: &expected, see }, is_named("error")).await?;
    ping(site, socket, see).await
}

async fn close(socket: Socket) -> Result<(), Mismatch> {
    let failed = |got| Mismatch { expected: "a close frame with code 1000".to_owned(), got, see: WEBSOCKETS };
    socket.close().await.map_err(failed)
}

async fn ws(site: &Site) -> Result<(), Mismatch> {
    let mut socket = site.open("/ws", SMOKE).await?;
    ping(site, &mut socket, FUNCTION_FAILS).await?;
    close(socket).await
}

//! The WebSocket API, as socket.io-client speaks to it.

use super::{Expectation, NO_USER, Site};
use crate::commands::smoke::report::{Mismatch, SmokeReport};
use crate::commands::smoke::sections::{FUNCTION_FAILS, SMOKE, WEBSOCKETS};

const NAME: &str = "Socket.IO: a client opens a session, joins /dashboard and leaves it";

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>, user: Option<&str>) {
    match user {
        Some(_) => drop(report.check(NAME, session(site)).await),
        None => report.skip(NAME, NO_USER),
    }
}

/// Engine.IO's protocol 4, with the packets of Socket.IO's protocol 5 in its messages.
async fn session(site: &Site) -> Result<(), Mismatch> {
    // A stage's name cannot hold a dot. CloudFront asks for the stage where one origin has both APIs.
    let path = if site.sockets.address.is_api_gateways() { "/socketio" } else { "/socket.io/" };
    let mut socket = site.open(&format!("{path}?EIO=4&transport=websocket"), SMOKE).await?;
    for (sent, expected, prefix) in [
        ("", r#"0{"sid":…}"#, "0{\"sid\":"),
        ("40/dashboard,", r#"40/dashboard,{"sid":…}"#, "40/dashboard,{\"sid\":"),
        ("2probe", "3probe", "3probe"),
    ] {
        if !sent.is_empty() {
            socket.send(sent).await;
        }
        let expected = format!("the packet {expected} after {}", if sent.is_empty() { "the handshake" } else { sent });
        site.frame(&mut socket, Expectation { text: &expected, see: FUNCTION_FAILS }, |frame| {
            frame.starts_with(prefix)
        })
        .await?;
    }
    socket.send("41/dashboard,").await;
    let failed = |got| Mismatch { expected: "a close frame with code 1000".to_owned(), got, see: WEBSOCKETS };
    socket.close().await.map_err(failed)
}

//! `--write`: an event for a dashboard, from another back end's request to the member's connection.
//!
//! The grant of the channel is taken away again. The event's own row goes by itself, a day later.

use serde_json::json;

use super::sockets::event;
use super::{Expectation, NO_USER, PREFIX, Site, call};
use crate::commands::smoke::http::Call;
use crate::commands::smoke::report::{Mismatch, SmokeReport};
use crate::commands::smoke::secret::Secret;
use crate::commands::smoke::sections::{FUNCTION_FAILS, SMOKE, WEBSOCKETS};
use crate::commands::smoke::socket::Socket;

const ARRIVES: &str = "write: an event of another back end arrives in a channel that was granted to the member";
const REVOKED: &str = "write: the grant is taken away again";

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>, user: Option<&str>) {
    let (Some(user), Some(service)) = (user, &site.tokens.service) else {
        [ARRIVES, REVOKED].iter().for_each(|name| report.skip(name, NO_USER));
        return;
    };
    // Of this run alone: another one may be at work as the same member.
    let channel = format!("{PREFIX}-{:08x}", rand::random::<u32>());
    let grant = format!("/dashboard/channels/{channel}/members/{user}");
    report.check(ARRIVES, arrives(site, service, &channel, &grant)).await;
    // Also after a failure, which may have come later than the grant.
    let work = expect_status(site, call("DELETE", &grant).by(service), 204);
    report.check(REVOKED, work).await;
}

async fn arrives(site: &Site, service: &Secret, channel: &str, grant: &str) -> Result<(), Mismatch> {
    expect_status(site, call("PUT", grant).by(service), 204).await?;
    let mut socket = site.open("/dashboard", SMOKE).await?;
    let subscribed = sent(site, service, channel, &mut socket).await;
    // A connection that cannot be closed properly is another check's.
    let _ = socket.close().await;
    subscribed
}

async fn sent(site: &Site, service: &Secret, channel: &str, socket: &mut Socket) -> Result<(), Mismatch> {
    socket.send(&json!({ "event": "subscribe", "data": { "channels": [channel] } }).to_string()).await;
    let expected = format!(r#"{{"event":"subscribed","data":{{"channels":["{channel}"]}}}}"#);
    let is_subscribed = |frame: &str| {
        let event = event(frame);
        event["event"] == "subscribed" && event["data"]["channels"] == json!([channel])
    };
    site.frame(socket, Expectation { text: &expected, see: WEBSOCKETS }, is_subscribed).await?;

    let body = json!({ "event": "activity", "channel": channel, "data": { "type": PREFIX } });
    let call = Call::new(http::Method::POST, "/dashboard/events").by(service).json(&body);
    let expectation = Expectation { text: r#"202 {"eventId":…}"#, see: FUNCTION_FAILS };
    let reply = site
        .reply(call, expectation, |reply| reply.status.as_u16() == 202 && !reply.field("eventId").is_empty())
        .await?;

    let id = reply.field("eventId");
    let expected = format!(r#"{{"event":"activity","data":{{"eventId":"{id}",…}}}}"#);
    let is_sent = |frame: &str| {
        let event = event(frame);
        event["event"] == "activity" && event["data"]["eventId"] == id
    };
    site.frame(socket, Expectation { text: &expected, see: WEBSOCKETS }, is_sent).await.map(drop)
}

async fn expect_status(site: &Site, call: Call<'_>, status: u16) -> Result<(), Mismatch> {
    let expected = status.to_string();
    let expectation = Expectation { text: &expected, see: FUNCTION_FAILS };
    site.expect(call, expectation, |reply| reply.status.as_u16() == status).await
}

//! Subscriptions to Pusher's channels: those that the member may have, and another's.

use http::Method;
use serde_json::Value;

use super::signature::{SOCKET_ID, is_signature};
use super::{Expectation, NO_USER, PREFIX, Site, is_error};
use crate::commands::smoke::http::{Call, Reply};
use crate::commands::smoke::report::{Mismatch, SmokeReport};
use crate::commands::smoke::sections::{FUNCTION_FAILS, USERS_GET_401};

const OWN: &str = "channels: a member may subscribe to their own";
const ROOM: &str = "channels: a member may subscribe to a room, under their own id";
const OTHERS: &str = "channels: a member may not subscribe to another's";

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>, user: Option<&str>) {
    let Some(user) = user else {
        for name in [OWN, ROOM, OTHERS] {
            report.skip(name, NO_USER);
        }
        return;
    };
    let expected = r#"200 {"auth":"<key>:<64 hexadecimal digits>"}"#;
    let own = format!("private-user-{user}");
    let work = granted(site, &own, expected, |reply| reply.json["channel_data"].is_null());
    report.check(OWN, work).await;

    let expected = r#"200 {"auth":"<key>:<64 hexadecimal digits>","channel_data":"{\"user_id\":<the member>…}"}"#;
    let is_members = |reply: &Reply| {
        let data: Value = serde_json::from_str(reply.field("channel_data")).unwrap_or_default();
        data["user_id"] == user
    };
    report.check(ROOM, granted(site, &format!("{}{PREFIX}", contract::channel::ROOM), expected, is_members)).await;

    let call = authorization(site, "private-user-carillon-smoke-somebody-else");
    let expected = r#"403 {"error":"Forbidden","message":"Not authorized to access this channel"}"#;
    let work = site.expect(call, Expectation { text: expected, see: USERS_GET_401 }, |reply| {
        is_error(reply, 403) && reply.field("message") == "Not authorized to access this channel"
    });
    report.check(OTHERS, work).await;
}

async fn granted(site: &Site, channel: &str, expected: &str, fits: impl Fn(&Reply) -> bool) -> Result<(), Mismatch> {
    let expectation = Expectation { text: expected, see: FUNCTION_FAILS };
    let is_granted = |reply: &Reply| reply.status.as_u16() == 200 && is_signature(reply.field("auth")) && fits(reply);
    site.expect(authorization(site, channel), expectation, is_granted).await
}

fn authorization<'a>(site: &'a Site, channel: &str) -> Call<'a> {
    let fields = [("socket_id", SOCKET_ID), ("channel_name", channel)];
    Call::new(Method::POST, "/pusher/auth").by(&site.tokens.member).form(&fields)
}

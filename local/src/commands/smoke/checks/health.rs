//! `GET /health`.

use std::time::Duration;

use http::Method;

use super::{Expectation, Site};
use crate::commands::smoke::http::{Call, Reply};
use crate::commands::smoke::report::{Mismatch, SmokeReport};
use crate::commands::smoke::sections::{DEPLOYING, FUNCTION_FAILS, OPERATOR_ERRORS};

/// A function that has just started may not reach Pusher within the 0.8 s that `functions/health` gives it, and says so with 503.
const ATTEMPTS: u32 = 3;
const BETWEEN: Duration = Duration::from_secs(1);

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>) {
    report.check("health: the table and Pusher are reached", reached(site)).await;
    report.check("health: a monitor may ask for the head alone", head(site)).await;
}

async fn reached(site: &Site) -> Result<(), Mismatch> {
    let mut attempt = 1;
    let reply = loop {
        let reply = site.http.send(&Call::get("/health")).await;
        let is_degraded = reply.as_ref().is_ok_and(|reply| reply.status.as_u16() == 503);
        if !is_degraded || attempt == ATTEMPTS {
            break reply;
        }
        attempt += 1;
        tokio::time::sleep(BETWEEN).await;
    };
    let (got, see) = match reply {
        Ok(reply) if is_well(&reply) => return Ok(()),
        Ok(reply) if reply.field("pusher") == "unreachable" => (reply.shown(&site.redaction), OPERATOR_ERRORS),
        Ok(reply) => (reply.shown(&site.redaction), FUNCTION_FAILS),
        Err(reason) => (reason.to_string(), DEPLOYING),
    };
    let expected = r#"GET /health → 200 {"status":"ok","table":"ok","pusher":"ok"} with an x-request-id"#;
    Err(Mismatch { expected: expected.to_owned(), got, see })
}

fn is_well(reply: &Reply) -> bool {
    let parts = ["status", "table", "pusher"].map(|part| reply.field(part));
    reply.status.as_u16() == 200 && parts == ["ok"; 3] && !reply.header("x-request-id").is_empty()
}

async fn head(site: &Site) -> Result<(), Mismatch> {
    let expectation = Expectation { text: "200 without a body", see: FUNCTION_FAILS };
    let call = Call::new(Method::HEAD, "/health");
    site.expect(call, expectation, |reply| reply.status.as_u16() == 200 && reply.text.is_empty()).await
}

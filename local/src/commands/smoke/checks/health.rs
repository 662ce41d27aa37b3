//! `GET /health`.

use std::time::Duration;

use http::Method;

use super::{Expectation, Site};
use crate::commands::smoke::http::Call;
use crate::commands::smoke::report::{Failure, Report};
use crate::commands::smoke::sections::{DEPLOYING, FUNCTION_FAILS, OPERATOR_ERRORS};

/// A function that has just started may not reach Pusher within the 0.8 s that `functions/health` gives it, and says so with 503.
const ATTEMPTS: u32 = 3;
const BETWEEN: Duration = Duration::from_secs(1);

pub(super) async fn check(site: &Site, report: &mut Report<'_>) {
    report.check("health: the table and Pusher are reached", reached(site)).await;
    report.check("health: a monitor may ask for the head alone", head(site)).await;
}

async fn reached(site: &Site) -> Result<(), Failure> {
    let call = Call::get("/health");
    for attempt in 1.. {
        let reply = site.http.send(&call).await;
        let is_degraded = reply.as_ref().is_ok_and(|reply| reply.status.as_u16() == 503);
        if is_degraded && attempt < ATTEMPTS {
            tokio::time::sleep(BETWEEN).await;
            continue;
        }
        let see = match &reply {
            Err(_) => DEPLOYING,
            Ok(reply) if reply.field("pusher") == "unreachable" => OPERATOR_ERRORS,
            Ok(_) => FUNCTION_FAILS,
        };
        let failed = |got| {
            let expected = r#"GET /health → 200 {"status":"ok","table":"ok","pusher":"ok"} with an x-request-id"#;
            Failure { expected: expected.to_owned(), got, see }
        };
        return match reply {
            Ok(reply) => {
                let parts = ["status", "table", "pusher"].map(|part| reply.field(part));
                let is_well = reply.status.as_u16() == 200 && parts == ["ok"; 3];
                match is_well && !reply.header("x-request-id").is_empty() {
                    true => Ok(()),
                    false => Err(failed(reply.shown(&site.redaction))),
                }
            }
            Err(reason) => Err(failed(reason.to_string())),
        };
    }
    unreachable!("the loop ends with its last attempt")
}

async fn head(site: &Site) -> Result<(), Failure> {
    let expectation = Expectation { text: "200 without a body", see: FUNCTION_FAILS };
    let call = Call::new(Method::HEAD, "/health");
    site.expect(call, expectation, |reply| reply.status.as_u16() == 200 && reply.text.is_empty()).await
}

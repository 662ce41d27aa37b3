//! The pages that may call the API.

use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};

use super::{Expectation, Site, call};
use crate::commands::smoke::http::{Call, Reply};
use crate::commands::smoke::report::SmokeReport;
use crate::commands::smoke::sections::ORIGINS;

/// A name that nobody can own (RFC 6761, section 6.4).
const FOREIGN: &str = "https://carillon-smoke.invalid";
/// The headers that clients of Carillon send.
const HEADERS: [&str; 4] = ["authorization", "content-type", "idempotency-key", "if-none-match"];

const ALLOWED: &str = "CORS: a page of an allowed origin may send what clients send";
const READS: &str = "CORS: a page of an allowed origin may read the response";

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>) {
    match &site.origin {
        Some(origin) => allowed(site, report, &origin.to_string()).await,
        None => {
            for name in [ALLOWED, READS] {
                report.skip(name, "give an origin of AllowedOrigins as --origin");
            }
        }
    }
    let expectation = Expectation { text: "a response without access-control-allow-origin", see: ORIGINS };
    let headers = HEADERS.join(",");
    let work = site.expect(preflight(FOREIGN, &headers), expectation, |reply| {
        reply.status.as_u16() < 500 && reply.header("access-control-allow-origin").is_empty()
    });
    report.check("CORS: a page of another origin may not call the API", work).await;
}

async fn allowed(site: &Site, report: &mut SmokeReport<'_>, origin: &str) {
    let expected = format!("access-control-allow-origin: {origin}, with POST and {}", HEADERS.join(", "));
    let expectation = Expectation { text: &expected, see: ORIGINS };
    let headers = HEADERS.join(",");
    let work = site.expect(preflight(origin, &headers), expectation, |reply| {
        reply.status.is_success()
            && reply.header("access-control-allow-origin") == origin
            && lists(reply, "access-control-allow-methods", &["POST"])
            && lists(reply, "access-control-allow-headers", &HEADERS)
    });
    report.check(ALLOWED, work).await;

    let expected = format!("access-control-allow-origin: {origin}, with x-request-id in access-control-expose-headers");
    let expectation = Expectation { text: &expected, see: ORIGINS };
    let call = Call::get("/kudos").header(ORIGIN, origin);
    let work = site.expect(call, expectation, |reply| {
        reply.header("access-control-allow-origin") == origin
            && lists(reply, "access-control-expose-headers", &["x-request-id"])
    });
    report.check(READS, work).await;
}

fn preflight<'a>(origin: &'a str, headers: &'a str) -> Call<'a> {
    call("OPTIONS", "/kudos")
        .header(ORIGIN, origin)
        .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(ACCESS_CONTROL_REQUEST_HEADERS, headers)
}

/// Whether the header lists all of these.
fn lists(reply: &Reply, header: &str, wanted: &[&str]) -> bool {
    let listed: Vec<_> = reply.header(header).split(',').map(str::trim).collect();
    wanted.iter().all(|one| listed.iter().any(|there| there.eq_ignore_ascii_case(one)))
}

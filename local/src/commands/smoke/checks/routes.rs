//! Paths and methods without a route.

use super::{Expectation, Site, call};
use crate::commands::smoke::report::SmokeReport;
use crate::commands::smoke::sections::DEPLOYING;

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>) {
    for (name, method, path) in [
        ("routes: an unknown path is 404", "GET", "/carillon-smoke/no-route"),
        ("routes: a method that a path does not have is 404", "PATCH", "/kudos"),
    ] {
        // API Gateway's own response.
        let expectation = Expectation { text: r#"404 {"message":"Not Found"}"#, see: DEPLOYING };
        let work = site.expect(call(method, path), expectation, |reply| {
            reply.status.as_u16() == 404 && reply.field("message") == "Not Found" && reply.json["error"].is_null()
        });
        report.check(name, work).await;
    }
}

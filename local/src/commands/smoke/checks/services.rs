//! A request that only another back end may send.

use super::{Expectation, Site};
use crate::commands::smoke::http::Call;
use crate::commands::smoke::report::SmokeReport;
use crate::commands::smoke::sections::USERS_GET_401;

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>) {
    let name = "services: another back end's token has its role";
    let Some(service) = &site.tokens.service else {
        report.skip(name, "give a token with the role service in CARILLON_SERVICE_TOKEN or as --service-token");
        return;
    };
    let expected = r#"200 {"onlineUsers":…,"connections":…}"#;
    let call = Call::get("/dashboard/online").by(service);
    let work = site.expect(call, Expectation { text: expected, see: USERS_GET_401 }, |reply| {
        reply.status.as_u16() == 200 && reply.json["onlineUsers"].is_u64() && reply.json["connections"].is_u64()
    });
    report.check(name, work).await;
}

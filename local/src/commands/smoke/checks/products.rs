//! Every product once, as the member and without any data: reads that succeed for everybody, and requests that are refused before
//! anything is stored. With the other checks, they start every function that has a route.

use serde_json::{Value, json};

use super::{Expectation, NO_USER, Site, call};
use crate::commands::smoke::http::Call;
use crate::commands::smoke::report::SmokeReport;
use crate::commands::smoke::sections::FUNCTION_FAILS;

/// A read that succeeds for everybody.
struct Read {
    name: &'static str,
    path: &'static str,
    /// A field of the response, and its type.
    field: &'static str,
    is_right: fn(&Value) -> bool,
}

const fn read(name: &'static str, path: &'static str, field: &'static str, is_right: fn(&Value) -> bool) -> Read {
    Read { name, path, field, is_right }
}

const READS: [Read; 10] = [
    read("kudos", "/kudos?limit=1", "kudos", Value::is_array),
    read("rooms", "/rooms/carillon-smoke/presence?limit=1", "members", Value::is_array),
    read("parties", "/parties?limit=1", "parties", Value::is_array),
    read("invitations", "/party-invitations?limit=1", "invitations", Value::is_array),
    read("notifications", "/notifications?limit=1", "notifications", Value::is_array),
    read("unread notifications", "/notifications/unread-count", "unreadCount", Value::is_u64),
    read("preferences", "/notifications/preferences", "types", Value::is_object),
    read("devices", "/notifications/device-tokens", "devices", Value::is_array),
    read("direct messages", "/messages/carillon-smoke-somebody-else?limit=1", "messages", Value::is_array),
    read("online status", "/dashboard/online/carillon-smoke-somebody-else", "online", Value::is_boolean),
];

/// A request that is refused. Should it not be, it stores nothing either: its body or an id in its path is not valid.
struct Refusal {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    statuses: &'static [u16],
}

const fn refusal(name: &'static str, method: &'static str, path: &'static str, statuses: &'static [u16]) -> Refusal {
    Refusal { name, method, path, statuses }
}

const REFUSALS: [Refusal; 14] = [
    refusal("kudos without a receiver", "POST", "/kudos", &[400]),
    refusal("entering what is no room", "POST", "/rooms/no~room/presence", &[400]),
    refusal("leaving what is no room", "DELETE", "/rooms/no~room/presence", &[400]),
    refusal("a hotel's inbox, for who is not of its staff", "GET", "/hotels/carillon-smoke/chats", &[403]),
    refusal("a guest's chat, with a member's token", "GET", "/api/guest/hotel/carillon-smoke/chat/context", &[401]),
    refusal("a lease of others", "GET", "/leases/carillon-smoke", &[404]),
    refusal("the key of who has none", "GET", "/keys/carillon-smoke-somebody-else", &[404]),
    // 404 where e-mail is off.
    refusal("turning e-mail off without a signature", "GET", "/email/unsubscribe", &[403, 404]),
    refusal("a webhook that Pusher did not sign", "POST", "/pusher/webhook", &[401]),
    refusal("a book, by a member", "PUT", "/books/carillon-smoke", &[403]),
    refusal("a profile, by a member", "PUT", "/users/carillon-smoke/profile", &[403]),
    refusal("a notification, by a member", "POST", "/notifications", &[403]),
    refusal("an event for dashboards, by a member", "POST", "/dashboard/events", &[403]),
    refusal("an erasure, by a member", "DELETE", "/users/no~user", &[403]),
];

pub(super) async fn check(site: &Site, report: &mut SmokeReport<'_>, user: Option<&str>) {
    for Read { name, path, field, is_right } in READS {
        let name = format!("reads: {name}");
        if user.is_none() {
            report.skip(&name, NO_USER);
            continue;
        }
        let expected = format!("200 with {field:?}");
        let call = Call::get(path).by(&site.tokens.member);
        let work = site.expect(call, Expectation { text: &expected, see: FUNCTION_FAILS }, |reply| {
            reply.status.as_u16() == 200 && is_right(&reply.json[field])
        });
        report.check(&name, work).await;
    }
    for refusal in REFUSALS {
        let name = format!("refusals: {}", refusal.name);
        if user.is_none() {
            report.skip(&name, NO_USER);
            continue;
        }
        let call = call(refusal.method, refusal.path).by(&site.tokens.member);
        let call = if matches!(refusal.method, "POST" | "PUT") { call.json(&json!({})) } else { call };
        report.check(&name, site.expect_error(call, refusal.statuses, FUNCTION_FAILS)).await;
    }
}

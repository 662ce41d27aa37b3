//! The HTTP API of the stand-in, and its faults.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Value, json};

use super::fault::{EXPIRED, Fault, MEMBER, ORIGIN, SERVICE, ServerState, USER};

const DEGRADED: &str = r#"{"status":"degraded","table":"ok","pusher":"unreachable"}"#;
const WELL: &str = r#"{"status":"ok","table":"ok","pusher":"ok"}"#;
const GATEWAYS: &str = r#"{"message":"Internal Server Error"}"#;
const SIGNED: &str = "key:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const ALLOWED: &str = "CORS: a page of an allowed origin may send what clients send";
const READS: &str = "CORS: a page of an allowed origin may read the response";
const MISSING: &str = "tokens: a request without one is refused";

/// Each fault of the HTTP API, with the checks that fail of it.
pub(super) const FAULTS: &[(Fault, &[&str])] = &[
    (Fault::answers("nobody GET /health", 503, DEGRADED), &["health: the table and Pusher are reached"]),
    (Fault::answers("nobody GET /health", 200, DEGRADED), &["health: the table and Pusher are reached"]),
    // Without the id of a request.
    (Fault::answers("nobody GET /health", 200, WELL), &["health: the table and Pusher are reached"]),
    (Fault::answers("nobody HEAD /health", 404, ""), &["health: a monitor may ask for the head alone"]),
    (Fault::answers("nobody GET /carillon-smoke/no-route", 500, GATEWAYS), &["routes: an unknown path is 404"]),
    (Fault::answers("nobody GET /carillon-smoke/no-route", 404, "<html>"), &["routes: an unknown path is 404"]),
    (Fault::answers("nobody PATCH /kudos", 405, ""), &["routes: a method that a path does not have is 404"]),
    (Fault::answers("nobody OPTIONS /kudos https://app.example", 204, ""), &[ALLOWED]),
    (
        Fault::Answers {
            request: "nobody OPTIONS /kudos https://app.example",
            status: 204,
            headers: &[
                ("access-control-allow-origin", ORIGIN),
                ("access-control-allow-methods", "GET,POST"),
                ("access-control-allow-headers", "authorization,content-type"),
            ],
            body: "",
        },
        &[ALLOWED],
    ),
    (
        Fault::Answers {
            request: "nobody OPTIONS /kudos https://carillon-smoke.invalid",
            status: 204,
            headers: &[("access-control-allow-origin", "*")],
            body: "",
        },
        &["CORS: a page of another origin may not call the API"],
    ),
    (
        Fault::Answers {
            request: "nobody GET /kudos https://app.example",
            status: 401,
            headers: &[("access-control-allow-origin", ORIGIN)],
            body: "",
        },
        &[READS],
    ),
    (Fault::answers("nobody GET /kudos", 200, r#"{"kudos":[]}"#), &[MISSING]),
    // Without WWW-Authenticate.
    (Fault::answers("nobody GET /kudos", 401, r#"{"error":"Unauthorized","message":"Sign in"}"#), &[MISSING]),
    (Fault::answers("forger GET /kudos", 200, r#"{"kudos":[]}"#), &["tokens: one with a wrong signature is refused"]),
    (Fault::answers("expired GET /kudos", 200, r#"{"kudos":[]}"#), &["tokens: one that has expired is refused"]),
    (Fault::answers("member POST /pusher/user-auth", 401, "{}"), &["tokens: the member's is accepted, and has a user"]),
    (
        Fault::answers("member POST /pusher/user-auth", 200, r#"{"auth":"key:no","user_data":"{\"id\":\"ada\"}"}"#),
        &["tokens: the member's is accepted, and has a user"],
    ),
    (
        Fault::answers("member POST /pusher/auth private-user-ada", 403, "{}"),
        &["channels: a member may subscribe to their own"],
    ),
    (
        Fault::answers("member POST /pusher/auth private-user-ada", 200, r#"{"auth":"key:0123"}"#),
        &["channels: a member may subscribe to their own"],
    ),
    (
        Fault::answers("member POST /pusher/auth presence-room-carillon-smoke", 200, r#"{"auth":"key:0123"}"#),
        &["channels: a member may subscribe to a room, under their own id"],
    ),
    (
        Fault::answers(
            "member POST /pusher/auth private-user-carillon-smoke-somebody-else",
            200,
            r#"{"auth":"key:0"}"#,
        ),
        &["channels: a member may not subscribe to another's"],
    ),
    (Fault::answers("member GET /kudos", 500, GATEWAYS), &["reads: kudos"]),
    (Fault::answers("member GET /rooms/carillon-smoke/presence", 200, "[]"), &["reads: rooms"]),
    (Fault::answers("member GET /parties", 404, "{}"), &["reads: parties"]),
    (Fault::answers("member GET /party-invitations", 429, "{}"), &["reads: invitations"]),
    (Fault::answers("member GET /notifications", 200, "{}"), &["reads: notifications"]),
    (
        Fault::answers("member GET /notifications/unread-count", 200, r#"{"unreadCount":null}"#),
        &["reads: unread notifications"],
    ),
    (Fault::answers("member GET /notifications/preferences", 403, "{}"), &["reads: preferences"]),
    (Fault::Hangs("member GET /notifications/device-tokens"), &["reads: devices"]),
    (Fault::answers("member GET /messages/carillon-smoke-somebody-else", 502, ""), &["reads: direct messages"]),
    (
        Fault::answers("member GET /dashboard/online/carillon-smoke-somebody-else", 200, r#"{"online":"no"}"#),
        &["reads: online status"],
    ),
    (Fault::answers("member POST /kudos", 201, "{}"), &["refusals: kudos without a receiver"]),
    (Fault::answers("member POST /rooms/no~room/presence", 500, GATEWAYS), &["refusals: entering what is no room"]),
    (Fault::answers("member DELETE /rooms/no~room/presence", 204, ""), &["refusals: leaving what is no room"]),
    (
        Fault::answers("member GET /hotels/carillon-smoke/chats", 200, "{}"),
        &["refusals: a hotel's inbox, for who is not of its staff"],
    ),
    (
        Fault::answers("member GET /api/guest/hotel/carillon-smoke/chat/context", 200, "{}"),
        &["refusals: a guest's chat, with a member's token"],
    ),
    (Fault::answers("member GET /leases/carillon-smoke", 200, "{}"), &["refusals: a lease of others"]),
    // API Gateway's, where the route is missing.
    (
        Fault::answers("member GET /keys/carillon-smoke-somebody-else", 404, r#"{"message":"Not Found"}"#),
        &["refusals: the key of who has none"],
    ),
    (
        Fault::answers("member GET /email/unsubscribe", 200, "<html>"),
        &["refusals: turning e-mail off without a signature"],
    ),
    (Fault::answers("member POST /pusher/webhook", 200, "{}"), &["refusals: a webhook that Pusher did not sign"]),
    (Fault::answers("member PUT /books/carillon-smoke", 400, "{}"), &["refusals: a book, by a member"]),
    (Fault::answers("member PUT /users/carillon-smoke/profile", 400, "{}"), &["refusals: a profile, by a member"]),
    (Fault::answers("member POST /notifications", 201, "{}"), &["refusals: a notification, by a member"]),
    (Fault::answers("member POST /dashboard/events", 202, "{}"), &["refusals: an event for dashboards, by a member"]),
    (Fault::answers("member DELETE /users/no~user", 400, "{}"), &["refusals: an erasure, by a member"]),
    (Fault::answers("service GET /dashboard/online", 403, "{}"), &["services: another back end's token has its role"]),
    (
        Fault::answers("service PUT /dashboard/channels/{channel}/members/ada", 500, GATEWAYS),
        &["write: an event of another back end arrives in a channel that was granted to the member"],
    ),
    (
        Fault::answers("service POST /dashboard/events", 500, GATEWAYS),
        &["write: an event of another back end arrives in a channel that was granted to the member"],
    ),
    (
        Fault::answers("service DELETE /dashboard/channels/{channel}/members/ada", 500, GATEWAYS),
        &["write: the grant is taken away again"],
    ),
];

pub(super) async fn respond(state: &ServerState, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().into()).unwrap();
    let header = |name: &str| parts.headers.get(name).map_or("", |value| value.to_str().unwrap());
    let caller = match header("authorization").strip_prefix("Bearer ") {
        None => "nobody",
        Some(MEMBER) => "member",
        Some(SERVICE) => "service",
        Some(EXPIRED) => "expired",
        Some(_) => "forger",
    };
    let path = path(parts.uri.path());
    let request = format!("{} {path}", parts.method);
    let channel = form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "channel_name");
    let detail = channel.map(|(_, channel)| channel.into_owned()).unwrap_or_else(|| header("origin").to_owned());
    let named = format!("{caller} {request} {detail}");
    match state.fault {
        Fault::Answers { request, status, headers, body } if request == named.trim_end() => {
            return response(status, headers, body);
        }
        Fault::Hangs(request) if request == named.trim_end() => return std::future::pending().await,
        Fault::SlowStart if request == "GET /health" && state.look() == 0 => return response(503, &[], DEGRADED),
        Fault::Echoes => return response(418, &[], &format!("you sent {}", header("authorization"))),
        _ => {}
    }
    if request == "POST /dashboard/events" && caller == "service" {
        let sent: Value = serde_json::from_str(&body).unwrap();
        let event = json!({ "event": sent["event"], "data": { "eventId": "event-1", "type": sent["data"]["type"] } });
        let _ = state.events.send((sent["channel"].as_str().unwrap().to_owned(), event));
    }
    answer(caller, &request, &detail, &parts.headers)
}

/// The path with a name in place of the channel, which is another one in each run.
fn path(path: &str) -> String {
    match path.strip_prefix("/dashboard/channels/carillon-smoke-").and_then(|rest| rest.split_once('/')) {
        Some((_, rest)) => format!("/dashboard/channels/{{channel}}/{rest}"),
        None => path.to_owned(),
    }
}

fn answer(caller: &str, request: &str, detail: &str, headers: &HeaderMap) -> Response {
    let cors: &[_] = if headers.get("origin").is_some_and(|origin| origin == ORIGIN) {
        &[
            ("access-control-allow-origin", ORIGIN),
            ("access-control-allow-methods", "GET,POST,PUT"),
            ("access-control-allow-headers", "authorization,content-type,idempotency-key,if-none-match,accept"),
            ("access-control-expose-headers", "etag,x-request-id"),
        ]
    } else {
        &[]
    };
    let challenge = |value: &'static str| [cors, &[("www-authenticate", value)]].concat();
    let error = |status: u16, error: &str, message: &str| {
        response(status, cors, &json!({ "error": error, "message": message }).to_string())
    };
    let unauthorized = |message: &str, value: &'static str| {
        response(401, &challenge(value), &json!({ "error": "Unauthorized", "message": message }).to_string())
    };
    match (caller, request) {
        (_, "GET /health") => response(200, &[("x-request-id", "1")], WELL),
        (_, "HEAD /health") => response(200, &[], ""),
        (_, "OPTIONS /kudos") => response(204, cors, ""),
        (_, "POST /pusher/webhook") => error(401, "Unauthorized", "Pusher did not sign this"),
        (_, "GET /email/unsubscribe") => error(404, "Not Found", "This server sends no e-mail"),
        (_, "GET /carillon-smoke/no-route" | "PATCH /kudos") => response(404, &[], r#"{"message":"Not Found"}"#),
        ("nobody", _) => unauthorized("Sign in first: send the header Authorization: Bearer <token>", "Bearer"),
        ("forger", _) => unauthorized("The token is not valid here; sign in again", "Bearer error=\"invalid_token\""),
        ("expired", _) => unauthorized("The token has expired; sign in again", "Bearer error=\"invalid_token\""),
        ("service", "GET /dashboard/online") => ok(json!({ "onlineUsers": 0, "connections": 0 })),
        ("service", "POST /dashboard/events") => response(202, &[], r#"{"eventId":"event-1"}"#),
        (
            "service",
            "PUT /dashboard/channels/{channel}/members/ada" | "DELETE /dashboard/channels/{channel}/members/ada",
        ) => response(204, &[], ""),
        (_, "POST /pusher/user-auth") => ok(json!({ "auth": SIGNED, "user_data": json!({ "id": USER }).to_string() })),
        (_, "POST /pusher/auth") if detail == "private-user-ada" => ok(json!({ "auth": SIGNED })),
        (_, "POST /pusher/auth") if detail.starts_with("presence-") => {
            ok(json!({ "auth": SIGNED, "channel_data": json!({ "user_id": USER }).to_string() }))
        }
        (_, "POST /pusher/auth") => error(403, "Forbidden", "Not authorized to access this channel"),
        (_, "GET /kudos") => ok(json!({ "kudos": [] })),
        (_, "GET /rooms/carillon-smoke/presence") => ok(json!({ "members": [] })),
        (_, "GET /parties") => ok(json!({ "parties": [] })),
        (_, "GET /party-invitations") => ok(json!({ "invitations": [] })),
        (_, "GET /notifications") => ok(json!({ "notifications": [] })),
        (_, "GET /notifications/unread-count") => ok(json!({ "unreadCount": 0 })),
        (_, "GET /notifications/preferences") => ok(json!({ "types": {} })),
        (_, "GET /notifications/device-tokens") => ok(json!({ "devices": [] })),
        (_, "GET /messages/carillon-smoke-somebody-else") => ok(json!({ "messages": [] })),
        (_, "GET /dashboard/online/carillon-smoke-somebody-else") => ok(json!({ "online": false })),
        (_, "POST /kudos" | "POST /rooms/no~room/presence" | "DELETE /rooms/no~room/presence") => {
            error(400, "Bad Request", "receiverId is missing")
        }
        (_, "GET /api/guest/hotel/carillon-smoke/chat/context") => {
            error(401, "Unauthorized", "This needs a guest's token")
        }
        (_, "GET /leases/carillon-smoke" | "GET /keys/carillon-smoke-somebody-else") => {
            error(404, "Not Found", "There is none")
        }
        _ => error(403, "Forbidden", "This needs the role service"),
    }
}

fn ok(body: Value) -> Response {
    response(200, &[], &body.to_string())
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_owned())).unwrap()
}

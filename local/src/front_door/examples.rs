//! Small pages to try a system with, in two windows: `/examples/…`. They are on the API's own origin, as a hotel's own pages
//! would be.

use std::path::PathBuf;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::files::workspace::Workspace;
use crate::net::guard::{self, Refusal, Sender};
use crate::state;
use crate::state::token;

/// The pages, and where they find what they are served with.
#[derive(Clone)]
pub(crate) struct Examples {
    /// The directory of the stack's state file.
    state: PathBuf,
    /// Where pusher-js may be: whichever of the Node packages is installed has it.
    pusher_js: [PathBuf; 2],
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

impl Examples {
    pub(crate) fn new(workspace: &Workspace, state: &std::path::Path) -> Self {
        let in_package = |package: PathBuf| package.join("node_modules/pusher-js/dist/web/pusher.min.js");
        Self { state: state.to_owned(), pusher_js: [in_package(workspace.listen()), in_package(workspace.e2e())] }
    }

    /// The routes. A link from elsewhere may lead to a page. Only pages of this origin load files, and only those at this machine's own
    /// name get tokens.
    pub(super) fn router(self) -> Router {
        let page = |text: &'static str| get(move || async move { file(HTML, text) });
        let script = |text: &'static str| get(move || async move { file(JAVASCRIPT, text) });
        let pages = Router::new()
            .route("/examples/guest-chat", page(include_str!("../../examples/guest-chat.html")))
            .route("/examples/guest-chat/staff", page(include_str!("../../examples/guest-chat-staff.html")))
            .route("/examples/lease-chat", page(include_str!("../../examples/lease-chat.html")))
            // Where e-mails lead: this is the app's address, too.
            .route("/leases/{bailId}/chat", get(lease_chat));
        let sessions = Router::new()
            .route("/examples/guest-chat/session", get(guest_chat_session))
            .route("/examples/lease-chat/session", get(lease_chat_session));
        let files = Router::new()
            .route("/examples/guest-chat.js", script(include_str!("../../examples/guest-chat.js")))
            .route("/examples/guest-chat-staff.js", script(include_str!("../../examples/guest-chat-staff.js")))
            .route("/examples/chat.js", script(include_str!("../../examples/chat.js")))
            .route("/examples/connection.js", script(include_str!("../../listen/connection.mjs")))
            .route("/examples/inbox.js", script(include_str!("../../examples/inbox.js")))
            .route("/examples/live.js", script(include_str!("../../examples/live.js")))
            .route("/examples/page.js", script(include_str!("../../examples/page.js")))
            .route("/examples/typing.js", script(include_str!("../../examples/typing.js")))
            .route("/examples/words.js", script(include_str!("../../examples/words.js")))
            .route("/examples/chat.css", get(|| async { file(CSS, include_str!("../../examples/chat.css")) }))
            .route("/examples/lease-chat.js", script(include_str!("../../examples/lease-chat.js")))
            .route("/examples/pusher.js", get(pusher_js));
        let own_pages = |headers: &HeaderMap| match Sender::of(headers) {
            Sender::OtherPage => Err(Refusal::Page),
            Sender::Program | Sender::Person | Sender::OwnPage => Ok(()),
        };
        let (sessions, files) = (guard::guarded(sessions), guard::guarded_by(own_pages, files));
        pages.merge(sessions).merge(files).with_state(self)
    }
}

fn file(content_type: &'static str, content: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")], content)
        .into_response()
}

async fn pusher_js(State(examples): State<Examples>) -> Response {
    for path in &examples.pusher_js {
        // Small, and read once by each page.
        if let Ok(script) = std::fs::read(path) {
            return file(JAVASCRIPT, script);
        }
    }
    (StatusCode::NOT_FOUND, "pusher-js is not installed; start the stack with `cargo local`").into_response()
}

/// The demo's guest and staff, with their tokens.
async fn guest_chat_session(State(examples): State<Examples>) -> Response {
    match session(&examples) {
        Ok(session) => file("application/json", session.to_string()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error:#}")).into_response(),
    }
}

/// The demo's client and notary, with their tokens, and where the e-mails to them can be seen.
async fn lease_chat_session(State(examples): State<Examples>) -> Response {
    match lease_session(&examples) {
        Ok(session) => file("application/json", session.to_string()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error:#}")).into_response(),
    }
}

/// The page of a lease, with what else the address says (`as`, `token`, `lang`). The browser keeps what follows `#`.
async fn lease_chat(Path(lease): Path<String>, RawQuery(query): RawQuery) -> Redirect {
    let lease: String = form_urlencoded::byte_serialize(lease.as_bytes()).collect();
    let more = query.map(|query| format!("&{query}")).unwrap_or_default();
    Redirect::to(&format!("/examples/lease-chat?lease={lease}{more}"))
}

fn lease_session(examples: &Examples) -> anyhow::Result<Value> {
    let state = state::State::read(&examples.state)?;
    let demo = &state.demo;
    let person = |id: &String| -> anyhow::Result<Value> {
        Ok(json!({ "id": id, "token": token::of_user(&state, id)?, "email": format!("{id}@example.com") }))
    };
    Ok(json!({
        "lease": demo.lease_id,
        "client": person(&demo.reader_id)?,
        "notary": person(&demo.notary_id)?,
        "serviceToken": token::with_roles(&state, "leases", &["service".to_owned()])?,
        "mail": "/console#inbox",
        "pusher": state.pusher.of_pages(),
    }))
}

fn session(examples: &Examples) -> anyhow::Result<Value> {
    let state = state::State::read(&examples.state)?;
    let demo = &state.demo;
    let guest = token::of_guest(&state, demo.guest(), token::HOURS)?;
    Ok(json!({
        "hotel": demo.hotel_slug,
        "booking": demo.booking_id,
        "guestToken": guest,
        "staff": { "id": demo.staff_id, "token": token::of_user(&state, &demo.staff_id)? },
        "pusher": state.pusher.of_pages(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::Request;
    use http::header::LOCATION;
    use tower::ServiceExt as _;

    async fn response_to(path: &str, host: &str) -> (StatusCode, HeaderMap, String) {
        response_with(path, &[("host", host)]).await
    }

    async fn response_with(path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
        let nowhere = PathBuf::from("/nonexistent");
        let examples = Examples { state: nowhere.clone(), pusher_js: [nowhere.clone(), nowhere] };
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::empty()).unwrap();
        let (parts, body) = examples.router().oneshot(request).await.unwrap().into_parts();
        let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().into()).unwrap();
        (parts.status, parts.headers, body)
    }

    #[tokio::test]
    async fn a_page_sends_its_address_to_nobody() {
        for path in ["/examples/guest-chat", "/examples/guest-chat/staff", "/examples/lease-chat"] {
            let (status, headers, body) = response_to(path, "localhost:3000").await;
            assert_eq!(
                (status, &headers[REFERRER_POLICY]),
                (StatusCode::OK, &"no-referrer".parse().unwrap()),
                "{path}"
            );
            assert!(body.starts_with("<!doctype html>"), "{path}");
        }
    }

    #[tokio::test]
    async fn everything_that_a_page_names_is_served() {
        let pages = ["/examples/guest-chat", "/examples/guest-chat/staff", "/examples/lease-chat"];
        let mut waiting: Vec<String> = pages.map(str::to_owned).into();
        // pusher-js comes from an installed package.
        let mut seen = vec!["/examples/pusher.js".to_owned()];
        while let Some(path) = waiting.pop() {
            let (status, _, body) = response_to(&path, "localhost:3000").await;
            assert_eq!(status, StatusCode::OK, "{path}");
            seen.push(path);
            let is_file =
                |part: &&str| part.starts_with("/examples/") && (part.ends_with(".js") || part.ends_with(".css"));
            let named = body.split('"').filter(is_file).map(str::to_owned);
            waiting.extend(named.filter(|path| !seen.contains(path)));
        }
        for path in ["/examples/live.js", "/examples/chat.css"] {
            assert!(seen.iter().any(|seen| seen == path), "no page names {path}");
        }
    }

    #[tokio::test]
    async fn the_link_of_an_e_mail_keeps_what_it_says() {
        for (link, to) in [
            ("/leases/b-1/chat", "/examples/lease-chat?lease=b-1"),
            ("/leases/b%261/chat?as=notary&lang=fr", "/examples/lease-chat?lease=b%261&as=notary&lang=fr"),
        ] {
            let (status, headers, _) = response_to(link, "localhost:3000").await;
            assert_eq!((status, headers[LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, to));
        }
    }

    #[tokio::test]
    async fn a_page_of_elsewhere_may_link_to_a_page_and_gets_nothing_else() {
        let evil: [&[_]; 3] = [
            &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("origin", "http://localhost:5173"), ("sec-fetch-site", "same-site")],
        ];
        for from in evil {
            let headers: Vec<_> = [("host", "localhost:3000")].into_iter().chain(from.iter().copied()).collect();
            for path in ["guest-chat/session", "lease-chat/session", "page.js", "pusher.js", "chat.css"] {
                let (status, headers, body) = response_with(&format!("/examples/{path}"), &headers).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{path} {from:?}");
                assert!(!headers.contains_key("access-control-allow-origin") && body.len() < 200, "{path}: {body}");
            }
            assert_eq!(response_with("/leases/b-1/chat", &headers).await.0, StatusCode::SEE_OTHER, "an e-mail's link");
            assert_eq!(response_with("/examples/lease-chat", &headers).await.0, StatusCode::OK);
        }
        assert_eq!(response_to("/examples/page.js", "192.168.1.20:3000").await.0, StatusCode::OK, "a phone at hand");
    }

    #[tokio::test]
    async fn tokens_are_given_to_pages_of_this_machine_alone() {
        for host in ["evil.example:3000", "localhost.evil.example", "evil.example", ""] {
            assert_eq!(response_to("/examples/guest-chat/session", host).await.0, StatusCode::FORBIDDEN, "{host}");
            assert_eq!(response_to("/examples/lease-chat/session", host).await.0, StatusCode::FORBIDDEN, "{host}");
        }
        for host in ["localhost:3000", "127.0.0.1:3000", "localhost"] {
            assert_eq!(
                response_to("/examples/guest-chat/session", host).await.0,
                StatusCode::SERVICE_UNAVAILABLE,
                "{host}"
            );
        }
    }
}

//! The console: `/console`, a page that shows what happens in the running stack, and lets one make things happen. It is part of
//! `cargo local`, and of no deployment.
//!
//! | shown | known from |
//! |---|---|
//! | events | the proxy on sockudo's port (`recorder`); without sockudo, the frames to each client, or else that the row owes it no more |
//! | the write that caused one | ministack appends each change of a row's `outbox` to `logs/traffic.jsonl` when the table has it |
//! | milliseconds | from that write to the response of sockudo, or of API Gateway for a WebSocket; not the way to a browser |
//! | facts | ministack appends each that the event bus took to `logs/traffic.jsonl` |
//! | events of clients | sockudo's `client_event` webhooks, a quarter of a second late; without sockudo, the frames |
//! | a request's story | the functions' log lines, the changes of outboxes, and the events that the page has |
//! | pending, waiting, dead | the table and both queues, read without taking anything from them; causes are from the log lines |
//! | connections, channels, members | the table, where the functions serve channels themselves |
//! | pictures | the same events, counted each second; percentiles are of the last ten seconds |

mod contract;
mod delivery;
mod documents;
mod entry;
mod failure;
mod feed;
mod files;
mod frame;
mod guard;
mod inbox;
mod letters;
mod meter;
mod occupancy;
mod owed;
mod parts;
mod reference;
mod seen;
mod session;
mod story;
mod switches;
mod traffic;
mod webhook;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;

pub(crate) use self::parts::{Console, Watched};

impl Console {
    /// The routes.
    pub(crate) fn router(self) -> Router {
        let policy = guard::policy(self.0.stack.port, &self.0.stack.channels);
        let guard = move |request: Request, next: Next| guard::guard(policy.clone(), request, next);
        let pages = files::router(&self.0.packages)
            .route("/console/events", get(events))
            .route("/console/session", get(session::show))
            .route("/console/token", post(session::token))
            .route("/console/openapi.json", get(contract::openapi))
            .route("/console/asyncapi.json", get(contract::asyncapi))
            .merge(reference::router(&self.0.packages))
            .route("/console/requests/{id}", get(story::show))
            .route("/console/delivery", get(delivery::show))
            .route("/console/letters/{id}/replay", post(letters::replay))
            .route("/console/channels", get(occupancy::show))
            .route("/console/pusher/{order}", post(switches::pusher))
            .route("/console/posts/{order}", post(switches::posts))
            .route("/console/functions/{name}/kill", post(switches::kill))
            .route("/console/inbox", get(inbox::show))
            .route("/console/inbox/mails/{id}", get(inbox::mail))
            .layer(middleware::from_fn(guard));
        // The Pusher server's, which signs what it sends.
        Router::new().route("/console/webhook", post(webhook::take)).merge(pages).with_state(self)
    }
}

async fn events(State(console): State<Console>, headers: HeaderMap) -> Response {
    console.0.feed.stream(&headers)
}

#[cfg(test)]
mod tests {
    use super::documents::Documents;
    use super::feed::Feed;
    use super::parts::Inner;
    use super::*;
    use crate::state::pusher_app::AppServer;
    use axum::body::{Body, to_bytes};
    use http::{Method, StatusCode};
    use std::path::PathBuf;
    use std::sync::Arc;
    use tokio::sync::mpsc;
    use tower::ServiceExt as _;

    /// A console beside no stack.
    fn console() -> Console {
        let nowhere = PathBuf::from("/nonexistent");
        let (orders, _) = mpsc::channel(1);
        Console(Arc::new(Inner {
            feed: Feed::new(),
            stack: Watched {
                directory: nowhere.clone(),
                pusher_secret: "secret".to_owned(),
                orders: Some(orders),
                port: 3000,
                channels: AppServer { host: "127.0.0.1".to_owned(), port: 6001, tls: false },
            },
            root: nowhere.clone(),
            packages: nowhere.clone(),
            python: nowhere,
            documents: Documents::default(),
        }))
    }

    async fn asked(method: Method, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(r#"{"userId":"ben"}"#)).unwrap();
        let (parts, body) = console().router().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.into()).unwrap())
    }

    #[tokio::test]
    async fn every_file_that_the_page_names_is_served_with_a_policy() {
        let host = [("host", "localhost:3000")];
        let (status, headers, page) = asked(Method::GET, "/console", &host).await;
        assert_eq!(status, StatusCode::OK);
        assert!(headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
        assert!(
            !page.contains("<style") && !page.contains(" style=") && !page.contains("onclick"),
            "the policy allows none of it"
        );
        let scripts = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/console")).unwrap();
        let of_start = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/start")).unwrap();
        for name in scripts
            .chain(of_start)
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".html"))
        {
            let (status, headers, _) = asked(Method::GET, &format!("/console/{name}"), &host).await;
            assert_eq!(
                (status, &headers["x-content-type-options"]),
                (StatusCode::OK, &"nosniff".parse().unwrap()),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn the_reference_has_a_policy_of_its_own() {
        let host = [("host", "localhost:3000")];
        for path in reference::PAGES {
            let (status, headers, page) = asked(Method::GET, path, &host).await;
            assert_eq!((status, page.contains("<redoc ")), (StatusCode::OK, true), "{path}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("script-src 'self'; style-src 'self' 'unsafe-inline'"), "{path} {policy}");
            let linked = asked(Method::GET, path, &[host[0], ("sec-fetch-site", "cross-site")]).await.0;
            assert_eq!(linked, StatusCode::OK, "a link from elsewhere leads to {path}");
        }
    }

    #[tokio::test]
    async fn only_the_consoles_own_page_may_change_something() {
        let (own, other) = (
            [("host", "localhost:3000"), ("sec-fetch-site", "same-origin")],
            [("host", "localhost:3000"), ("sec-fetch-site", "same-site")],
        );
        for path in [
            "/console/token",
            "/console/pusher/kill",
            "/console/posts/refuse",
            "/console/functions/KudosCreate/kill",
            "/console/letters/1/replay",
        ] {
            assert_eq!(asked(Method::POST, path, &other).await.0, StatusCode::FORBIDDEN, "{path}");
            let (status, _, said) = asked(Method::POST, path, &own).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path} would be done, if there were a stack: {said}");
        }
    }

    #[tokio::test]
    async fn webhooks_need_the_pusher_servers_signature_and_nothing_else() {
        let (status, _, _) = asked(Method::POST, "/console/webhook", &[("host", "127.0.0.1:3000")]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

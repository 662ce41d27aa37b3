//! Lets only the console's own pages use it, at this machine's own name. It mints tokens and stops programs.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Method, StatusCode};

use super::reference;
use crate::net::guard::Sender;
use crate::net::origin::is_this_machine;
use crate::state::pusher_app::{AppServer, HOST};

/// Passes on requests of the console's own pages, and adds security headers to responses.
pub(super) async fn guard(policy: HeaderValue, request: Request, next: Next) -> Response {
    let mut response = match refusal(request.method(), request.uri().path(), request.headers()) {
        Some(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Why a request is refused, if it is.
fn refusal(method: &Method, path: &str, headers: &HeaderMap) -> Option<&'static str> {
    if !is_this_machine(headers) {
        return Some("Open the console at localhost");
    }
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let is_own = match Sender::of(headers) {
        Sender::OwnPage => true,
        // An address that was typed is nobody's.
        Sender::Person | Sender::Program => is_read,
        Sender::OtherPage => false,
    };
    // A link from elsewhere may lead to a page, which is the same for everybody and can be in no frame.
    let is_page = is_read && (path == "/console" || reference::PAGES.contains(&path));
    (!is_own && !is_page)
        .then_some("Only the console's own page may ask this; another program sends Origin: http://localhost:<port>")
}

/// The `Content-Security-Policy`: the page loads from this stack alone, and calls it and the server of its channels.
pub(super) fn policy(port: u16, channels: &AppServer) -> HeaderValue {
    let here = |port: u16| ["localhost", "127.0.0.1"].map(|host| format!("ws://{host}:{port}"));
    let mut sockets = here(port).to_vec();
    let AppServer { host, port: of_channels, tls } = channels;
    if host != HOST || *tls {
        sockets.push(format!("{}://{host}:{of_channels}", if *tls { "wss" } else { "ws" }));
    } else if *of_channels != port {
        sockets.extend(here(*of_channels));
    }
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {}; frame-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        sockets.join(" ")
    );
    HeaderValue::from_str(&policy).expect("a host and ports are plain text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;
    use http::header::{HOST, ORIGIN};

    fn allows(method: &Method, path: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        refusal(method, path, &headers.collect()).is_none()
    }

    #[test]
    fn the_consoles_own_page_may_ask() {
        for site in ["same-origin", "none"] {
            assert!(allows(&Method::GET, "/console/session", &[("host", "localhost:3000"), ("sec-fetch-site", site)]));
        }
        assert!(allows(
            &Method::POST,
            "/console/token",
            &[("host", "127.0.0.1:3000"), ("sec-fetch-site", "same-origin")]
        ));
        assert!(
            allows(&Method::HEAD, "/console", &[("host", "localhost:3000")]),
            "`curl --head` asks whether it is up"
        );
        let origin = ("origin", "http://localhost:3000");
        assert!(allows(&Method::POST, "/console/token", &[("host", "localhost:3000"), origin]), "an older browser");
    }

    #[test]
    fn another_page_may_not_even_on_this_machine() {
        let host = ("host", "localhost:3000");
        for site in ["cross-site", "same-site"] {
            assert!(!allows(&Method::GET, "/console/session", &[host, ("sec-fetch-site", site)]), "{site}");
            assert!(!allows(&Method::POST, "/console/token", &[host, ("sec-fetch-site", site)]), "{site}");
            assert!(allows(&Method::GET, "/console", &[host, ("sec-fetch-site", site)]), "a link to the page");
        }
        assert!(!allows(&Method::POST, "/console/token", &[host, ("sec-fetch-site", "none")]));
        for origin in ["http://localhost:5173", "https://localhost:3000", "null"] {
            let headers =
                HeaderMap::from_iter([(HOST, "localhost:3000".parse().unwrap()), (ORIGIN, origin.parse().unwrap())]);
            assert!(refusal(&Method::POST, "/console/token", &headers).is_some(), "{origin}");
        }
        assert!(!allows(&Method::POST, "/console/token", &[host]), "what says nothing of itself changes nothing");
    }

    #[test]
    fn a_name_that_somebody_made_resolve_to_this_machine_gets_nothing() {
        for path in ["/console", "/console/session", "/console/events"] {
            assert!(!allows(&Method::GET, path, &[("host", "evil.example:3000"), ("sec-fetch-site", "same-origin")]));
        }
    }

    #[test]
    fn the_page_may_call_this_stack_alone() {
        let at = |host: &str, port, tls| policy(3000, &AppServer { host: host.to_owned(), port, tls });
        let policy = at("127.0.0.1", 6001, false);
        let policy = policy.to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(
            policy.contains(
                "connect-src 'self' ws://localhost:3000 ws://127.0.0.1:3000 ws://localhost:6001 ws://127.0.0.1:6001;"
            ),
            "{policy}"
        );
        let own = at("127.0.0.1", 3000, false);
        assert!(own.to_str().unwrap().contains("'self' ws://localhost:3000 ws://127.0.0.1:3000;"), "{own:?}");
        let hosted = at("ws-eu.pusher.com", 443, true);
        assert!(hosted.to_str().unwrap().contains("ws://127.0.0.1:3000 wss://ws-eu.pusher.com:443;"), "{hosted:?}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

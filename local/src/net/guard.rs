//! Keeps web pages of elsewhere away from what listens on this machine.
//!
//! A browser sends whatever a page asks to 127.0.0.1 too: a form, an image or a `fetch` of `text/plain` needs nobody's permission.
//! The owner of a domain can have its name resolve to 127.0.0.1 (DNS rebinding), which makes a page and a local port one
//! origin. So a port that serves programs refuses every request that a page of another origin caused, and each that is for another
//! name than this machine's. `guard.py` is the same rule for the emulator, and `guard-cases.json` tests both.

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::net::TcpListener;

use crate::net::origin::{Origin, is_this_machine};

pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The cause of a request, as far as a browser says it. A page cannot set or remove these headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A program; an old browser says no more of an image or a link.
    Program,
    /// A person who typed the address or opened a bookmark.
    Person,
    /// A page of the same origin.
    OwnPage,
    /// A page of another origin, which another port of this machine is, too.
    OtherPage,
}

impl Sender {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let is_own = |origin: &str| text(&HOST).is_some_and(|host| origin == format!("http://{host}"));
        match (text(&SEC_FETCH_SITE), text(&ORIGIN)) {
            (_, Some(origin)) if !is_own(origin) => Self::OtherPage,
            (Some("same-origin"), _) | (None, Some(_)) => Self::OwnPage,
            (Some("none"), _) => Self::Person,
            (Some(_), _) => Self::OtherPage,
            (None, None) => Self::Program,
        }
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is for a name that somebody else may have made resolve to this machine.
    Name,
    /// A web page of another origin caused it.
    Page,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let sentence = match self {
            Self::Name => {
                "This answers only at localhost and 127.0.0.1. Change the address, or the header Host of a proxy\n"
            }
            Self::Page => {
                "Programs may ask this, web pages of another origin may not. From a program, send no Origin and no Sec-Fetch-Site\n"
            }
        };
        (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "text/plain; charset=utf-8")], sentence).into_response()
    }
}

/// Gives a request of HTTP/2 its `Host` header: there, the name is in the address (`:authority`). Where a request has both, they must be
/// the same, or one check would read the one name and the next check the other.
pub(crate) fn with_host<B>(mut request: http::Request<B>) -> Result<http::Request<B>, Refusal> {
    let Some(authority) = request.uri().authority().map(Authority::as_str) else {
        return Ok(request);
    };
    if let Some(host) = request.headers().get(HOST) {
        let is_same = host.as_bytes().eq_ignore_ascii_case(authority.as_bytes());
        return if is_same { Ok(request) } else { Err(Refusal::Name) };
    }
    let host = HeaderValue::from_str(authority).map_err(|_| Refusal::Name)?;
    request.headers_mut().insert(HOST, host);
    Ok(request)
}

/// Refuses what is not from a program of this machine, and is not typed by a person.
fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    if !is_this_machine(headers) {
        return Err(Refusal::Name);
    }
    match Sender::of(headers) {
        Sender::OtherPage => Err(Refusal::Page),
        Sender::Program | Sender::Person | Sender::OwnPage => Ok(()),
    }
}

/// The same for a request of either version of HTTP; returns it with its `Host` header.
pub(crate) fn admit<B>(request: http::Request<B>) -> Result<http::Request<B>, Refusal> {
    let request = with_host(request)?;
    check(request.headers())?;
    Ok(request)
}

/// The same addresses, for programs of this machine.
pub(crate) fn guarded<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    guarded_by(check, router)
}

/// The same addresses, for the requests that pass this check.
pub(crate) fn guarded_by<S: Clone + Send + Sync + 'static>(
    check: fn(&HeaderMap) -> Result<(), Refusal>,
    router: Router<S>,
) -> Router<S> {
    router.layer(middleware::from_fn(move |request: Request, next: Next| async move {
        let admitted = with_host(request).and_then(|request| check(request.headers()).map(|()| request));
        match admitted {
            Ok(request) => next.run(request).await,
            Err(refusal) => refusal.into_response(),
        }
    }))
}

/// Serves programs of this machine, until the task ends.
pub(crate) async fn serve(listener: TcpListener, router: Router) -> Result<()> {
    axum::serve(listener, guarded(router)).await.context("It cannot be listened any longer")
}

/// The names at which the front door answers. Its pages and programs of every origin are CORS's business, as on AWS.
#[derive(Debug, Clone)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// This machine's names, and those of the origins in `--origin`.
    pub(crate) fn of(origins: &[Origin]) -> Self {
        let host = |origin: &Origin| origin.to_string().split_once("://").map(|(_, authority)| name_in(authority));
        Self(origins.iter().filter_map(host).flatten().collect())
    }

    /// Whether a request is for one of them. `localhost` and `.internal` are reserved, so no domain's owner has them, and a number is
    /// not resolved; Docker calls its host `host.docker.internal`.
    pub(crate) fn have(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).and_then(|host| name_in(host.to_str().ok()?));
        host.is_some_and(|name| {
            let is_number = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok();
            let is_reserved = name == "localhost" || name.ends_with(".localhost") || name == "host.docker.internal";
            is_number || is_reserved || self.0.contains(&name)
        })
    }

    pub(crate) fn refusal() -> Response {
        let json = HeaderValue::from_static("application/json");
        let body = r#"{"message":"The front door answers at localhost and 127.0.0.1, and at the names of `cargo local --origin https://<name>`"}"#;
        (StatusCode::FORBIDDEN, [(CONTENT_TYPE, json)], body).into_response()
    }
}

/// The name in a `Host` header, without the port.
fn name_in(host: &str) -> Option<String> {
    host.parse::<Authority>().ok().map(|authority| authority.host().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::any;
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    fn headers(pairs: &Value) -> HeaderMap {
        let pairs = pairs.as_object().unwrap();
        pairs
            .iter()
            .map(|(name, value)| {
                (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value.as_str().unwrap()).unwrap())
            })
            .collect()
    }

    #[test]
    fn programs_pass_and_pages_of_elsewhere_do_not() {
        let cases: Value = serde_json::from_str(include_str!("../../bridge/ministack/guard-cases.json")).unwrap();
        for case in cases.as_array().unwrap() {
            let expected = match case["refused"].as_str() {
                Some("name") => Err(Refusal::Name),
                Some("page") => Err(Refusal::Page),
                _ => Ok(()),
            };
            assert_eq!(check(&headers(&case["headers"])), expected, "{case}");
        }
    }

    #[tokio::test]
    async fn a_request_of_http_2_has_its_name_in_the_address() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Router::new().fallback(any(async || "done"))));
        let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Body>();
        let ask = async |host: Option<&str>| {
            let request = http::Request::post(format!("http://{address}/token"));
            let request = host.into_iter().fold(request, |request, host| request.header(HOST, host));
            client.request(request.body(Body::empty()).unwrap()).await.unwrap().status()
        };
        assert_eq!(ask(None).await, StatusCode::OK);
        assert_eq!(ask(Some(&address.to_string())).await, StatusCode::OK);
        assert_eq!(ask(Some("localhost")).await, StatusCode::FORBIDDEN, "another name than that of the address");
        assert_eq!(ask(Some("evil.example")).await, StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_foreign_name_in_the_address_is_refused_as_one_in_the_header() {
        let checked = |address: &str, host: Option<&str>| {
            let request = http::Request::get(address);
            let request = host.into_iter().fold(request, |request, host| request.header(HOST, host));
            admit(request.body(()).unwrap()).map(drop)
        };
        assert_eq!(checked("http://LocalHost:3000/", Some("localhost:3000")), Ok(()));
        assert_eq!(checked("/", Some("localhost:3000")), Ok(()));
        for (address, host) in [
            ("http://evil.example/", None),
            ("http://evil.example/", Some("localhost")),
            ("http://localhost/", Some("evil.example")),
            ("http://me@localhost/", None),
            ("/", None),
        ] {
            assert_eq!(checked(address, host), Err(Refusal::Name), "{address} {host:?}");
        }
    }

    #[tokio::test]
    async fn every_server_of_the_stack_refuses_a_page_of_elsewhere() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Router::new().fallback(any(async || "done"))));
        let ask = async |more: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("POST / HTTP/1.1\r\ncontent-length: 0\r\nconnection: close\r\n{more}\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut response = String::new();
            stream.read_to_string(&mut response).await.unwrap();
            response
        };
        assert!(ask(&format!("host: {address}\r\n")).await.starts_with("HTTP/1.1 200"));
        for foreign in [
            format!("host: {address}\r\norigin: http://evil.example\r\n"),
            format!("host: {address}\r\nsec-fetch-site: cross-site\r\n"),
            "host: evil.example\r\n".to_owned(),
        ] {
            let response = ask(&foreign).await;
            assert!(response.starts_with("HTTP/1.1 403") && !response.contains("done"), "{foreign}: {response}");
            assert!(!response.to_ascii_lowercase().contains("access-control-"), "{response}");
        }
    }

    #[test]
    fn the_front_door_answers_at_names_that_are_nobody_elses_and_at_those_that_were_named() {
        let names =
            Names::of(&["https://abc.ngrok.example".parse().unwrap(), "http://phone.example:5173".parse().unwrap()]);
        let have = |host: &str| names.have(&HeaderMap::from_iter([(HOST, host.parse().unwrap())]));
        for host in [
            "localhost:3000",
            "127.0.0.1:3000",
            "LOCALHOST",
            "app.localhost:3000",
            "192.168.1.20:3000",
            "[::1]:3000",
            "host.docker.internal:3000",
            "abc.ngrok.example",
            "phone.example:3000",
        ] {
            assert!(have(host), "{host}");
        }
        for host in ["evil.example:3000", "localhost.evil.example", "localhost.:3000", "127.0.0.1.evil.example", ""] {
            assert!(!have(host), "{host}");
        }
        assert!(!names.have(&HeaderMap::new()));
    }
}

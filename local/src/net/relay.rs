//! Passes HTTP requests on to another address.

use axum::body::{Body, Bytes, to_bytes};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, ORIGIN, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Request, Response, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Headers by which a browser says which page asked, and at which name. The relay speaks for itself: the servers behind it
/// refuse pages ([`crate::net::guard`]).
const OF_THE_PAGE: [HeaderName; 6] = [
    HOST,
    ORIGIN,
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("sec-fetch-user"),
];

/// Headers that apply to one connection only, and are not passed on.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The address that requests are passed on to, and the connections to it.
#[derive(Clone)]
pub(crate) struct Relay {
    address: String,
    client: Client<HttpConnector, Body>,
    keeps_host: bool,
}

/// Why there is no response to pass back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelayError {
    /// The path fits into no address.
    Address,
    /// No connection, or one that ended before the response did.
    NoResponse,
}

impl Relay {
    /// To this address, which has no slash at the end. A request's path is appended to it.
    pub(crate) fn to(address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { address: address.to_owned(), client, keeps_host: false }
    }

    /// The same, which passes the header `Host` on: it is part of a signature.
    pub(crate) fn keeping_host(self) -> Self {
        Self { keeps_host: true, ..self }
    }

    /// Sends a request; returns the whole response.
    pub(crate) async fn send(&self, mut parts: Parts, body: Bytes) -> Result<Response<Bytes>, RelayError> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("{}{path}", self.address).parse().map_err(|_| RelayError::Address)?;
        // The servers behind it speak no other, whatever the client spoke.
        parts.version = Version::HTTP_11;
        remove_hop_by_hop(&mut parts.headers);
        let host = parts.headers.get(HOST).filter(|_| self.keeps_host).cloned();
        speak_for_itself(&mut parts.headers);
        if let Some(host) = host {
            parts.headers.insert(HOST, host);
        }
        let is_head = parts.method == Method::HEAD;
        let request = Request::from_parts(parts, Body::from(body));
        let response = self.client.request(request).await.map_err(|_| RelayError::NoResponse)?;
        let (mut parts, body) = response.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.map_err(|_| RelayError::NoResponse)?;
        remove_hop_by_hop(&mut parts.headers);
        // That of a response to HEAD is the length of the body that is left out.
        if !is_head {
            parts.headers.remove(CONTENT_LENGTH);
        }
        Ok(Response::from_parts(parts, body))
    }
}

/// Removes what a browser said of the page that caused a request.
pub(crate) fn speak_for_itself(headers: &mut HeaderMap) {
    for name in &OF_THE_PAGE {
        headers.remove(name);
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

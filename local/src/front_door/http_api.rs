//! The HTTP API: forwards requests to ministack, with the limits and error responses of API Gateway.
//!
//! Gaps that remain: of the headers that say which page asked, a function's event has `Origin` and `Sec-Fetch-Site` alone, its `Host` is
//! ministack's, its cookies are in `headers`, and its `rawPath` is decoded. No function reads the others.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::cors::Cors;
use super::refused_pages::RefusedPages;
use crate::net::guard::SEC_FETCH_SITE;
use crate::net::relay::{Relay, RelayError};

/// API Gateway's limit for the body of a request, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// The headers that say which page asked, for the function. ministack itself refuses pages, so they have other names on the way to it, and
/// `guard.py` gives them back theirs.
const OF_THE_PAGE: [(HeaderName, HeaderName); 2] = [
    (ORIGIN, HeaderName::from_static("x-carillon-origin")),
    (SEC_FETCH_SITE, HeaderName::from_static("x-carillon-sec-fetch-site")),
];
/// API Gateway's time-out for an integration of an HTTP API.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The address of the HTTP API, and its CORS settings, which ministack does not apply.
#[derive(Clone)]
pub(super) struct HttpApi {
    relay: Relay,
    cors: Cors,
    refused: RefusedPages,
}

impl HttpApi {
    /// `address` is the address of the stage, without a slash at the end.
    pub(super) fn new(address: &str, cors: Cors) -> Self {
        Self { relay: Relay::to(address), cors, refused: RefusedPages::default() }
    }
}

/// Handles one request.
pub(super) async fn handle(api: &HttpApi, request: Request) -> Response {
    if let Some(line) = api.cors.refused(request.headers()).and_then(|origin| api.refused.line(origin)) {
        eprintln!("{line}");
    }
    if request.method() == Method::OPTIONS && api.cors.is_configured() {
        return (StatusCode::NO_CONTENT, api.cors.preflight_headers(request.headers())).into_response();
    }
    let cors_headers = api.cors.response_headers(request.headers());
    let mut response = match tokio::time::timeout(INTEGRATION_TIMEOUT, forward(api, request)).await {
        Ok(response) => response,
        Err(_) => gateway_response(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    };
    // API Gateway replaces the CORS headers of a function with its own.
    remove(response.headers_mut(), |name| name.as_str().starts_with("access-control-"));
    response.headers_mut().extend(cors_headers);
    response
}

async fn forward(api: &HttpApi, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Some(without) = without_prefix(&parts.uri) {
        parts.uri = without;
    }
    for (name, on_the_way) in OF_THE_PAGE {
        parts.headers.remove(&on_the_way);
        if let Some(value) = parts.headers.remove(name) {
            parts.headers.insert(on_the_way, value);
        }
    }
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return gateway_response(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    match api.relay.send(parts, body).await {
        Ok(response) => as_api_gateway(response),
        Err(RelayError::Address) => gateway_response(StatusCode::BAD_REQUEST, "Bad Request"),
        Err(RelayError::NoResponse) => gateway_response(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    }
}

/// The address of a page that calls `/api/notifications/…`, where the route has no `/api`: the CloudFront distribution of the
/// template takes it away, too. Routes that begin with `/api` by themselves stay as they are.
fn without_prefix(uri: &http::Uri) -> Option<http::Uri> {
    let path = uri.path_and_query()?.as_str();
    path.starts_with("/api/notifications").then(|| path["/api".len()..].parse().ok())?
}

/// Changes ministack's response to the one that API Gateway would send.
fn as_api_gateway(response: http::Response<Bytes>) -> Response {
    if response.status() == StatusCode::BAD_GATEWAY && is_function_error(response.body()) {
        // ministack sends the text of the error; API Gateway does not.
        return gateway_response(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    }
    response.map(Body::from)
}

/// Whether the body is the error of a function that failed, and not a function's response.
fn is_function_error(body: &Bytes) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct FunctionError {
        #[serde(rename = "errorMessage")]
        _error_message: String,
    }
    serde_json::from_slice::<FunctionError>(body).is_ok()
}

/// An error response of API Gateway itself.
fn gateway_response(status: StatusCode, message: &str) -> Response {
    let json = HeaderValue::from_static("application/json");
    (status, [(CONTENT_TYPE, json)], json!({ "message": message }).to_string()).into_response()
}

fn remove(headers: &mut HeaderMap, unwanted: impl Fn(&HeaderName) -> bool) {
    let names: Vec<_> = headers.keys().filter(|name| unwanted(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::super::bucket::Bucket;
    use super::super::router;
    use super::*;
    use crate::state::settings::PusherServer;
    use axum::Router;
    use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
    use tokio::net::TcpListener;
    use tower::ServiceExt;

    /// Returns what it received. At /broken it fails as a function does; at /refusing it returns 502.
    async fn upstream(request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().into()).unwrap();
        match parts.uri.path() {
            "/stage/broken" => {
                (StatusCode::BAD_GATEWAY, r#"{"errorMessage":"a secret","errorType":"E"}"#).into_response()
            }
            "/stage/refusing" => (StatusCode::BAD_GATEWAY, r#"{"error":"Bad Gateway"}"#).into_response(),
            "/stage/page" => {
                let text = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap());
                let [origin, site] = ["x-carillon-origin", "x-carillon-sec-fetch-site"].map(|name| text(name).unwrap());
                format!("{:?} {:?} {origin} {site}", text("origin"), text("sec-fetch-site")).into_response()
            }
            _ => {
                let said = format!(
                    "{} {} {} {body}",
                    parts.method,
                    parts.uri,
                    parts.headers["authorization"].to_str().unwrap()
                );
                (StatusCode::CREATED, [("x-request-id", "1"), ("access-control-allow-origin", "*")], said)
                    .into_response()
            }
        }
    }

    async fn front_door() -> Router {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}/stage", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, Router::new().fallback(upstream)).await });
        let cors: Cors = serde_json::from_value(json!({ "allowOrigins": ["http://localhost:3001"] })).unwrap();
        let bucket = Bucket::new(&address, cors.clone());
        router(HttpApi::new(&address, cors), bucket, crate::front_door::Sockets::new(&address, PusherServer::default()))
    }

    async fn response_to(request: http::request::Builder, body: impl Into<Body>) -> (StatusCode, HeaderMap, String) {
        let request = request.header("authorization", "Bearer t").body(body.into()).unwrap();
        let (parts, body) = front_door().await.oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.into()).unwrap())
    }

    #[tokio::test]
    async fn a_request_and_its_response_pass_unchanged() {
        let request = Request::put("/a%20b?c=%2F&c=d").header(ORIGIN, "http://localhost:3001");
        let (status, headers, body) = response_to(request, "{ }").await;
        assert_eq!(status, StatusCode::CREATED);
        assert_eq!(body, "PUT /stage/a%20b?c=%2F&c=d Bearer t { }");
        assert_eq!(headers["x-request-id"], "1");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:3001");
    }

    #[tokio::test]
    async fn the_page_that_asked_is_named_to_the_function_and_not_to_ministack() {
        let request =
            Request::get("/page").header(ORIGIN, "http://localhost:3001").header("sec-fetch-site", "same-site");
        let forged = request.header("x-carillon-origin", "http://forged");
        let (_, _, body) = response_to(forged, "").await;
        assert_eq!(body, "None None http://localhost:3001 same-site");
    }

    #[tokio::test]
    async fn the_prefix_of_a_page_s_relative_address_is_taken_away() {
        let (_, _, body) = response_to(Request::post("/api/notifications/device-token?a=b"), "x").await;
        assert_eq!(body, "POST /stage/notifications/device-token?a=b Bearer t x");
        let (_, _, body) = response_to(Request::get("/api/guest/hotel/h/chat/context"), "").await;
        assert_eq!(body, "GET /stage/api/guest/hotel/h/chat/context Bearer t ");
    }

    #[tokio::test]
    async fn cors_headers_of_a_function_are_removed() {
        let (_, headers, _) = response_to(Request::get("/books").header(ORIGIN, "http://other"), "").await;
        assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    }

    #[tokio::test]
    async fn a_preflight_request_reaches_no_function() {
        let request = Request::options("/").header(ORIGIN, "http://localhost:3001");
        let (status, _, body) = response_to(request.header("access-control-request-method", "POST"), "").await;
        assert_eq!((status, body.as_str()), (StatusCode::NO_CONTENT, ""));
    }

    #[tokio::test]
    async fn the_text_of_a_functions_error_is_not_sent() {
        let (status, _, body) = response_to(Request::get("/broken"), "").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body, r#"{"message":"Internal Server Error"}"#);
        let (status, _, _) = response_to(Request::get("/refusing"), "").await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        let (status, _, body) = response_to(Request::post("/"), vec![b'a'; MAX_BODY_BYTES + 1]).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(body, r#"{"message":"Request Entity Too Large"}"#);
    }
}

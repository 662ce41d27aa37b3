//! Cross-origin requests, handled as API Gateway handles them for an HTTP API.
//!
//! The settings are those of the template. ministack does not apply them: it refuses every preflight request and adds
//! no headers.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// The `CorsConfiguration` of an HTTP API.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Cors {
    allow_origins: Vec<String>,
    allow_methods: Vec<String>,
    allow_headers: Vec<String>,
    expose_headers: Vec<String>,
    allow_credentials: bool,
    max_age: Option<u32>,
}

impl Cors {
    /// Whether CORS is configured; without it, OPTIONS is a method like any other.
    pub(crate) fn is_configured(&self) -> bool {
        !self.allow_origins.is_empty()
    }

    /// The headers of the response to an OPTIONS request: none, unless it is a preflight request from an allowed
    /// origin. The status is always 204.
    pub(crate) fn preflight_headers(&self, request: &HeaderMap) -> HeaderMap {
        if !request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return HeaderMap::new();
        }
        let mut headers = self.origin_headers(request);
        if !headers.is_empty() {
            list(&mut headers, ACCESS_CONTROL_ALLOW_METHODS, &self.allow_methods);
            list(&mut headers, ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers);
            if let Some(seconds) = self.max_age {
                headers.insert(ACCESS_CONTROL_MAX_AGE, seconds.into());
            }
        }
        headers
    }

    /// The headers that API Gateway adds to any other response.
    pub(crate) fn response_headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = self.origin_headers(request);
        if !headers.is_empty() {
            list(&mut headers, ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers);
        }
        headers
    }

    fn origin_headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let Some(origin) = request.get(ORIGIN) else {
            return headers;
        };
        if self.allow_origins.iter().any(|allowed| allowed == "*") {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else if self.allow_origins.iter().any(|allowed| allows(allowed, origin)) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            if self.allow_credentials {
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
        }
        headers
    }
}

/// Compares the whole origin; `https://*` allows every origin of that scheme.
fn allows(allowed: &str, origin: &HeaderValue) -> bool {
    match allowed.strip_suffix("://*") {
        Some(scheme) => origin
            .to_str()
            .is_ok_and(|origin| origin.split_once("://").is_some_and(|(of_origin, _)| of_origin == scheme)),
        None => origin == allowed,
    }
}

fn list(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if !values.is_empty()
        && let Ok(value) = HeaderValue::from_str(&values.join(","))
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origins: &[&str]) -> Cors {
        serde_json::from_value(serde_json::json!({
            "allowOrigins": origins,
            "allowMethods": ["GET", "POST"],
            "allowHeaders": ["authorization", "content-type"],
            "exposeHeaders": ["x-request-id"],
            "allowCredentials": true,
            "maxAge": 600,
        }))
        .unwrap()
    }

    fn request(origin: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().unwrap());
        headers.insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("POST"));
        headers
    }

    #[test]
    fn an_allowed_origin_learns_what_it_may_send() {
        let headers = cors(&["http://localhost:3001"]).preflight_headers(&request("http://localhost:3001"));
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:3001");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_METHODS], "GET,POST");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_HEADERS], "authorization,content-type");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(headers[ACCESS_CONTROL_MAX_AGE], "600");
    }

    #[test]
    fn any_other_origin_learns_nothing() {
        let cors = cors(&["http://localhost:3001", "https://*"]);
        for origin in ["http://localhost:3002", "http://localhost:3001.example", "null", "https"] {
            assert!(cors.preflight_headers(&request(origin)).is_empty(), "{origin}");
            assert!(cors.response_headers(&request(origin)).is_empty(), "{origin}");
        }
        assert!(cors.response_headers(&HeaderMap::new()).is_empty());
    }

    #[test]
    fn a_plain_options_request_is_not_a_preflight() {
        let mut plain = request("http://localhost:3001");
        plain.remove(ACCESS_CONTROL_REQUEST_METHOD);
        assert!(cors(&["http://localhost:3001"]).preflight_headers(&plain).is_empty());
    }

    #[test]
    fn a_response_names_the_headers_that_scripts_may_read() {
        let headers = cors(&["https://*"]).response_headers(&request("https://app.example"));
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example");
        assert_eq!(headers[ACCESS_CONTROL_EXPOSE_HEADERS], "x-request-id");
        assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_METHODS));
    }

    #[test]
    fn every_origin_never_goes_with_credentials() {
        let headers = cors(&["*"]).response_headers(&request("https://app.example"));
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }
}

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
    /// Whether pages of this machine may call the API too, whatever the template says.
    #[serde(skip)]
    this_machine: bool,
}

impl Cors {
    /// The same, and every page that this machine serves is allowed: `npm run dev` has one port today and another tomorrow.
    pub(crate) fn with_this_machine(self) -> Self {
        Self { this_machine: true, ..self }
    }

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

    /// The origin of a page that may not call the API.
    pub(crate) fn refused<'a>(&self, request: &'a HeaderMap) -> Option<&'a str> {
        let origin = request.get(ORIGIN).and_then(|origin| origin.to_str().ok())?;
        (self.is_configured() && self.origin_headers(request).is_empty()).then_some(origin)
    }

    fn origin_headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let Some(origin) = request.get(ORIGIN) else {
            return headers;
        };
        if self.allow_origins.iter().any(|allowed| allowed == "*") {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else if self.allow_origins.iter().any(|allowed| allows(allowed, origin))
            || (self.this_machine && is_of_this_machine(origin))
        {
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

/// `http://localhost` or `http://127.0.0.1`, on any port.
fn is_of_this_machine(origin: &HeaderValue) -> bool {
    let Some(authority) = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://")) else {
        return false;
    };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    matches!(host, "localhost" | "127.0.0.1") && port.parse::<u16>().is_ok()
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
            assert_eq!(cors.refused(&request(origin)), Some(origin));
        }
        assert_eq!(cors.refused(&request("http://localhost:3001")), None);
        assert!(cors.response_headers(&HeaderMap::new()).is_empty());
    }

    #[test]
    fn every_page_of_this_machine_may_be_allowed_and_no_other_with_it() {
        let cors = cors(&["https://app.example"]).with_this_machine();
        for origin in ["http://localhost:5173", "http://127.0.0.1:8080", "http://localhost", "https://app.example"] {
            assert_eq!(cors.preflight_headers(&request(origin))[ACCESS_CONTROL_ALLOW_ORIGIN], origin);
            assert_eq!(cors.response_headers(&request(origin))[ACCESS_CONTROL_ALLOW_ORIGIN], origin);
        }
        for origin in [
            "https://localhost:5173",
            "http://localhost:5173.example",
            "http://localhost.example:5173",
            "http://localhost:99999",
            "http://localhost:",
            "http://user@localhost:1",
            "null",
        ] {
            assert!(cors.preflight_headers(&request(origin)).is_empty(), "{origin}");
        }
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

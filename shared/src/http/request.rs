//! Reads requests. A wrong size, a wrong type and a missing field each have their own error.
//!
//! Every type that a request is read into has `deny_unknown_fields`, so a misspelled field is refused by name before anything
//! is written. Lenient are only the formats of others: Pusher's webhooks, the bodies of pusher-js, frames of WebSockets.

use std::collections::BTreeMap;

pub use lambda_http::Request;
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api_error::ApiError;
use crate::contract::event::MAX_EVENT_BYTES;
use crate::json::{self, Part};

/// Most bytes of a body that becomes an event of at most `event` bytes, however it is written: JSON may write each UTF-16 unit as
/// `\uXXXX`, which is six bytes for one of ASCII; and there are names and white space around it.
#[must_use]
pub const fn body_of_event(event: usize) -> usize {
    6 * event + 4 * 1024
}

/// Most bytes of a body: that of the longest Pusher event. A text that is too long for the event is refused with the event's own
/// limit, before a row is written.
const MAX_BODY_BYTES: usize = body_of_event(MAX_EVENT_BYTES);
/// Most bytes of what Pusher's clients send before they subscribe: two names of ASCII.
const MAX_SUBSCRIPTION_BYTES: usize = 10 * 1024;
/// Most bytes of a webhook's body, which batches many events.
pub const MAX_WEBHOOK_BYTES: usize = 1024 * 1024;

/// API Gateway calls a function for the routes of the template alone, so this one has a route that its function does not know.
#[must_use]
pub fn no_such_route(route: &str) -> ApiError {
    ApiError::NotFound(format!("There is no route {route}"))
}

/// Reads the parts of lambda_http's [`Request`] that handlers need.
pub trait ReadRequest {
    /// API Gateway's `routeKey`, such as `POST /kudos`: the route in the template that matched.
    fn route(&self) -> &str;

    /// API Gateway's id of the request, or else Lambda's. It is in the logs and in the response's `x-request-id`.
    fn request_id(&self) -> &str;

    /// A header's value; `None` when it is missing or not ASCII.
    fn header(&self, name: &str) -> Option<&str>;

    /// A parameter of the route's path; empty when the route has no parameter of this name.
    fn path(&self, name: &str) -> &str;

    /// All parameters of the route's path, by name.
    fn path_parameters(&self) -> BTreeMap<String, String>;

    /// The path as API Gateway got it, with a stage or another prefix that its domain adds.
    fn raw_path(&self) -> &str;

    /// All parameters of the query, without escapes.
    fn queries(&self) -> Vec<(String, String)>;

    /// A parameter of the query; the first one, if there are several of this name.
    fn query(&self, name: &str) -> Option<&str>;

    /// The query's `limit`: the most items of a page.
    ///
    /// # Errors
    /// 400 unless it is a number from 1 to `max`.
    fn limit(&self, default: u8, max: u8) -> Result<u8, ApiError> {
        match self.query("limit").map(str::parse) {
            None => Ok(default),
            Some(Ok(limit)) if (1..=max).contains(&limit) => Ok(limit),
            Some(_) => Err(ApiError::field("limit", format!("must be a number from 1 to {max}"))),
        }
    }

    /// The body's bytes, as they were sent.
    fn bytes(&self) -> &[u8];

    /// The body's bytes, at most `limit` of them.
    ///
    /// # Errors
    /// 413 when there are more.
    fn bytes_up_to(&self, limit: usize) -> Result<&[u8], ApiError> {
        if self.bytes().len() > limit {
            return Err(ApiError::TooLarge { what: "The body", bytes: self.bytes().len(), limit });
        }
        Ok(self.bytes())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 413 over 64 KB, 415 for another `Content-Type`, 400 for what is not JSON or lacks a field.
    fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        self.json_up_to(MAX_BODY_BYTES)
    }

    /// The body as JSON, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`ReadRequest::json`].
    fn json_up_to<T: DeserializeOwned>(&self, limit: usize) -> Result<T, ApiError> {
        let body = self.bytes_up_to(limit)?;
        match media_type(self.header("content-type")).as_str() {
            "application/json" => json(body),
            _ => Err(ApiError::UnsupportedMediaType("Send JSON, with the header Content-Type: application/json")),
        }
    }

    /// The body as lines of JSON.
    ///
    /// # Errors
    /// 413 over 64 KB, 415 for another `Content-Type`.
    fn lines(&self) -> Result<&[u8], ApiError> {
        let body = self.bytes_up_to(MAX_BODY_BYTES)?;
        match media_type(self.header("content-type")).as_str() {
            "application/x-ndjson" => Ok(body),
            _ => Err(ApiError::UnsupportedMediaType(
                "Send one JSON object per line, with the header Content-Type: application/x-ndjson",
            )),
        }
    }

    /// The body as JSON or as a form, which pusher-js sends.
    ///
    /// # Errors
    /// As [`ReadRequest::json`]; 413 over 10 KB.
    fn json_or_form<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let body = self.bytes_up_to(MAX_SUBSCRIPTION_BYTES)?;
        match media_type(self.header("content-type")).as_str() {
            "application/json" => json(body),
            "application/x-www-form-urlencoded" => form(body),
            _ => Err(ApiError::UnsupportedMediaType(
                "Send JSON or a form, with the header Content-Type: application/json or application/x-www-form-urlencoded",
            )),
        }
    }
}

impl ReadRequest for Request {
    fn route(&self) -> &str {
        match self.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.route_key.as_deref().unwrap_or_default(),
            Some(RequestContext::WebSocket(context)) => context.route_key.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    fn request_id(&self) -> &str {
        let of_gateway = match self.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.as_deref().filter(|id| !id.is_empty()),
            Some(RequestContext::WebSocket(context)) => context.request_id.as_deref().filter(|id| !id.is_empty()),
            _ => None,
        };
        let of_lambda = || self.lambda_context_ref().map(|context| context.request_id.as_str());
        of_gateway.or_else(of_lambda).unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    fn path(&self, name: &str) -> &str {
        self.path_parameters_ref().and_then(|parameters| parameters.first(name)).unwrap_or_default()
    }

    fn path_parameters(&self) -> BTreeMap<String, String> {
        let parameters = self.path_parameters_ref().into_iter().flat_map(|parameters| parameters.iter());
        parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn raw_path(&self) -> &str {
        self.raw_http_path()
    }

    fn queries(&self) -> Vec<(String, String)> {
        let parameters = self.query_string_parameters_ref().into_iter().flat_map(|parameters| parameters.iter());
        parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query_string_parameters_ref()?.first(name)
    }

    fn bytes(&self) -> &[u8] {
        self.body().as_ref()
    }
}

/// `Content-Type` without its parameters, in lower case.
fn media_type(content_type: Option<&str>) -> String {
    let value = content_type.unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    json::from_value(Part::Body, json::object(body)?)
}

fn form<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if std::str::from_utf8(body).is_err() || !percent_encoding_is_sound(body) {
        return Err(ApiError::Malformed(
            "The body is not a form: send name=value&name=value as percent-encoded UTF-8, such as name=Ada%20L"
                .to_owned(),
        ));
    }
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if fields.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
            return Err(ApiError::Malformed("The form has a field twice: send each field once".to_owned()));
        }
    }
    let object = Value::Object(fields.into_iter().collect());
    json::from_value(Part::Form, object)
}

/// Whether each `%` is followed by two hex digits. The parser would keep any other `%` as it is, and so accept a broken
/// form.
fn percent_encoding_is_sound(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return false,
        }
    }
    true
}

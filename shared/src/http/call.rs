//! A request, read with care: sizes, types and missing fields become clear answers.

use std::collections::BTreeMap;

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Problem;
use crate::contract::MAX_EVENT_BYTES;

/// Most bytes of a body: nearly all become a Pusher event, which holds no more.
const MAX_BODY_BYTES: usize = MAX_EVENT_BYTES;
/// Most bytes of a webhook's body, which batches many events.
pub const MAX_WEBHOOK_BYTES: usize = 1024 * 1024;

/// One HTTP request.
#[derive(Debug)]
pub struct Call {
    request: Request,
}

impl From<Request> for Call {
    fn from(request: Request) -> Self {
        Self { request }
    }
}

impl Call {
    /// API Gateway's `routeKey`, such as `POST /kudos`: the route in the template that led here.
    #[must_use]
    pub fn route(&self) -> &str {
        match self.request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.route_key.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// The id that is in the logs of API Gateway and Lambda, and in the answer's `x-request-id`.
    #[must_use]
    pub fn request_id(&self) -> String {
        let of_gateway = match self.request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
            _ => None,
        };
        of_gateway
            .filter(|id| !id.is_empty())
            .or_else(|| self.request.lambda_context_ref().map(|c| c.request_id.clone()))
            .unwrap_or_default()
    }

    /// A header's value, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// Whether a header was sent at all.
    #[must_use]
    pub fn has_header(&self, name: &str) -> bool {
        self.request.headers().contains_key(name)
    }

    /// A parameter of the route's path; empty when the template's route has none of that name.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        let parameters = self.request.path_parameters_ref();
        parameters.and_then(|found| found.first(name)).unwrap_or_default().to_owned()
    }

    /// A parameter of the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.request.query_string_parameters_ref()?.first(name)
    }

    /// The query's `limit`: how long a page may be.
    ///
    /// # Errors
    /// 400 unless it is a number from 1 to `most`.
    pub fn limit(&self, default: u8, most: u8) -> Result<u8, Problem> {
        match self.query("limit").map(str::parse) {
            None => Ok(default),
            Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit),
            Some(_) => Err(Problem::field("limit", format!("must be a number from 1 to {most}"))),
        }
    }

    /// The body's bytes, exactly as they were sent.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.request.body().as_ref()
    }

    /// The body's bytes, if there are no more than `limit`.
    ///
    /// # Errors
    /// 413 with the limit.
    pub fn body_up_to(&self, limit: usize) -> Result<&[u8], Problem> {
        if self.body().len() > limit {
            return Err(Problem::TooLarge { what: "The body", limit });
        }
        Ok(self.body())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 413 over 10 KB, 415 for another `Content-Type`, 400 for what is not JSON or lacks a field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body = self.body_up_to(MAX_BODY_BYTES)?;
        match self.media_type().as_str() {
            "application/json" => json(body),
            _ => Err(Problem::UnsupportedMediaType("Send JSON, with the header Content-Type: application/json")),
        }
    }

    /// The body as JSON or as a form, which pusher-js sends.
    ///
    /// # Errors
    /// As [`Call::json`].
    pub fn json_or_form<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body = self.body_up_to(MAX_BODY_BYTES)?;
        match self.media_type().as_str() {
            "application/json" => json(body),
            "application/x-www-form-urlencoded" => form(body),
            _ => Err(Problem::UnsupportedMediaType(
                "Send JSON or a form, with the header Content-Type: application/json or application/x-www-form-urlencoded",
            )),
        }
    }

    /// `Content-Type` without its parameters, in lower case.
    fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| Problem::Malformed(format!("The body is not JSON: {error}")))?;
    if !value.is_object() {
        return Err(Problem::Malformed("The body must be a JSON object".to_owned()));
    }
    serde_json::from_value(value).map_err(|error| Problem::Malformed(format!("The body does not fit: {error}")))
}

fn form<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if std::str::from_utf8(body).is_err() || !percent_encoding_is_sound(body) {
        return Err(Problem::Malformed("The body is not a form: it is not percent-encoded UTF-8".to_owned()));
    }
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if fields.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
            return Err(Problem::Malformed("The form has a field twice".to_owned()));
        }
    }
    let object = Value::Object(fields.into_iter().collect());
    serde_json::from_value(object).map_err(|error| Problem::Malformed(format!("The form does not fit: {error}")))
}

/// Whether each `%` is followed by two hex digits. The parser would keep others as they are, and so read a broken form as
/// something that nobody meant.
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

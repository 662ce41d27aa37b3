//! Why a call failed, in what the service itself said of it (Smithy, "AWS JSON 1.0 protocol", operation errors).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::https::NoAnswer;

/// Why a service did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// No connection, or no answer in time.
    #[error("{service} did not answer {operation}")]
    NoAnswer {
        /// The service's name.
        service: &'static str,
        /// What it was asked for.
        operation: &'static str,
        /// What happened.
        source: NoAnswer,
    },
    /// A request or an answer of another form than is documented.
    #[error("what {operation} takes or gives ({service}) cannot be written or read")]
    Unreadable {
        /// The service's name.
        service: &'static str,
        /// What it was asked for.
        operation: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// What a service said when it refused.
#[derive(Default, thiserror::Error)]
#[error("{service} refused {operation} with {}: {message} (request {request_id})", format!("{status} {code}").trim_end())]
pub struct Refusal {
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    pub(super) status: u16,
    /// Such as `ConditionalCheckFailedException`.
    pub(crate) code: String,
    pub(super) message: String,
    /// For AWS Support.
    pub(super) request_id: String,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

/// Without the body, which may hold a row.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({self})")
    }
}

impl Refusal {
    /// Reads an answer other than 200.
    pub(super) fn of(
        service: &'static str,
        operation: &'static str,
        status: u16,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let said: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let field = |name: &str| said.get(name).and_then(serde_json::Value::as_str);
        let code = field("__type").or_else(|| field("code")).or_else(|| header("x-amzn-errortype"));
        Self {
            service,
            operation,
            status,
            code: bare(code.unwrap_or_default()).to_owned(),
            message: field("message").or_else(|| field("Message")).unwrap_or("no reason given").to_owned(),
            request_id: header("x-amzn-requestid").unwrap_or("unknown").to_owned(),
            retry_after: header("x-amz-retry-after").and_then(|text| text.parse().ok()).map(Duration::from_millis),
            body,
        }
    }

    /// What some codes add to the answer.
    ///
    /// # Errors
    /// When the answer has another form.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        let unreadable = |source| CallError::Unreadable { service: self.service, operation: self.operation, source };
        serde_json::from_slice(&self.body).map_err(unreadable)
    }
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// The code without its namespace and without an address (`aws.protocoltests.json10#FooError:http://…`).
fn bare(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.rsplit_once('#').map_or(code, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(headers: &[(&'static str, &'static str)], body: &'static str) -> Refusal {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)));
        Refusal::of("DynamoDB", "PutItem", 400, &headers.collect(), Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn a_code_is_known_wherever_it_stands() {
        for (headers, body) in [
            (vec![], r#"{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"no"}"#),
            (vec![], r#"{"__type":"ValidationException","Message":"no"}"#),
            (vec![], r#"{"code":"ValidationException","message":"no"}"#),
            (vec![("x-amzn-errortype", "ValidationException:http://x/")], r#"{"message":"no"}"#),
        ] {
            let refusal = refusal(&headers, body);
            assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("ValidationException", "no"), "{body}");
        }
    }

    #[test]
    fn a_row_in_the_answer_is_never_printed() {
        let refusal = refusal(&[], r#"{"__type":"ConditionalCheckFailedException","Item":{"token":{"S":"hidden"}}}"#);
        assert!(!format!("{refusal} {refusal:?}").contains("hidden"), "{refusal:?}");
    }

    #[test]
    fn how_long_to_wait_may_be_named() {
        let wait = |headers: &[_]| refusal(headers, "{}").retry_after;
        assert_eq!(wait(&[("x-amz-retry-after", "1500")]), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&[("x-amz-retry-after", "soon")]), None);
    }

    #[test]
    fn what_is_not_json_is_told_by_its_status() {
        let told = refusal(&[("x-amzn-requestid", "R1")], "<html>").to_string();
        assert_eq!(told, "DynamoDB refused PutItem with 400: no reason given (request R1)");
    }
}

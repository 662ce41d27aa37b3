//! What FCM's responses mean (Firebase, "ErrorCode" of the HTTP v1 API).

use http::HeaderMap;
use serde::Deserialize;

use crate::contract::time::Millis;

/// Why a message was not sent to a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token is not valid, or no longer: the app or its data was removed from the device.
    #[error("the device's token is not registered")]
    UnknownToken,
    /// The token belongs to another Firebase project's app, so this project can never reach the device.
    #[error("the device's token belongs to another sender")]
    OtherSender,
    /// FCM calls something invalid and does not say whether it is the message or the token.
    #[error("FCM refused the message or the token: {0}")]
    Unclear(String),
    /// The message itself is invalid; a retry would fail too.
    #[error("FCM refused the message: {0}")]
    Invalid(String),
    /// A retry may succeed: FCM is overloaded or unreachable, or the credentials are wrong until an operator fixes
    /// them.
    #[error("{why}")]
    Later {
        why: String,
        /// The earliest time of a retry (`Retry-After`).
        after: Option<Millis>,
    },
}

impl Refusal {
    pub(super) fn later(why: impl Into<String>, after: Option<Millis>) -> Self {
        Self::Later { why: why.into(), after }
    }
}

#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    error: Error,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Error {
    status: String,
    details: Vec<Detail>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    error_code: String,
    field_violations: Vec<Violation>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Violation {
    field: String,
}

/// What a response other than 200 and 401 means. Text of FCM that might quote the message or the token is left out.
pub fn refusal(status: u16, after: Option<Millis>, body: &[u8]) -> Refusal {
    let Body { error } = serde_json::from_slice(body).unwrap_or_default();
    let code = error.details.iter().map(|detail| detail.error_code.as_str()).find(|code| !code.is_empty());
    let code = code.unwrap_or(&error.status);
    let fields: Vec<_> =
        error.details.iter().flat_map(|detail| &detail.field_violations).map(|named| named.field.as_str()).collect();
    let said = format!("{status} {code} {}", fields.join(", "));
    match status {
        404 if code == "UNREGISTERED" => Refusal::UnknownToken,
        400 if fields.contains(&"message.token") => Refusal::UnknownToken,
        400 if code == "INVALID_ARGUMENT" && fields.is_empty() => Refusal::Unclear(said.trim_end().to_owned()),
        403 if code == "SENDER_ID_MISMATCH" => Refusal::OtherSender,
        // Caused by the project or the account, not by this message.
        401 | 403 | 404 | 408 | 429 | 500..=599 => Refusal::later(format!("FCM answered {}", said.trim_end()), after),
        _ => Refusal::Invalid(said.trim_end().to_owned()),
    }
}

/// The moment that `Retry-After` gives, as seconds from now or as a date (RFC 9110, section 10.2.3).
pub fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Millis> {
    let value = headers.get("retry-after")?.to_str().ok()?;
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(now.plus_seconds(seconds.into()));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    Some(Millis(date.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn error(status: u16, name: &str, details: Value) -> Refusal {
        let body =
            json!({ "error": { "code": status, "message": "secret-token", "status": name, "details": details } });
        refusal(status, None, body.to_string().as_bytes())
    }

    fn fcm(code: &str) -> Value {
        json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code })
    }

    fn violation(field: &str) -> Value {
        let violations = json!([{ "field": field, "description": "Invalid value" }]);
        json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations })
    }

    #[test]
    fn a_token_is_unknown_only_when_fcm_names_it() {
        assert_eq!(error(404, "NOT_FOUND", json!([fcm("UNREGISTERED")])), Refusal::UnknownToken);
        let named = json!([fcm("INVALID_ARGUMENT"), violation("message.token")]);
        assert_eq!(error(400, "INVALID_ARGUMENT", named), Refusal::UnknownToken);
        let other = json!([fcm("INVALID_ARGUMENT"), violation("message.data[0].value")]);
        let invalid = Refusal::Invalid("400 INVALID_ARGUMENT message.data[0].value".to_owned());
        assert_eq!(error(400, "INVALID_ARGUMENT", other), invalid);
        assert_eq!(refusal(400, None, b"<html>"), Refusal::Invalid("400".to_owned()));
        let unclear = Refusal::Unclear("400 INVALID_ARGUMENT".to_owned());
        assert_eq!(error(400, "INVALID_ARGUMENT", json!([fcm("INVALID_ARGUMENT")])), unclear);
        assert_eq!(error(403, "PERMISSION_DENIED", json!([fcm("SENDER_ID_MISMATCH")])), Refusal::OtherSender);
        // A missing project is an operator's mistake, not a fault of the device.
        assert!(matches!(error(404, "NOT_FOUND", json!([])), Refusal::Later { .. }));
    }

    #[test]
    fn temporary_failures_are_retried() {
        for (status, code) in
            [(429, "QUOTA_EXCEEDED"), (500, "INTERNAL"), (503, "UNAVAILABLE"), (403, "PERMISSION_DENIED")]
        {
            let refusal = error(status, "X", json!([fcm(code)]));
            assert_eq!(refusal, Refusal::later(format!("FCM answered {status} {code}"), None));
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Millis(1_794_000_000_000);
        let after = |value: &str| {
            retry_after(
                &[("retry-after", value)]
                    .into_iter()
                    .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
                    .collect(),
                now,
            )
        };
        assert_eq!(after("120"), Some(now.plus_seconds(120)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Millis(784_111_777_000)));
        assert_eq!(after("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}

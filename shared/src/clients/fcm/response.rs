//! The meaning of FCM's responses (Firebase, "ErrorCode" of the HTTP v1 API).

use http::HeaderMap;
use serde::Deserialize;

use crate::contract::time::Millis;
use crate::lenient::Lenient;

/// Why a message was not sent to a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `UNREGISTERED`: the app or its data was removed from the device.
    #[error("the device's token is not registered")]
    UnknownToken,
    /// FCM names the token as what is invalid.
    #[error("FCM refused the token: {0}")]
    InvalidToken(String),
    /// `SENDER_ID_MISMATCH`: the token belongs to another Firebase project than the service account. One device may be a
    /// leftover of another project; where FCM takes no device's message, the project is not the app's.
    #[error("FCM answered {0}: the token belongs to another Firebase project than FIREBASE_PROJECT_ID")]
    OtherSender(String),
    /// FCM calls something invalid and does not say whether it is the message or the token.
    #[error("FCM refused the message or the token: {0}")]
    Unclear(String),
    /// The message itself is invalid; a retry would fail too.
    #[error("FCM refused the message: {0}")]
    Invalid(String),
    /// A retry may succeed: FCM is overloaded or unreachable.
    #[error("{why}")]
    Later {
        why: String,
        /// The earliest time of a retry (`Retry-After`).
        after: Option<Millis>,
    },
    /// A retry succeeds once an operator has mended the credentials or the project.
    #[error("{why}")]
    Operator {
        why: String,
        /// The earliest time of a retry (`Retry-After`).
        after: Option<Millis>,
    },
}

impl Refusal {
    pub(super) fn later(why: impl Into<String>, after: Option<Millis>) -> Self {
        Self::Later { why: why.into(), after }
    }

    pub(super) fn operator(why: impl Into<String>, after: Option<Millis>) -> Self {
        Self::Operator { why: why.into(), after }
    }
}

/// The meaning of a response other than 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// FCM does not accept the access token; a new one may do.
    AccessToken,
    /// The message was not sent to the device.
    Refused(Refusal),
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
    details: Lenient<Detail>,
}

/// One of `FcmError`, `ApnsError` and `BadRequest`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    error_code: String,
    /// Why Apple refused, such as `InvalidProviderToken`.
    reason: String,
    field_violations: Lenient<Violation>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Violation {
    field: String,
}

/// Reads a response other than 200. FCM's own error code decides; the status decides only where there is no known code,
/// because one status has several causes: 401 is an access token that expired, or an APNs key that is missing. Text of FCM
/// that might quote the message or the token is left out.
pub fn failure(status: u16, after: Option<Millis>, body: &[u8]) -> Failure {
    let Body { error } = serde_json::from_slice(body).unwrap_or_default();
    let details = error.details.as_slice();
    let named = details.iter().map(|detail| detail.error_code.as_str()).find(|code| !code.is_empty());
    let fields: Vec<_> = details.iter().flat_map(|detail| detail.field_violations.as_slice()).collect();
    let fields: Vec<_> = fields.into_iter().map(|violation| violation.field.as_str()).collect();
    let reasons = details.iter().map(|detail| detail.reason.as_str()).filter(|reason| !reason.is_empty());
    let words = [named.unwrap_or(&error.status)].into_iter().chain(reasons).map(word);
    let mut said: Vec<String> = std::iter::once(status.to_string()).chain(words).collect();
    said.extend((!fields.is_empty()).then(|| fields.join(", ")));
    said.retain(|word| !word.is_empty());
    let said = said.join(" ");
    let names_token = fields.contains(&"message.token");
    // In an outage a gateway may answer with any code or none. Only 4xx is FCM's word on this message.
    let is_temporary = !matches!(status, 400..=499) || matches!(status, 408 | 429);
    Failure::Refused(match named.unwrap_or_default() {
        _ if is_temporary => Refusal::later(format!("FCM answered {said}"), after),
        "UNREGISTERED" => Refusal::UnknownToken,
        "SENDER_ID_MISMATCH" => Refusal::OtherSender(said),
        "THIRD_PARTY_AUTH_ERROR" => {
            let mend = "see the APNs key and the web push certificate in the Firebase project's settings";
            Refusal::operator(format!("FCM answered {said}: {mend}"), after)
        }
        "QUOTA_EXCEEDED" | "UNAVAILABLE" | "INTERNAL" => Refusal::later(format!("FCM answered {said}"), after),
        _ if status == 401 => return Failure::AccessToken,
        _ if status == 400 && names_token => Refusal::InvalidToken(said),
        "INVALID_ARGUMENT" if fields.is_empty() => Refusal::Unclear(said),
        // The project or the account: it does not exist, or may not send.
        _ if matches!(status, 403 | 404) => Refusal::operator(format!("FCM answered {said}"), after),
        _ => Refusal::Invalid(said),
    })
}

/// A word that is one of Google's or Apple's constants; nothing else is for a log.
fn word(text: &str) -> String {
    let is_constant = |text: &str| text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_constant(text) { text.to_owned() } else { "?".to_owned() }
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

    fn error(status: u16, name: &str, details: Value) -> Failure {
        let body =
            json!({ "error": { "code": status, "message": "secret-token", "status": name, "details": details } });
        failure(status, None, body.to_string().as_bytes())
    }

    fn fcm(code: &str) -> Value {
        json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code })
    }

    fn apns(reason: &str) -> Value {
        json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.ApnsError", "statusCode": 403, "reason": reason })
    }

    fn violation(field: &str) -> Value {
        let violations = json!([{ "field": field, "description": "Invalid value" }]);
        json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations })
    }

    fn refused(failure: Failure) -> Refusal {
        match failure {
            Failure::Refused(refusal) => refusal,
            Failure::AccessToken => panic!("the access token is not at fault"),
        }
    }

    #[test]
    fn a_token_is_unknown_only_when_fcm_names_it() {
        let said = |status, name: &str, details| refused(error(status, name, details));
        assert_eq!(said(404, "NOT_FOUND", json!([fcm("UNREGISTERED")])), Refusal::UnknownToken);
        let named = json!([fcm("INVALID_ARGUMENT"), violation("message.token")]);
        let token = Refusal::InvalidToken("400 INVALID_ARGUMENT message.token".to_owned());
        assert_eq!(said(400, "INVALID_ARGUMENT", named), token);
        let other = json!([fcm("INVALID_ARGUMENT"), violation("message.data[0].value")]);
        let invalid = Refusal::Invalid("400 INVALID_ARGUMENT message.data[0].value".to_owned());
        assert_eq!(said(400, "INVALID_ARGUMENT", other), invalid);
        assert_eq!(refused(failure(400, None, b"<html>")), Refusal::Invalid("400".to_owned()));
        let unclear = Refusal::Unclear("400 INVALID_ARGUMENT".to_owned());
        assert_eq!(said(400, "INVALID_ARGUMENT", json!([fcm("INVALID_ARGUMENT")])), unclear);
        let mismatch = Refusal::OtherSender("403 SENDER_ID_MISMATCH".to_owned());
        assert_eq!(said(403, "PERMISSION_DENIED", json!([fcm("SENDER_ID_MISMATCH")])), mismatch);
        // A missing project is an operator's mistake, not a fault of the device.
        assert!(matches!(said(404, "NOT_FOUND", json!([])), Refusal::Operator { .. }));
        assert!(matches!(said(404, "UNREGISTERED", json!([])), Refusal::Operator { .. }), "no code of FCM's");
    }

    #[test]
    fn the_error_code_is_read_before_the_status() {
        let apple = json!([fcm("THIRD_PARTY_AUTH_ERROR"), apns("InvalidProviderToken")]);
        match refused(error(401, "UNAUTHENTICATED", apple)) {
            Refusal::Operator { why, .. } => {
                assert!(
                    why.contains("401 THIRD_PARTY_AUTH_ERROR InvalidProviderToken") && why.contains("APNs"),
                    "{why}"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(error(401, "UNAUTHENTICATED", json!([])), Failure::AccessToken);
        assert_eq!(failure(401, None, b"<html>"), Failure::AccessToken);
    }

    #[test]
    fn an_odd_detail_hides_no_other() {
        let details = json!([{ "errorCode": 7 }, "text", { "fieldViolations": {} }, fcm("UNREGISTERED")]);
        assert_eq!(refused(error(404, "NOT_FOUND", details)), Refusal::UnknownToken);
        let violations = json!({ "fieldViolations": [{ "field": 7 }, { "field": "message.token" }] });
        let named = refused(error(400, "INVALID_ARGUMENT", json!([violations])));
        assert!(matches!(named, Refusal::InvalidToken(_)), "{named:?}");
    }

    #[test]
    fn nothing_of_fcm_but_its_constants_is_said() {
        let details = json!([fcm("secret token!"), apns("a secret")]);
        assert_eq!(refused(error(400, "INVALID_ARGUMENT", details)), Refusal::Invalid("400 ? ?".to_owned()));
    }

    #[test]
    fn temporary_failures_are_retried() {
        for (status, code) in [
            (429, "QUOTA_EXCEEDED"),
            (500, "INTERNAL"),
            (503, "UNAVAILABLE"),
            (503, "UNREGISTERED"),
            (302, "UNREGISTERED"),
        ] {
            let refusal = refused(error(status, "X", json!([fcm(code)])));
            assert_eq!(refusal, Refusal::later(format!("FCM answered {status} {code}"), None));
        }
        let denied = refused(error(403, "PERMISSION_DENIED", json!([])));
        assert_eq!(denied, Refusal::operator("FCM answered 403 PERMISSION_DENIED", None));
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

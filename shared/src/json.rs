//! JSON that others wrote: read, or refused with one text for the caller and another for the log.
//!
//! The caller's text names the field, its rule and an example, in words of ours: a parser's (`invalid type: string "…", expected
//! a map`) say nothing to somebody who has not written the parser. The log gets the part of the request, a category and a path:
//! `body: invalid type at data.title`, without a word of the caller's.
//!
//! JSON may be nested [`MAX_DEPTH`] deep. A row nests it further, and serde_json reads at most 128 levels.

mod canonical;
mod repair;
mod words;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

pub use canonical::canonical;
pub use repair::{fields, repaired};

use crate::api_error::ApiError;

use words::{names_taken, not_json, told, without_quotation};

/// The origin of the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A request's body.
    Body,
    /// A request's body, as a form.
    Form,
    /// The body of a webhook of Pusher's.
    Webhook,
    /// The detail of an event on EventBridge, or the data of one from a socket.
    Event,
    /// A line of a body of several.
    Line,
}

impl Part {
    /// As the log names it.
    fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Form => "form",
            Self::Webhook => "webhook",
            Self::Event => "event",
            Self::Line => "line",
        }
    }

    /// As the caller knows it.
    fn called(self) -> &'static str {
        match self {
            Self::Body => "The body",
            Self::Form => "The form",
            Self::Webhook => "The webhook",
            Self::Event => "The event's data",
            Self::Line => "The line",
        }
    }
}

/// How deep lists and objects may be nested in what others send.
pub const MAX_DEPTH: usize = 32;

/// Whether this JSON text is nested deeper than [`MAX_DEPTH`]: brackets outside of strings are counted, and nothing is parsed.
#[must_use]
pub fn is_too_deep(text: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// As [`is_too_deep`], for what is parsed already; no deeper than the parser's own limit.
fn is_value_too_deep(value: &Value, left: usize) -> bool {
    let is_too_deep = |inner: &Value| is_value_too_deep(inner, left - 1);
    match value {
        Value::Array(_) | Value::Object(_) if left == 0 => true,
        Value::Array(list) => list.iter().any(is_too_deep),
        Value::Object(fields) => fields.values().any(is_too_deep),
        _ => false,
    }
}

fn too_deep(part: Part) -> ApiError {
    ApiError::Unreadable {
        told: format!("{} is nested too deep: send lists and objects at most {MAX_DEPTH} deep", part.called()),
        logged: format!("{}: nested too deep", part.name()),
    }
}

/// Reads a request's body as a JSON object.
///
/// # Errors
/// As [`parse`], and 400 for another kind of value.
pub fn object(body: &[u8]) -> Result<Value, ApiError> {
    let value = parse(body)?;
    if value.is_object() {
        return Ok(value);
    }
    Err(ApiError::Malformed(r#"The body must be a JSON object, such as {"name": "Ada"}"#.to_owned()))
}

/// Reads a body as JSON of any kind.
///
/// # Errors
/// 400 for what is not JSON, or is nested too deep.
pub fn parse(body: &[u8]) -> Result<Value, ApiError> {
    parse_part(Part::Body, body)
}

/// As [`parse`], for another part.
///
/// # Errors
/// As [`parse`].
pub fn parse_part(part: Part, text: &[u8]) -> Result<Value, ApiError> {
    let text = without_mark(text);
    if is_too_deep(text) {
        return Err(too_deep(part));
    }
    serde_json::from_slice(text).map_err(|error| {
        not_kept(part, text).unwrap_or_else(|| ApiError::Unreadable {
            told: not_json(part, &error),
            logged: format!("{}: not JSON at line {} column {}", part.name(), error.line(), error.column()),
        })
    })
}

/// Windows' editors and PowerShell begin a file with a byte-order mark, which RFC 8259, section 8.1, allows a reader to skip.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

/// The refusal of a text that was not read and is JSON nevertheless.
fn not_kept(part: Part, text: &[u8]) -> Option<ApiError> {
    let why = NotKept::of(std::str::from_utf8(text).ok()?)?;
    Some(ApiError::Unreadable { told: why.to_string(), logged: format!("{}: {}", part.name(), why.logged()) })
}

/// Why JSON that follows the grammar cannot be read all the same. JavaScript's `JSON.stringify` writes all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    #[error("The JSON is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    #[error(
        "A text in the JSON has half of a character (a lone surrogate, such as half an emoji where a text was cut), or a number is \
         beyond 1.8e308"
    )]
    NotUnicode,
}

impl NotKept {
    /// Why this text, which was not read, is JSON nevertheless; `None` if it is not JSON.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        // It checks the grammar alone: it keeps nothing, and does not recurse.
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Some(if is_too_deep(text.as_bytes()) { Self::TooDeep } else { Self::NotUnicode })
    }

    fn logged(self) -> &'static str {
        match self {
            Self::TooDeep => "nested too deep",
            Self::NotUnicode => "a lone surrogate, or a number out of range",
        }
    }
}

/// Makes a `T` of a value.
///
/// # Errors
/// 400 when it lacks a field, has one of another type, or is nested too deep.
pub fn from_value<T: DeserializeOwned>(part: Part, value: Value) -> Result<T, ApiError> {
    if is_value_too_deep(&value, MAX_DEPTH) {
        return Err(too_deep(part));
    }
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let told = names_taken::<T>(part, &value, &error).unwrap_or_else(|| told(part, &error));
        ApiError::Unreadable { told, logged: format!("{}: {}", part.name(), without_quotation(&error)) }
    })
}

/// Reads a `T` from JSON text. Fields that `T` does not name are skipped, at any depth.
///
/// # Errors
/// 400 for what is not JSON, lacks a field, or has one of another type.
pub fn from_slice<T: DeserializeOwned>(part: Part, text: &[u8]) -> Result<T, ApiError> {
    let text = without_mark(text);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let found = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let not_kept = error.inner().is_syntax().then(|| not_kept(part, text)).flatten();
        not_kept.unwrap_or_else(|| ApiError::Unreadable {
            told: told(part, &error),
            logged: format!("{}: {}", part.name(), without_quotation(&error)),
        })
    })?;
    deserializer.end().map_err(|error| ApiError::Unreadable {
        told: not_json(part, &error),
        logged: format!("{}: not JSON at the end", part.name()),
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only the errors matter")]
    struct Line {
        title: String,
    }

    #[test]
    fn text_that_is_not_json_is_located_and_not_quoted() {
        let logged = |error: ApiError| error.log_text().into_owned();
        assert_eq!(logged(parse(b"{\"s3cret").unwrap_err()), "body: not JSON at line 1 column 8");
        let webhook = |text: &str| logged(from_slice::<Line>(Part::Webhook, text.as_bytes()).unwrap_err());
        assert_eq!(webhook("{\"title\": s3cret"), "webhook: not JSON at title");
        assert_eq!(webhook("{\"title\": \"a\"} s3cret"), "webhook: not JSON at the end");
        assert_eq!(webhook("{\"title\": 73}"), "webhook: invalid type at title");
    }

    #[test]
    fn json_that_cannot_be_kept_is_refused_with_the_reason_and_a_byte_order_mark_is_skipped() {
        for text in [r#"{"title": "hello \ud83d"}"#, r#"{"title": "a", "n": 1e400}"#, "[1e400]", r#"{"\udc00": 1}"#] {
            let refused =
                [parse(text.as_bytes()).map(drop), from_slice::<Line>(Part::Webhook, text.as_bytes()).map(drop)];
            for refused in refused.into_iter().filter_map(Result::err) {
                let ApiError::Unreadable { told, logged } = refused else { panic!("{refused:?}") };
                assert!(told.contains("half of a character") || text.starts_with('['), "{text}: {told}");
                assert!(!logged.contains("not JSON"), "{text}: {logged}");
            }
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(matches!(parse(b"\xff"), Err(ApiError::Unreadable { told, .. }) if told.contains("not JSON")));
        let marked = "\u{feff}{\"title\": \"a\"}".as_bytes();
        assert_eq!(parse(marked).unwrap(), json!({ "title": "a" }));
        assert_eq!(from_slice::<Line>(Part::Webhook, marked).unwrap().title, "a");
    }

    #[test]
    fn json_is_nested_at_most_32_deep() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let logged = |error: ApiError| error.log_text().into_owned();
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        for depth in [MAX_DEPTH + 1, 119, 128, 100_000] {
            assert_eq!(logged(parse(nested(depth).as_bytes()).unwrap_err()), "body: nested too deep");
        }
        let value = |depth: usize| serde_json::from_str::<Value>(&nested(depth)).unwrap();
        assert!(from_value::<Value>(Part::Event, value(MAX_DEPTH)).is_ok());
        assert_eq!(logged(from_value::<Value>(Part::Event, value(119)).unwrap_err()), "event: nested too deep");
        assert!(!is_too_deep(format!("{:?}", "[\\\"{".repeat(100)).as_bytes()), "brackets in a string are text");
    }

    proptest::proptest! {
        #[test]
        fn the_depth_of_a_text_is_that_of_its_value(lists in proptest::collection::vec(0_usize..2, 0..60)) {
            let open: String = lists.iter().map(|list| if *list == 1 { "[" } else { "{\"[\":" }).collect();
            let close: String = lists.iter().rev().map(|list| if *list == 1 { "]" } else { "}" }).collect();
            let text = format!("{open}1{close}");
            let value: Value = serde_json::from_str(&text).unwrap();
            proptest::prop_assert_eq!(is_too_deep(text.as_bytes()), is_value_too_deep(&value, MAX_DEPTH));
            proptest::prop_assert_eq!(is_too_deep(text.as_bytes()), lists.len() > MAX_DEPTH);
        }
    }
}

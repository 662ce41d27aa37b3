//! JSON that others wrote: read, or refused with one text for the caller and another for the log.
//!
//! The caller's text names the field, its rule and an example, in words of ours: a parser's (`invalid type: string "…", expected
//! a map`) say nothing to somebody who has not written the parser. The log gets the part of the request, a category and a path:
//! `body: invalid type at data.title`, without a word of the caller's.
//!
//! JSON may be nested [`MAX_DEPTH`] deep. A row nests it further, and serde_json reads at most 128 levels.

mod canonical;
mod repair;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::error::Category;
use serde_path_to_error::{Error, Segment};

pub use canonical::canonical;
pub use repair::{fields, repaired};

use crate::api_error::ApiError;
use crate::contract::text::shortened;

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
}

impl Part {
    /// As the log names it.
    fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Form => "form",
            Self::Webhook => "webhook",
            Self::Event => "event",
        }
    }

    /// As the caller knows it.
    fn called(self) -> &'static str {
        match self {
            Self::Body => "The body",
            Self::Form => "The form",
            Self::Webhook => "The webhook",
            Self::Event => "The event's data",
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

/// Reads a body as JSON of any kind.
///
/// # Errors
/// 400 for what is not JSON, or is nested too deep.
pub fn parse(body: &[u8]) -> Result<Value, ApiError> {
    let body = without_mark(body);
    if is_too_deep(body) {
        return Err(too_deep(Part::Body));
    }
    serde_json::from_slice(body).map_err(|error| {
        not_kept(Part::Body, body).unwrap_or_else(|| ApiError::Unreadable {
            told: not_json(Part::Body, &error),
            logged: format!("body: not JSON at line {} column {}", error.line(), error.column()),
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

/// The text for the caller, where a field takes only some names and got no text. serde lists the names only to refuse another
/// one, so it is given one.
fn names_taken<T: DeserializeOwned>(part: Part, value: &Value, error: &Error<serde_json::Error>) -> Option<String> {
    if !error.inner().to_string().starts_with("invalid ") {
        return None;
    }
    let mut other = value.clone();
    let mut field = &mut other;
    for segment in error.path() {
        field = match segment {
            Segment::Map { key } => field.get_mut(key)?,
            Segment::Seq { index } => field.get_mut(index)?,
            Segment::Enum { .. } | Segment::Unknown => break,
        };
    }
    *field = Value::from("?");
    let refused = serde_path_to_error::deserialize::<_, T>(&other).err()?;
    refused.inner().to_string().starts_with("unknown variant `?`").then(|| told(part, &refused))
}

fn not_json(part: Part, error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    format!(
        r#"{} is not JSON from {place} on: send text such as {{"name": "Ada"}}, with quotes around names"#,
        part.called()
    )
}

/// The text for the caller: the field, its rule, an example.
fn told(part: Part, error: &Error<serde_json::Error>) -> String {
    let inner = error.inner();
    if matches!(inner.classify(), Category::Syntax | Category::Eof) {
        return not_json(part, inner);
    }
    // Where the value was read from text, its place is at the end.
    let text = inner.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    let (path, cut_off) = path(error, text, |name| if name == "?" { "*".to_owned() } else { name.to_owned() });
    let within = if path.is_empty() { part.called().replacen('T', "t", 1) } else { path.clone() };
    let field = if path.is_empty() { part.called().to_owned() } else { path };
    let (category, rest) =
        CATEGORIES.iter().find_map(|name| Some((*name, text.strip_prefix(name)?))).unwrap_or(("", text));
    let expected = rest.rsplit_once(", expected ").map(|(_, expected)| expected);
    match category {
        "missing field" => format!("{field} is missing: send it, too"),
        "unknown field" => {
            let known = known(expected.unwrap_or_default());
            format!("{} is not a field of {within}: there {known}", shown(cut_off.as_deref().unwrap_or("this")))
        }
        // The value of a field, or a name in it: serde does not say which.
        "unknown variant" => format!("{field} takes only {}", names(expected.unwrap_or_default())),
        "duplicate field" => format!("{field} has {} twice: send it once", shown(rest.trim_matches([' ', '`']))),
        "invalid type" | "invalid value" | "invalid length" => {
            format!("{field} must be {}", form(expected.unwrap_or_default()))
        }
        // A type's own rule.
        _ if text.starts_with("must ") => format!("{field} {text}"),
        _ if text.starts_with("data did not match") => format!("{field} has another form than the documentation says"),
        _ => format!("{field}: {text}"),
    }
}

/// A word of the caller's, short enough for a readable message.
fn shown(word: &str) -> String {
    shortened(word, 60).into_owned()
}

/// Serde's list of names (`` `a` or `b` ``, ``one of `a`, `b` ``, `there are no fields`) as the end of a sentence.
fn known(expected: &str) -> String {
    match names(expected).as_str() {
        "" => "are none".to_owned(),
        one if !one.contains(',') => format!("is {one}"),
        several => format!("are {several}"),
    }
}

fn names(expected: &str) -> String {
    expected.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ")
}

/// The words for what serde expects, with an example.
fn form(expected: &str) -> &'static str {
    match expected {
        "a boolean" => "true or false",
        "f32" | "f64" => "a number, such as 1.5",
        number if number.starts_with('u') && number[1..].bytes().all(|b| b.is_ascii_digit()) => {
            "a whole number from 0, such as 7"
        }
        number if number.starts_with('i') && number[1..].bytes().all(|b| b.is_ascii_digit()) => {
            "a whole number, such as 7"
        }
        "a sequence" => r#"a list, such as ["a", "b"]"#,
        map if map == "a map" || map.starts_with("struct ") => r#"an object, such as {"name": "Ada"}"#,
        text if text.contains("string") => r#"text in quotes, such as "Ada""#,
        text if text.contains("variant") || text.contains("enum") => r#"text in quotes, such as "normal""#,
        _ => "of another type: see the documentation",
    }
}

/// The beginnings of the errors that [`serde::de::Error`] makes. Any other is a type's own, and called `invalid`.
const CATEGORIES: [&str; 7] = [
    "duplicate field",
    "invalid length",
    "invalid type",
    "invalid value",
    "missing field",
    "unknown field",
    "unknown variant",
];

/// A category, and a path if there is one: `invalid type at data.title`.
fn without_quotation(error: &Error<serde_json::Error>) -> String {
    let text = error.inner().to_string();
    let category = match error.inner().classify() {
        Category::Syntax | Category::Eof => "not JSON",
        Category::Io | Category::Data => {
            CATEGORIES.into_iter().find(|category| text.starts_with(category)).unwrap_or("invalid")
        }
    };
    let (path, _) = path(error, &text, |name| if is_name(name) { name.to_owned() } else { "?".to_owned() });
    if path.is_empty() { category.to_owned() } else { format!("{category} at {path}") }
}

/// Where it is, such as `items[2].title`, with the name of the field that is missing; and the name that is unknown there, if one
/// is. `show` says how a name is written: the log does not show one that the caller chose.
fn path(error: &Error<serde_json::Error>, text: &str, show: impl Fn(&str) -> String) -> (String, Option<String>) {
    let mut segments: Vec<_> = error.path().iter().collect();
    let mut cut_off = None;
    // The key that is unknown is the caller's own word, so the path ends before it.
    if text.starts_with("unknown")
        && segments.last().is_some_and(|last| match last {
            Segment::Map { key: name } | Segment::Enum { variant: name } => text.contains(&format!("`{name}`")),
            Segment::Unknown => true,
            Segment::Seq { .. } => false,
        })
    {
        cut_off = segments.pop().and_then(|last| match last {
            Segment::Map { key: name } | Segment::Enum { variant: name } => Some(name.clone()),
            Segment::Seq { .. } | Segment::Unknown => None,
        });
    }
    let mut path = String::new();
    let add = |path: &mut String, name: &str| {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&show(name));
    };
    for segment in segments {
        match segment {
            Segment::Seq { index } => path.push_str(&format!("[{index}]")),
            Segment::Map { key: name } | Segment::Enum { variant: name } => add(&mut path, name),
            Segment::Unknown => add(&mut path, "?"),
        }
    }
    if let Some((field, _)) = text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
        add(&mut path, field);
    }
    (path, cut_off)
}

/// Whether this looks like a field of the contract: `data`, `userId`, `socket_id`.
fn is_name(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "only the errors matter")]
    struct Letter {
        user_id: String,
        lines: Vec<Line>,
        ways: BTreeMap<Way, bool>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only the errors matter")]
    struct Line {
        title: String,
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    enum Way {
        Post,
    }

    fn refused(value: Value) -> (String, String) {
        match from_value::<Letter>(Part::Body, value).unwrap_err() {
            ApiError::Unreadable { told, logged } => (told, logged),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_log_gets_a_path_and_a_category_and_the_caller_what_to_send() {
        let letter = |lines: Value, ways: Value| json!({ "userId": "ada", "lines": lines, "ways": ways });
        let good = json!([{ "title": "a" }]);
        for (value, told, logged) in [
            (
                json!({ "userId": ["s3cret"] }),
                "userId must be text in quotes, such as \"Ada\"",
                "body: invalid type at userId",
            ),
            (
                letter(json!("s3cret"), json!({})),
                "lines must be a list, such as [\"a\", \"b\"]",
                "body: invalid type at lines",
            ),
            (
                letter(json!([{ "title": "a" }, { "title": 73 }]), json!({})),
                "lines[1].title must be text in quotes, such as \"Ada\"",
                "body: invalid type at lines[1].title",
            ),
            (
                letter(json!([{ "s3cret": 1 }]), json!({})),
                "lines[0].title is missing: send it, too",
                "body: missing field at lines[0].title",
            ),
            (letter(good.clone(), json!({ "s3cret": true })), "ways takes only Post", "body: unknown variant at ways"),
            (
                letter(good.clone(), json!({ "Post": "s3cret" })),
                "ways.* must be true or false",
                "body: invalid type at ways.?",
            ),
            (json!({}), "userId is missing: send it, too", "body: missing field at userId"),
        ] {
            let refused = refused(value);
            assert_eq!(refused, (told.to_owned(), logged.to_owned()));
        }
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
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the errors matter")]
    struct Strict {
        #[serde(default)]
        way: Option<Way>,
        #[serde(default)]
        count: u8,
        #[serde(default)]
        id: Option<crate::contract::id::UserId>,
    }

    #[test]
    fn a_refusal_names_the_field_the_allowed_values_and_an_example() {
        let words = |error: ApiError| match error {
            ApiError::Unreadable { told, .. } => told,
            other => panic!("{other:?}"),
        };
        let told = |text: &str| words(from_value::<Strict>(Part::Event, parse(text.as_bytes()).unwrap()).unwrap_err());
        assert_eq!(told(r#"{"titel": 1}"#), "titel is not a field of the event's data: there are way, count, id");
        assert_eq!(told(r#"{"way": "Pots"}"#), "way takes only Post");
        for other in ["7", "{}", "[]", "true", r#"{"Post": 1}"#, r#"{"a": 1, "b": 2}"#] {
            assert_eq!(told(&format!(r#"{{"way": {other}}}"#)), "way takes only Post", "{other}");
        }
        let nested: fn(&str) -> Result<Vec<Strict>, ApiError> =
            |text| from_value(Part::Body, parse(text.as_bytes()).unwrap());
        assert_eq!(words(nested(r#"[{"way": "Post"}, {"way": 7}]"#).unwrap_err()), "[1].way takes only Post");
        assert_eq!(told(r#"{"id": 7}"#), r#"id must be text in quotes, such as "Ada""#);
        assert_eq!(told(r#"{"count": -1}"#), "count must be a whole number from 0, such as 7");
        assert!(told(r#"{"id": "a b"}"#).starts_with("id must be 1 to 128 characters out of a-z"));
        assert_eq!(told("7"), r#"The event's data must be an object, such as {"name": "Ada"}"#);
        let told = |text: &str| words(from_slice::<Strict>(Part::Event, text.as_bytes()).unwrap_err());
        assert_eq!(told(r#"{"count": -1}"#), "count must be a whole number from 0, such as 7");
        assert_eq!(told(r#"{"count": 1, "count": 2}"#), "The event's data has count twice: send it once");
        assert!(
            told("{way}").starts_with("The event's data is not JSON from line 1, column 2 on: send text such as {")
        );
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

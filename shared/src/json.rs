//! JSON that others wrote: read, or refused with one text for the caller and another for the log.
//!
//! Serde's errors quote what they stumble over (`invalid type: string "…", expected a map`), so they are for the caller
//! alone. The log gets the part of the request, a category and a path: `body: invalid type at data.title`.

use serde::Deserializer;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::error::Category;
use serde_path_to_error::{Error, Segment};

use crate::problem::Problem;

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A request's body.
    Body,
    /// A request's body, as a form.
    Form,
    /// The body of a webhook of Pusher's.
    Webhook,
    /// The detail of an event on EventBridge.
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

    /// How the caller is told that it is not what is expected.
    fn does_not_fit(self) -> &'static str {
        match self {
            Self::Body => "The body does not fit",
            Self::Form => "The form does not fit",
            Self::Webhook => "The body is not a webhook",
            Self::Event => "The event's detail does not fit",
        }
    }
}

/// Reads a body as JSON of any kind.
///
/// # Errors
/// 400 for what is not JSON.
pub fn parse(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::Unreadable {
        told: format!("The body is not JSON: {error}"),
        logged: format!("body: not JSON at line {} column {}", error.line(), error.column()),
    })
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

/// Most levels of arrays and objects: where serde_json stops.
const MAX_DEPTH: usize = 127;

impl NotKept {
    /// Why this text, which was not read, is JSON nevertheless; `None` for what is no JSON.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        // It checks the grammar alone: it keeps nothing, and does not recurse.
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Some(if depth(text) > MAX_DEPTH { Self::TooDeep } else { Self::NotUnicode })
    }
}

/// How deep arrays and objects are nested in JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Makes a `T` of a value.
///
/// # Errors
/// 400 when it lacks a field, or has one of another type.
pub fn from_value<T: DeserializeOwned>(part: Part, value: Value) -> Result<T, Problem> {
    read(part, value)
}

/// Reads a `T` from JSON text.
///
/// # Errors
/// 400 for what is not JSON, lacks a field, or has one of another type.
pub fn from_slice<T: DeserializeOwned>(part: Part, text: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let found = read(part, &mut deserializer)?;
    deserializer.end().map_err(|error| Problem::Unreadable {
        told: format!("{}: {error}", part.does_not_fit()),
        logged: format!("{}: not JSON at the end", part.name()),
    })?;
    Ok(found)
}

fn read<'de, T, D>(part: Part, deserializer: D) -> Result<T, Problem>
where
    T: DeserializeOwned,
    D: Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| Problem::Unreadable {
        told: format!("{}: {}", part.does_not_fit(), error.inner()),
        logged: format!("{}: {}", part.name(), without_quotation(&error)),
    })
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
    let path = path(error, &text);
    if path.is_empty() { category.to_owned() } else { format!("{category} at {path}") }
}

/// Where it is, such as `items[2].title`, with the name of the field that is missing. A key that the caller chose is not
/// shown: `?` stands for what does not look like the name of a field.
fn path(error: &Error<serde_json::Error>, text: &str) -> String {
    let mut segments: Vec<_> = error.path().iter().collect();
    // The key that is unknown is the caller's own word, so the path ends before it.
    if text.starts_with("unknown")
        && segments.last().is_some_and(|last| match last {
            Segment::Map { key: name } | Segment::Enum { variant: name } => text.contains(&format!("`{name}`")),
            Segment::Unknown => true,
            Segment::Seq { .. } => false,
        })
    {
        segments.pop();
    }
    let mut path = String::new();
    let add = |path: &mut String, name: &str| {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(if is_name(name) { name } else { "?" });
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
    path
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
            Problem::Unreadable { told, logged } => (told, logged),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_log_gets_a_path_and_a_category_and_the_caller_the_quotation() {
        let letter = |lines: Value, ways: Value| json!({ "userId": "ada", "lines": lines, "ways": ways });
        let good = json!([{ "title": "a" }]);
        for (value, quoted, logged) in [
            (json!({ "userId": ["s3cret"] }), "sequence", "body: invalid type at userId"),
            (letter(json!("s3cret"), json!({})), "s3cret", "body: invalid type at lines"),
            (
                letter(json!([{ "title": "a" }, { "title": 73 }]), json!({})),
                "73",
                "body: invalid type at lines[1].title",
            ),
            (letter(json!([{ "s3cret": 1 }]), json!({})), "title", "body: missing field at lines[0].title"),
            (letter(good.clone(), json!({ "s3cret": true })), "s3cret", "body: unknown variant at ways"),
            (letter(good.clone(), json!({ "Post": "s3cret" })), "s3cret", "body: invalid type at ways.?"),
            (json!({}), "userId", "body: missing field at userId"),
        ] {
            let refused = refused(value);
            assert!(refused.0.contains(quoted), "{refused:?}");
            assert_eq!(refused.1, logged);
        }
    }

    #[test]
    fn text_that_is_not_json_is_located_and_not_quoted() {
        let logged = |problem: Problem| problem.log_text().into_owned();
        assert_eq!(logged(parse(b"{\"s3cret").unwrap_err()), "body: not JSON at line 1 column 8");
        let webhook = |text: &str| logged(from_slice::<Line>(Part::Webhook, text.as_bytes()).unwrap_err());
        assert_eq!(webhook("{\"title\": s3cret"), "webhook: not JSON at title");
        assert_eq!(webhook("{\"title\": \"a\"} s3cret"), "webhook: not JSON at the end");
        assert_eq!(webhook("{\"title\": 73}"), "webhook: invalid type at title");
    }
}

//! The words of refusals, for the caller and for the log.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use serde_path_to_error::{Error, Segment};

use super::Part;
use crate::contract::text::shortened;

/// The text for the caller, where a field takes only some names and got no text. serde lists the names only to refuse another
/// one, so it is given one.
pub(super) fn names_taken<T: DeserializeOwned>(
    part: Part,
    value: &Value,
    error: &Error<serde_json::Error>,
) -> Option<String> {
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

pub(super) fn not_json(part: Part, error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    format!(
        r#"{} is not JSON from {place} on: send text such as {{"name": "Ada"}}, with quotes around names"#,
        part.called()
    )
}

/// The text for the caller: the field, its rule, an example.
pub(super) fn told(part: Part, error: &Error<serde_json::Error>) -> String {
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
pub(super) fn without_quotation(error: &Error<serde_json::Error>) -> String {
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

    use super::super::{from_slice, from_value, parse};
    use super::*;
    use crate::api_error::ApiError;

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
}

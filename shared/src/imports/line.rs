//! A line of the body, and taking its fields.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::contract::time::Millis;
use crate::http::idempotency::{Cause, IdempotencyKey};
use crate::json::{self, Part, canonical};
use crate::table::LineDigest;

/// Most lines of a request.
pub const MAX_LINES: usize = 100;
/// Longest id of another system, in characters.
const MAX_ID: usize = 255;

/// The lines that are not blank, each with its number in the body, from 1.
///
/// # Errors
/// 400 for none, or more than [`MAX_LINES`].
pub(super) fn split(body: &[u8]) -> Result<Vec<(usize, &[u8])>, ApiError> {
    let lines = (1..).zip(body.split(|byte| *byte == b'\n')).map(|(number, line)| (number, line.trim_ascii()));
    let lines: Vec<_> = lines.filter(|(_, line)| !line.is_empty()).collect();
    match lines.len() {
        0 => Err(ApiError::Malformed(
            r#"The body has no line: send one JSON object per line, such as {"kind": "book", "id": "emma", "authorId": "jane"}"#.to_owned(),
        )),
        1..=MAX_LINES => Ok(lines),
        more => Err(ApiError::Malformed(format!(
            "The body has {more} lines and may have {MAX_LINES}: divide them among several requests"
        ))),
    }
}

/// The fields of a line. Each is taken once, and those that are left are the product's.
#[derive(Debug, Clone)]
pub(super) struct LineFields(Map<String, Value>);

impl LineFields {
    /// # Errors
    /// 400 for what is not a JSON object.
    pub(super) fn parse(text: &[u8]) -> Result<Self, ApiError> {
        match json::parse_part(Part::Line, text)? {
            Value::Object(fields) => Ok(Self(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())),
            _ => Err(ApiError::Malformed(r#"The line must be a JSON object, such as {"kind": "book"}"#.to_owned())),
        }
    }

    pub(super) fn digest(&self) -> LineDigest {
        LineDigest::of(&canonical(&Value::Object(self.0.clone())))
    }

    /// A field, as it is.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A text that may be left out.
    ///
    /// # Errors
    /// 400 for another type.
    pub(super) fn optional(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::field(name, "must be a text, in quotation marks")),
        }
    }

    /// # Errors
    /// 400 where it is missing, and as [`LineFields::optional`].
    pub(super) fn text(&mut self, name: &str) -> Result<String, ApiError> {
        self.optional(name)?.ok_or_else(|| missing(name))
    }

    /// A text that parses.
    ///
    /// # Errors
    /// 400 where it does not.
    pub(super) fn parsed<T: TryFrom<String, Error: Display>>(&mut self, name: &str) -> Result<T, ApiError> {
        T::try_from(self.text(name)?).map_err(|error| ApiError::field(name, error))
    }

    /// A time that may be left out.
    ///
    /// # Errors
    /// 400 for one without a zone, before 1970, or in the future.
    pub(super) fn optional_time(&mut self, name: &str) -> Result<Option<Millis>, ApiError> {
        let time = |text: String| Millis::parse_past(&text).ok_or_else(|| ApiError::field(name, Millis::RULE));
        self.optional(name)?.map(time).transpose()
    }

    /// # Errors
    /// 400 where it is missing, and as [`LineFields::optional_time`].
    pub(super) fn time(&mut self, name: &str) -> Result<Millis, ApiError> {
        self.optional_time(name)?.ok_or_else(|| missing(name))
    }

    /// Two times: when something was created, and when it was last changed; without the latter, it was not.
    ///
    /// # Errors
    /// As [`LineFields::time`].
    pub(super) fn times(&mut self) -> Result<(Millis, Millis), ApiError> {
        let created_at = self.time("createdAt")?;
        Ok((created_at, self.optional_time("updatedAt")?.unwrap_or(created_at)))
    }

    /// The id that the other system gave, under this name.
    ///
    /// # Errors
    /// 400 for one that is empty, longer than 255 characters, or not visible ASCII.
    pub(super) fn own_id(&mut self, name: &str) -> Result<String, ApiError> {
        let id = match self.0.remove(name) {
            // Most tables number their rows.
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::String(text)) => text,
            Some(_) => return Err(ApiError::field(name, "must be a text or a number")),
            None => return Err(missing(name)),
        };
        if (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(id);
        }
        Err(ApiError::field(name, format!("must be 1 to {MAX_ID} visible ASCII characters")))
    }

    /// Another field, if it is there.
    ///
    /// # Errors
    /// 400 where it is of another form.
    pub(super) fn part<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let value = self.0.remove(name);
        // Within its name, so that a refusal has the whole path.
        let within =
            |value| json::from_value::<std::collections::BTreeMap<String, T>>(Part::Line, Value::Object(value));
        let found = value.map(|value| within(Map::from_iter([(name.to_owned(), value)]))).transpose()?;
        Ok(found.and_then(|mut found| found.remove(name)))
    }

    /// The fields that are left, as the product reads them.
    ///
    /// # Errors
    /// 400 for a field that is missing, of another form, or unknown.
    pub(super) fn rest<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        json::from_value(Part::Line, Value::Object(self.0))
    }

    /// # Errors
    /// 400 where fields are left.
    pub(super) fn end(self) -> Result<(), ApiError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(ApiError::Malformed(format!(
                "{} is not a field of this kind of line: leave it out",
                crate::contract::text::shortened(name, 50)
            ))),
        }
    }
}

fn missing(name: &str) -> ApiError {
    ApiError::field(name, "is missing: send it, too")
}

/// An id of another system as a UUID: itself if it is one, else one that is made of it.
pub(super) fn uuid_of(kind: &str, within: &str, id: &str) -> Uuid {
    Uuid::try_parse(id).unwrap_or_else(|_| made_of(kind, within, id))
}

/// A UUID that is made of an id of another system. For a key that keeps only the end of a UUID: UUIDs by time differ at the beginning alone.
pub(super) fn made_of(kind: &str, within: &str, id: &str) -> Uuid {
    IdempotencyKey::of_cause(Cause::Line { kind, within, id }).id()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blank_lines_count_in_numbers_alone() {
        let lines = split(b"\n{}\r\n  \n{}\n").unwrap();
        assert_eq!(lines, [(2, b"{}".as_slice()), (4, b"{}")]);
        assert!(split(b" \n\r\n").is_err());
        assert_eq!(split("x\n".repeat(MAX_LINES).as_bytes()).unwrap().len(), MAX_LINES);
        assert!(split("x\n".repeat(MAX_LINES + 1).as_bytes()).is_err());
    }

    #[test]
    fn the_digest_of_a_line_is_that_of_its_content() {
        let digest = |text: &str| LineFields::parse(text.as_bytes()).unwrap().digest();
        let one = digest(r#"{"id":"1","n":1}"#);
        assert_eq!(digest(r#" { "n": 1.0, "id": "1", "more": null }"#), one);
        assert_ne!(digest(r#"{"id":"1","n":2}"#), one);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for (_, line) in split(&bytes).unwrap_or_default() {
                let _ = LineFields::parse(line).map(|fields| fields.digest());
            }
        }
    }
}

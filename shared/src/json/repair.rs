//! JSON that is read even where no [`Value`] holds all of it. JavaScript's `JSON.stringify` writes half an emoji where a text was
//! cut, and numbers and depth that serde_json refuses.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::MAX_DEPTH;

/// Reads JSON text. A lone surrogate becomes U+FFFD; a number beyond 1.8e308, and what is nested deeper than [`MAX_DEPTH`], becomes
/// null. `None` for a text that is not JSON.
#[must_use]
pub fn repaired(text: &str) -> Option<Value> {
    serde_json::from_str::<&RawValue>(text).ok().map(|raw| value(raw, MAX_DEPTH))
}

/// The fields of a JSON object, unread. `None` for any other text.
#[must_use]
pub fn fields(text: &[u8]) -> Option<Vec<(String, &RawValue)>> {
    let fields = serde_json::from_slice::<BTreeMap<Text, &RawValue>>(text).ok()?;
    Some(fields.into_iter().map(|(name, raw)| (name.0, raw)).collect())
}

fn value(raw: &RawValue, depth: usize) -> Value {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map_or(Value::Null, |Text(text)| Value::String(text)),
        Some(b'[' | b'{') if depth == 0 => Value::Null,
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            items.into_iter().map(|item| value(item, depth - 1)).collect()
        }
        Some(b'{') => {
            let fields = fields(text.as_bytes()).unwrap_or_default();
            fields.into_iter().map(|(name, raw)| (name, value(raw, depth - 1))).collect()
        }
        _ => serde_json::from_str(text).unwrap_or_default(),
    }
}

/// A JSON string. serde_json reads one as bytes without refusing lone surrogates, which are three bytes each (WTF-8).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
                let mut bytes = bytes.to_vec();
                for at in 0..bytes.len().saturating_sub(2) {
                    if bytes[at] == 0xed && bytes[at + 1] >= 0xa0 {
                        bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
                    }
                }
                Ok(Text(String::from_utf8_lossy(&bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn only_what_cannot_be_kept_is_replaced() {
        for (text, read) in [
            (r#""a\ud83d""#, json!("a\u{fffd}")),
            (r#""\udc00\ud83d\ude00\ud83dé""#, json!("\u{fffd}\u{1f600}\u{fffd}é")),
            (r#"{"\ud83d":[1e400,-1e400,1.5],"n":1}"#, json!({ "\u{fffd}": [null, null, 1.5], "n": 1 })),
            (" [true , null, 18446744073709551615]\n", json!([true, null, 18_446_744_073_709_551_615_u64])),
        ] {
            assert_eq!(repaired(text), Some(read), "{text}");
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(repaired(&nested(MAX_DEPTH)), serde_json::from_str(&nested(MAX_DEPTH)).ok());
        let deeper = nested(MAX_DEPTH).replace("[]", "[null]");
        assert_eq!(repaired(&nested(100_000)), serde_json::from_str(&deeper).ok());
        for text in ["", "{", r#""\ud8""#, "[1] x", "nul"] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn readable_text_is_not_changed(texts in proptest::collection::vec(".*", 0..4), number in any::<f64>()) {
            let value = json!({ "texts": texts, "number": number, "more": [{ "a": texts }] });
            prop_assert_eq!(repaired(&value.to_string()), Some(value));
        }

        #[test]
        fn no_text_panics(text in r#"[\[\]{}":,a1eud8-]{0,40}|.*"#) {
            let _ = repaired(&text);
        }
    }
}

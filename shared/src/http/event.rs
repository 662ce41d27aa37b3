//! API Gateway's event (HTTP API, payload format 2.0), as much of it as anybody here reads.
//!
//! `lambda_http` would read all of it into an `http::Request` and its extensions, for every kind of event that there is; that
//! is most of what a small function does (docs/PERFORMANCE.md).

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// The event. What is missing or `null` is empty: API Gateway, SAM and others differ in how they say nothing.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Event {
    #[serde(deserialize_with = "or_default")]
    pub(super) route_key: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) raw_query_string: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) headers: Pairs,
    #[serde(deserialize_with = "or_default")]
    pub(super) path_parameters: Pairs,
    #[serde(deserialize_with = "or_default")]
    pub(super) request_context: Context,
    #[serde(deserialize_with = "or_default")]
    pub(super) body: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) is_base64_encoded: bool,
}

/// What API Gateway adds.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Context {
    #[serde(deserialize_with = "or_default")]
    pub(super) request_id: String,
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An object of strings, in its order. They are few, so looking through them is faster than hashing them.
#[derive(Debug, Default)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// The value of exactly this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The value of this name in any case: API Gateway's header names are in lower case, those of emulators not always.
    pub(super) fn get_in_any_case(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl FromIterator<(String, String)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

//! Lists that others wrote: an element that does not parse costs itself, not its neighbours.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json;
use crate::telemetry;

/// The elements of a list that parse as `T`, in order. The others are left out and counted (metric `ForeignElements.skipped`).
///
/// For lists of other services: Pusher, Google and SES add kinds of elements without notice, and one app's webhook may report
/// another app's users. A value that is not a list is still an error: such an answer must not read as "nobody".
/// A client's own list is refused whole instead, so that a typing error does not vanish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lenient<T>(Vec<T>);

impl<T> Lenient<T> {
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> From<Vec<T>> for Lenient<T> {
    fn from(elements: Vec<T>) -> Self {
        Self(elements)
    }
}

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: for<'a> Deserialize<'a>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Each one is parsed apart: a lone surrogate or a number out of range fails what is parsed as a whole.
        let elements = Vec::<Box<RawValue>>::deserialize(deserializer)?;
        let known: Vec<T> = elements.iter().filter_map(|element| parse(element.get())).collect();
        telemetry::foreign_elements_skipped(elements.len() - known.len());
        Ok(Self(known))
    }
}

fn parse<T: for<'a> Deserialize<'a>>(element: &str) -> Option<T> {
    if json::is_too_deep(element.as_bytes()) { None } else { serde_json::from_str(element).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn numbers(value: Value) -> Option<Vec<u8>> {
        serde_json::from_value::<Lenient<u8>>(value).ok().map(Lenient::into_vec)
    }

    #[tokio::test]
    async fn an_odd_element_costs_itself_and_is_counted() {
        let record = telemetry::Record::new("r", "x");
        let read = async { numbers(json!([1, "two", { "three": 3 }, null, 300, 4])) };
        assert_eq!(record.scope(read).await, Some(vec![1, 4]));
        let line: Value = serde_json::from_str(&record.line("test")).unwrap();
        assert_eq!(line["ForeignElements.skipped"], 4);
    }

    #[test]
    fn an_element_that_no_value_can_hold_costs_itself() {
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let text = format!(r#"["a", "\ud83d", 1e400, {{"\udc00": 1}}, {deep}, "b"]"#);
        let read: Lenient<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(read.as_slice(), ["a", "b"]);
    }

    #[test]
    fn another_value_does_not_pass_for_an_empty_list() {
        for odd in [json!({}), json!("1"), json!(null), json!({ "0": 1 })] {
            assert_eq!(numbers(odd.clone()), None, "{odd}");
        }
    }
}

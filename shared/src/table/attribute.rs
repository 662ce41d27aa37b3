//! The values of rows.

use std::collections::HashMap;

pub use aws_sdk_dynamodb::types::AttributeValue;

/// A DynamoDB item, by attribute name.
pub type Item = HashMap<String, AttributeValue>;

#[must_use]
pub fn string(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

#[must_use]
pub fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The text of a string attribute; `None` for another type.
#[must_use]
pub fn text(value: &AttributeValue) -> Option<&str> {
    value.as_s().ok().map(String::as_str)
}

//! The values of rows.

use std::collections::HashMap;

use crate::contract::id::UserId;
use crate::contract::text::Line;
use crate::contract::time::Millis;
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

/// A value that can be stored as an attribute.
pub(crate) trait IntoValue {
    fn into_value(self) -> AttributeValue;
}

macro_rules! into_value {
    ($($type:ty: $value:ident => $stored:expr,)*) => {
        $(impl IntoValue for $type {
            fn into_value(self) -> AttributeValue {
                let $value = self;
                $stored
            }
        })*
    };
}

into_value! {
    AttributeValue: value => value,
    bool: value => AttributeValue::Bool(value),
    i64: value => number(value),
    u16: value => number(value.into()),
    u32: value => number(value.into()),
    Millis: value => number(value.0),
    &str: value => string(value),
    &String: value => string(value),
    String: value => string(value),
    &Line: value => string(value.as_str()),
    &UserId: value => string(value.as_str()),
    &[String]: value => AttributeValue::L(value.iter().map(string).collect()),
}

/// The text of a string attribute; `None` for another type.
#[must_use]
pub fn text(value: &AttributeValue) -> Option<&str> {
    value.as_s().ok().map(String::as_str)
}

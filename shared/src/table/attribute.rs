//! Rows, and the values in them.

use std::collections::HashMap;

pub use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Key, TableError};

/// A DynamoDB item, by attribute name.
pub type Item = HashMap<String, AttributeValue>;

/// A string attribute.
#[must_use]
pub fn string(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
#[must_use]
pub fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The text of a string attribute.
#[must_use]
pub fn text(value: &AttributeValue) -> Option<&str> {
    value.as_s().ok().map(String::as_str)
}

/// A row of this key, with the type's fields as its attributes.
///
/// # Errors
/// [`TableError::Unwritable`] for what no row can hold.
pub(crate) fn item(key: &Key, row: &impl Serialize) -> Result<Item, TableError> {
    let mut item: Item = serde_dynamo::to_item(row)?;
    item.extend(key.item());
    Ok(item)
}

/// Reads a row into a type.
///
/// # Errors
/// [`TableError::Corrupt`] when the row is none of this type.
pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T, TableError> {
    // `from_item` takes the row, so its key is looked up first.
    let key = Key::of(&item);
    serde_dynamo::from_item(item).map_err(|error| TableError::corrupt(key, &error))
}

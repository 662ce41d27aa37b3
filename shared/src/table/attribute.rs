//! Rows and their values.

use std::collections::HashMap;

pub use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Key, TableError};

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

/// A row with this key, whose attributes are the fields of `row`.
///
/// # Errors
/// [`TableError::Unwritable`] for a value that DynamoDB cannot store.
pub(crate) fn item(key: &Key, row: &impl Serialize) -> Result<Item, TableError> {
    let mut item: Item = serde_dynamo::to_item(row)?;
    item.extend(key.item());
    Ok(item)
}

/// Reads a row into a type.
///
/// # Errors
/// [`TableError::Corrupt`] when the row does not fit the type.
pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T, TableError> {
    // Read first, because `from_item` consumes the row.
    let key = Key::of(&item);
    serde_dynamo::from_item(item).map_err(|error| TableError::corrupt(key, &error))
}

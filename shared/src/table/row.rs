//! Rows as types.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Item, Key, TableError};

/// A row with this key, whose attributes are the fields of `row`.
///
/// # Errors
/// [`TableError::Unwritable`] for a value that DynamoDB cannot store.
pub(crate) fn item(key: &Key, row: &impl Serialize) -> Result<Item, TableError> {
    let mut item = attributes(row)?;
    item.extend(key.item());
    Ok(item)
}

/// The fields of `row` as attributes, without a key.
///
/// # Errors
/// [`TableError::Unwritable`] for a value that DynamoDB cannot store.
pub(crate) fn attributes(row: &impl Serialize) -> Result<Item, TableError> {
    Ok(serde_dynamo::to_item(row)?)
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

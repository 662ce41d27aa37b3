//! Rows that come from another system's data.
//!
//! Such a row has the digest of the line that it was made of. So the same line is recognized as long as the row is there, whatever users have
//! changed since, and another line of the same id is, too. A digest can be compared with that of a guessed text, so it goes with the text:
//! deletions and erasures remove it.

use sha2::{Digest as _, Sha256};

use super::action::{Action, Kind};
use super::expression::Operand;
use super::{AttributeValue, IntoValue, Item, Table, TableError, Write, string, text};

/// The attribute with the digest.
pub(crate) const IMPORTED: &str = "imported";

/// Names the content of a line: 64 bits of its SHA-256, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineDigest(String);

impl LineDigest {
    /// Of a line in its canonical form ([`crate::json::canonical`]).
    pub(crate) fn of(canonical: &str) -> Self {
        Self(hex::encode(&Sha256::digest(canonical)[..8]))
    }
}

impl IntoValue for &LineDigest {
    fn into_value(self) -> AttributeValue {
        string(self.0.as_str())
    }
}

/// How the import of a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Imported {
    Created,
    /// The same line has written the row.
    Unchanged,
    /// The line needs no write, for this reason.
    Skipped(&'static str),
    /// Another line has written the row.
    Conflict,
}

/// The row that is there was not imported.
const NEWER: &str = "this is here already, and not from an import: it may be newer, so it stays as it is";

impl Imported {
    /// How the import of this line ends where this row is in its place.
    pub(crate) fn of_present(row: &Item, line: &LineDigest) -> Self {
        match row.get(IMPORTED).and_then(text) {
            None => Self::Skipped(NEWER),
            Some(present) if present == line.0 => Self::Unchanged,
            Some(_) => Self::Conflict,
        }
    }
}

impl Action {
    /// Notes in the row that this line of an import wrote it.
    pub(crate) fn imported(mut self, line: &LineDigest) -> Self {
        match &mut self.kind {
            Kind::Put(item) => drop(item.insert(IMPORTED.to_owned(), line.into_value())),
            Kind::Update { changes, .. } => changes.set.push((IMPORTED.into(), Operand::Value(line.into_value()))),
            Kind::Delete { .. } => {}
        }
        Self { is_import: true, ..self }
    }
}

impl Table {
    /// Writes a line's row, if the action's condition holds.
    ///
    /// # Errors
    /// When DynamoDB fails, or the row goes while it is compared.
    pub(crate) async fn import(&self, action: impl Into<Action>, line: &LineDigest) -> Result<Imported, TableError> {
        match self.write(action.into().imported(line)).await? {
            Write::Done(_) => Ok(Imported::Created),
            Write::ConditionFailed(Some(row)) => Ok(Imported::of_present(&row, line)),
            Write::ConditionFailed(None) => Err(TableError::Contended),
        }
    }
}

//! A write or a check of one row.
//!
//! The SDK has different builders for a write that is a request and for a write in a transaction. An [`Action`] can be
//! either.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{self, ConditionCheck, Delete, Put, TransactWriteItem};

use super::expression::{Changes, Condition, Operand, Path, Placeholders, absent, le};
use crate::contract::time::Millis;
use crate::table::{AttributeValue, IntoValue, Item, Key};

/// A put, an update or a delete, to be done alone ([`super::Table::write`]) or with others
/// ([`super::Table::transact`]).
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(super) kind: Kind,
    pub(super) condition: Option<Condition>,
    pub(super) returns_new: bool,
    /// Whether it writes a row of another system's data.
    pub(super) is_import: bool,
}

/// The kind of an action.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Put(Item),
    Update { key: Item, changes: Changes },
    Delete { key: Item },
}

impl Action {
    /// Puts a row, replacing any row with the same key.
    pub(crate) fn put(item: Item) -> Self {
        Self::new(Kind::Put(item))
    }

    /// Puts a row, unless there is one with the same key. A row that expires may replace an expired one, since DynamoDB
    /// deletes expired rows some time later.
    pub(crate) fn put_new(item: Item, now: Millis) -> Self {
        if item.contains_key("expires_at") {
            Self::put_unless_live(item, now)
        } else {
            Self::put(item).when(absent("pk"))
        }
    }

    /// As [`Action::put_new`], for a row that may replace an expired one although it does not expire itself.
    pub(crate) fn put_unless_live(item: Item, now: Millis) -> Self {
        Self::put(item).when(absent("pk").or(le("expires_at", now.seconds())))
    }

    /// Deletes a row, if there is one.
    pub(crate) fn delete(key: &Key) -> Self {
        Self::new(Kind::Delete { key: key.item() })
    }

    fn new(kind: Kind) -> Self {
        Self { kind, condition: None, returns_new: false, is_import: false }
    }

    /// Requires this of the present row, and what was required before.
    pub(crate) fn when(self, condition: Condition) -> Self {
        Self { condition: condition.after(self.condition), ..self }
    }

    pub(super) fn expressions(&self) -> Expressions {
        let mut placeholders = Placeholders::default();
        let update = match &self.kind {
            Kind::Update { changes, .. } => changes.text(&mut placeholders),
            Kind::Put(_) | Kind::Delete { .. } => None,
        };
        Expressions::new(update, self.condition.as_ref(), placeholders)
    }
}

/// Changes attributes of a row; creates the row if it does not exist.
#[derive(Debug, Clone)]
pub(crate) struct Update {
    key: Item,
    changes: Changes,
    condition: Option<Condition>,
    returns_new: bool,
}

impl Update {
    pub(crate) fn new(key: &Key) -> Self {
        Self { key: key.item(), changes: Changes::default(), condition: None, returns_new: false }
    }

    pub(crate) fn set(self, path: impl Into<Path>, value: impl IntoValue) -> Self {
        self.set_to(path.into(), Operand::Value(value.into_value()))
    }

    /// Sets an attribute that is absent.
    pub(crate) fn set_default(self, path: impl Into<Path>, value: impl IntoValue) -> Self {
        self.set_to(path.into(), Operand::Default(value.into_value()))
    }

    /// Sets an attribute to the value of another one.
    pub(crate) fn copy(self, path: impl Into<Path>, from: impl Into<Path>) -> Self {
        self.set_to(path.into(), Operand::Copy(from.into()))
    }

    fn set_to(mut self, path: Path, operand: Operand) -> Self {
        self.changes.set.push((path, operand));
        self
    }

    /// Sets an attribute, or removes it.
    pub(crate) fn replace(self, path: impl Into<Path>, value: Option<impl IntoValue>) -> Self {
        match value {
            Some(value) => self.set(path, value),
            None => self.remove(path),
        }
    }

    pub(crate) fn remove(mut self, path: impl Into<Path>) -> Self {
        self.changes.remove.push(path.into());
        self
    }

    /// Adds to a number. One that is absent counts as 0.
    pub(crate) fn add(mut self, path: impl Into<Path>, number: i64) -> Self {
        self.changes.add(path.into(), number.into_value());
        self
    }

    /// As [`Action::when`].
    pub(crate) fn when(self, condition: Condition) -> Self {
        Self { condition: condition.after(self.condition), ..self }
    }

    /// Makes [`super::Table::write`] return the whole new row. A transaction returns nothing.
    pub(crate) fn returning_new(self) -> Self {
        Self { returns_new: true, ..self }
    }
}

impl From<Update> for Action {
    fn from(Update { key, changes, condition, returns_new }: Update) -> Self {
        Self { kind: Kind::Update { key, changes }, condition, returns_new, is_import: false }
    }
}

/// The expressions of a request, and what their placeholders stand for.
pub(super) struct Expressions {
    pub(super) update: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

impl Expressions {
    fn new(update: Option<String>, condition: Option<&Condition>, mut placeholders: Placeholders) -> Self {
        let condition = condition.map(|condition| condition.text(&mut placeholders));
        let (names, values) = placeholders.into_maps();
        Self { update, condition, names, values }
    }
}

/// Sets the fields that all of the SDK's builders of writes share.
macro_rules! build {
    ($builder:expr, $table:expr, $expressions:expr) => {
        $builder
            .table_name($table)
            .set_condition_expression($expressions.condition)
            .set_expression_attribute_names($expressions.names)
            .set_expression_attribute_values($expressions.values)
    };
}
pub(super) use build;

/// One item of a transaction.
#[derive(Debug, Clone)]
pub(crate) enum TransactItem {
    Write(Action),
    /// Fails the transaction unless a row that it does not write meets a condition.
    Check(Key, Condition),
}

impl TransactItem {
    pub(crate) fn check(key: &Key, condition: Condition) -> Self {
        Self::Check(key.clone(), condition)
    }

    /// Converts to the SDK's type.
    ///
    /// # Errors
    /// For an update without a change.
    pub(super) fn into_sdk(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        let action = match self {
            Self::Check(key, condition) => {
                let expressions = Expressions::new(None, Some(&condition), Placeholders::default());
                let check = build!(ConditionCheck::builder(), table, expressions).set_key(Some(key.item()));
                return Ok(item.condition_check(check.build()?).build());
            }
            Self::Write(action) => action,
        };
        let expressions = action.expressions();
        Ok(match action.kind {
            Kind::Put(row) => item.put(build!(Put::builder(), table, expressions).set_item(Some(row)).build()?),
            Kind::Update { key, .. } => {
                let update = types::Update::builder().set_update_expression(expressions.update);
                item.update(build!(update, table, expressions).set_key(Some(key)).build()?)
            }
            Kind::Delete { key } => {
                item.delete(build!(Delete::builder(), table, expressions).set_key(Some(key)).build()?)
            }
        }
        .build())
    }
}

impl<T: Into<Action>> From<T> for TransactItem {
    fn from(action: T) -> Self {
        Self::Write(action.into())
    }
}

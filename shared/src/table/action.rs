//! A write or a check of one row, in DynamoDB's expression language.
//!
//! The SDK has different builders for a write that is a request and for a write in a transaction. An [`Action`] can be
//! either.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};

use crate::contract::time::Millis;
use crate::table::{AttributeValue, Item, Key, number};

/// An expression or a placeholder; most are constants.
type Text = Cow<'static, str>;

/// A put, an update or a delete, to be done alone ([`super::Table::write`]) or with others
/// ([`super::Table::transact`]).
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(super) kind: Kind,
    pub(super) fields: Fields,
    pub(super) returns_new: bool,
}

/// The kind of an action.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Put(Item),
    Update { key: Item, expression: String },
    Delete { key: Item },
}

/// The fields that all actions and checks share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    pub(super) condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Fields {
    /// `None` when there are none, because DynamoDB refuses an empty map.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// As [`Fields::names`].
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

impl Action {
    /// Puts a row, replacing any row with the same key.
    pub(crate) fn put(item: Item) -> Self {
        Self::new(Kind::Put(item))
    }

    /// Puts a row, unless there is one with the same key. A row that expires gives way to one like it once it has expired, since
    /// DynamoDB deletes it some time later.
    pub(crate) fn put_new(item: Item, now: Millis) -> Self {
        if item.contains_key("expires_at") {
            return Self::put_unless_live(item, now);
        }
        Self::put(item).condition("attribute_not_exists(pk)")
    }

    /// As [`Action::put_new`], also for a row that does not expire, where the one before it may have.
    pub(crate) fn put_unless_live(item: Item, now: Millis) -> Self {
        let put = Self::put(item).condition("attribute_not_exists(pk) OR expires_at <= :now");
        put.value(":now", number(now.seconds()))
    }

    /// Changes a row with an expression (`SET …`, `REMOVE …`); creates the row, if there is none.
    pub(crate) fn update(key: &Key, expression: impl Into<Text>) -> Self {
        Self::new(Kind::Update { key: key.item(), expression: expression.into().into_owned() })
    }

    /// Deletes a row, if there is one.
    pub(crate) fn delete(key: &Key) -> Self {
        Self::new(Kind::Delete { key: key.item() })
    }

    fn new(kind: Kind) -> Self {
        Self { kind, fields: Fields::default(), returns_new: false }
    }

    /// Sets the condition that the present row must meet.
    pub(crate) fn condition(mut self, expression: impl Into<Text>) -> Self {
        self.fields.condition = Some(expression.into().into_owned());
        self
    }

    /// Sets the attribute that a `#name` of the expressions stands for.
    pub(crate) fn name(mut self, placeholder: impl Into<Text>, attribute: impl Into<Text>) -> Self {
        self.fields.names.insert(placeholder.into().into_owned(), attribute.into().into_owned());
        self
    }

    /// Sets the value that a `:value` of the expressions stands for.
    pub(crate) fn value(mut self, placeholder: impl Into<Text>, value: AttributeValue) -> Self {
        self.fields.values.insert(placeholder.into().into_owned(), value);
        self
    }

    /// Makes an update return the whole new row. A transaction returns nothing.
    pub(crate) fn returning_new(mut self) -> Self {
        self.returns_new = true;
        self
    }
}

/// One item of a transaction.
#[derive(Debug, Clone)]
pub(crate) enum TransactItem {
    Write(Action),
    /// Fails the transaction unless a row that it does not write meets a condition.
    Check {
        key: Key,
        fields: Fields,
    },
}

impl TransactItem {
    pub(crate) fn check(key: &Key, condition: &'static str) -> Self {
        let fields = Fields { condition: Some(condition.to_owned()), ..Fields::default() };
        Self::Check { key: key.clone(), fields }
    }

    /// Checks that an attribute has this value.
    pub(crate) fn check_equal(key: &Key, attribute: &'static str, value: AttributeValue) -> Self {
        let fields = Fields {
            condition: Some("#attribute = :value".to_owned()),
            names: HashMap::from([("#attribute".to_owned(), attribute.to_owned())]),
            values: HashMap::from([(":value".to_owned(), value)]),
        };
        Self::Check { key: key.clone(), fields }
    }

    /// Converts to the SDK's type.
    ///
    /// # Errors
    /// When a part is missing. The constructors set all parts, so this does not happen.
    pub(super) fn into_sdk(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        let (kind, fields) = match self {
            Self::Check { key, fields } => {
                let check = ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key.item()))
                    .set_expression_attribute_names(fields.names())
                    .set_expression_attribute_values(fields.values())
                    .set_condition_expression(fields.condition);
                return Ok(item.condition_check(check.build()?).build());
            }
            Self::Write(action) => (action.kind, action.fields),
        };
        let (names, values) = (fields.names(), fields.values());
        Ok(match kind {
            Kind::Put(row) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(row))
                    .set_condition_expression(fields.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .build()?,
            ),
            Kind::Update { key, expression } => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(key))
                    .update_expression(expression)
                    .set_condition_expression(fields.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .build()?,
            ),
            Kind::Delete { key } => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(key))
                    .set_condition_expression(fields.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .build()?,
            ),
        }
        .build())
    }
}

impl From<Action> for TransactItem {
    fn from(action: Action) -> Self {
        Self::Write(action)
    }
}

//! A write of one row, or a check of one, in DynamoDB's expression language.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::key::{AttributeValue, Item, Key};

/// Expressions and their placeholders: most are constants.
type Text = Cow<'static, str>;

/// A put, an update or a delete; alone ([`super::Store::write`]) or with others ([`super::Store::transact`]).
#[derive(Debug, Clone)]
pub(crate) struct Action {
    kind: Kind,
    what: What,
    returns_new: bool,
}

/// Has a transaction fail unless a condition holds of a row that it does not write.
#[derive(Debug, Clone)]
pub(crate) struct Check(What);

/// What a transaction is made of.
#[derive(Debug, Clone)]
pub(crate) enum Member {
    Write(Action),
    Check(Check),
}

impl From<Action> for Member {
    fn from(action: Action) -> Self {
        Self::Write(action)
    }
}

impl From<Check> for Member {
    fn from(check: Check) -> Self {
        Self::Check(check)
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Put,
    Update,
    Delete,
}

/// The fields that all share, in DynamoDB's names.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct What {
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_expression: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition_expression: Option<Text>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    expression_attribute_names: BTreeMap<Text, Text>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    expression_attribute_values: BTreeMap<Text, AttributeValue>,
}

impl What {
    fn with_key(key: &Key) -> Self {
        Self { key: Some(key.item()), ..Self::default() }
    }
}

impl Action {
    /// Puts a row in place of what has its key.
    pub(crate) fn put(item: Item) -> Self {
        Self::of(Kind::Put, What { item: Some(item), ..What::default() })
    }

    /// Puts a row unless its key is taken.
    pub(crate) fn put_new(item: Item) -> Self {
        Self::put(item).condition("attribute_not_exists(pk)")
    }

    /// Changes a row as an expression says (`SET …`, `REMOVE …`); makes it, if there is none.
    pub(crate) fn update(key: &Key, expression: impl Into<Text>) -> Self {
        Self::of(Kind::Update, What { update_expression: Some(expression.into()), ..What::with_key(key) })
    }

    /// Deletes a row, if there is one.
    pub(crate) fn delete(key: &Key) -> Self {
        Self::of(Kind::Delete, What::with_key(key))
    }

    fn of(kind: Kind, what: What) -> Self {
        Self { kind, what, returns_new: false }
    }

    /// Only if this holds of the row as it is.
    pub(crate) fn condition(mut self, expression: impl Into<Text>) -> Self {
        self.what.condition_expression = Some(expression.into());
        self
    }

    /// What a `#name` of the expressions stands for.
    pub(crate) fn name(mut self, placeholder: impl Into<Text>, attribute: impl Into<Text>) -> Self {
        self.what.expression_attribute_names.insert(placeholder.into(), attribute.into());
        self
    }

    /// What a `:value` of the expressions stands for.
    pub(crate) fn value(mut self, placeholder: impl Into<Text>, value: AttributeValue) -> Self {
        self.what.expression_attribute_values.insert(placeholder.into(), value);
        self
    }

    /// Has an update answer with the whole row as it is then. In a transaction nothing answers.
    pub(crate) fn returning_new(mut self) -> Self {
        self.returns_new = true;
        self
    }

    /// Whether this very action put the row: to the last attribute, and so with the ids of what it owes, which nobody else has.
    pub(super) fn has_put(&self, row: &Item) -> bool {
        self.what.item.as_ref() == Some(row)
    }

    pub(super) fn operation(&self) -> &'static str {
        match self.kind {
            Kind::Put => "PutItem",
            Kind::Update => "UpdateItem",
            Kind::Delete => "DeleteItem",
        }
    }

    /// The action as a request of its own. Where its condition does not hold, DynamoDB is to say what is there instead.
    pub(super) fn request<'a>(&'a self, table: &'a str) -> Request<'a> {
        Request {
            table_name: table,
            what: &self.what,
            return_values: self.returns_new.then_some("ALL_NEW"),
            return_values_on_condition_check_failure: self.what.condition_expression.as_ref().map(|_| "ALL_OLD"),
        }
    }
}

impl Check {
    /// That this holds of a row.
    pub(crate) fn that(key: &Key, condition: impl Into<Text>) -> Self {
        Self(What { condition_expression: Some(condition.into()), ..What::with_key(key) })
    }
}

impl Member {
    /// The member as a transaction names it.
    pub(super) fn of_transaction<'a>(&'a self, table: &'a str) -> OfTransaction<'a> {
        let (name, what): (fn(Request<'a>) -> OfTransaction<'a>, _) = match self {
            Self::Check(Check(what)) => (OfTransaction::ConditionCheck, what),
            Self::Write(action) => match action.kind {
                Kind::Put => (OfTransaction::Put, &action.what),
                Kind::Update => (OfTransaction::Update, &action.what),
                Kind::Delete => (OfTransaction::Delete, &action.what),
            },
        };
        name(Request { table_name: table, what, return_values: None, return_values_on_condition_check_failure: None })
    }
}

/// A member's JSON.
#[derive(Serialize)]
pub(super) enum OfTransaction<'a> {
    Put(Request<'a>),
    Update(Request<'a>),
    Delete(Request<'a>),
    ConditionCheck(Request<'a>),
}

/// An action's JSON.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request<'a> {
    table_name: &'a str,
    #[serde(flatten)]
    what: &'a What,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_values: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_values_on_condition_check_failure: Option<&'static str>,
}

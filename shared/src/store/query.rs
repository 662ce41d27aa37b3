//! A range of rows with one partition key, a page at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use crate::key::{AttributeValue, Item, Key};

type Text = Cow<'static, str>;

/// What to look for, in DynamoDB's names and expression language.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Query {
    key_condition_expression: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_expression: Option<Text>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    expression_attribute_names: BTreeMap<Text, Text>,
    expression_attribute_values: BTreeMap<Text, AttributeValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_name: Option<&'static str>,
    consistent_read: bool,
    scan_index_forward: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclusive_start_key: Option<Item>,
}

/// Some of the rows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Page {
    #[serde(default)]
    pub(crate) items: Vec<Item>,
    /// The last row that was looked at, if there may be more after it; of an index, with the index's key.
    pub(crate) last_evaluated_key: Option<Item>,
}

impl Query {
    /// Rows of the table whose keys this holds of, in order, as they are at this moment.
    pub(crate) fn of(key_condition: impl Into<Text>) -> Self {
        Self {
            key_condition_expression: key_condition.into(),
            filter_expression: None,
            expression_attribute_names: BTreeMap::new(),
            expression_attribute_values: BTreeMap::new(),
            index_name: None,
            consistent_read: true,
            scan_index_forward: true,
            limit: None,
            exclusive_start_key: None,
        }
    }

    /// In an index, which shows rows as they were a moment ago.
    pub(crate) fn in_index(mut self, name: &'static str) -> Self {
        (self.index_name, self.consistent_read) = (Some(name), false);
        self
    }

    /// Passes over rows that this does not hold of. They are read and paid for.
    pub(crate) fn filter(mut self, expression: impl Into<Text>) -> Self {
        self.filter_expression = Some(expression.into());
        self
    }

    /// Last ones first.
    pub(crate) fn descending(mut self) -> Self {
        self.scan_index_forward = false;
        self
    }

    /// What a `#name` of the expressions stands for.
    pub(crate) fn name(mut self, placeholder: impl Into<Text>, attribute: impl Into<Text>) -> Self {
        self.expression_attribute_names.insert(placeholder.into(), attribute.into());
        self
    }

    /// What a `:value` of the expressions stands for.
    pub(crate) fn value(mut self, placeholder: impl Into<Text>, value: AttributeValue) -> Self {
        self.expression_attribute_values.insert(placeholder.into(), value);
        self
    }

    /// Looks at no more than so many rows.
    pub(crate) fn limit(mut self, rows: u16) -> Self {
        self.limit = Some(rows);
        self
    }

    /// After this row.
    pub(crate) fn after(mut self, row: Item) -> Self {
        self.exclusive_start_key = Some(row);
        self
    }
}

impl Store {
    /// A page: up to a megabyte of rows, or the query's limit.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub(crate) async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Input<'a> {
            table_name: &'a str,
            #[serde(flatten)]
            query: &'a Query,
        }
        Ok(self.dynamodb.call("Query", &Input { table_name: &self.table, query }).await?)
    }

    /// All the rows, however many pages they take.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub(crate) async fn query_all(&self, mut query: Query) -> Result<Vec<Item>, StoreError> {
        let mut rows = Vec::new();
        loop {
            let page = self.query(&query).await?;
            rows.extend(page.items);
            match page.last_evaluated_key {
                Some(last) => query = query.after(last),
                None => return Ok(rows),
            }
        }
    }

    /// Rows until there are `limit` of them or no more, with the last key that was looked at if there is more after it. The
    /// query's filter may pass over rows, so it may take more than one request.
    ///
    /// # Errors
    /// When DynamoDB fails.
    pub(crate) async fn query_page(
        &self,
        mut query: Query,
        limit: u8,
        after: Option<&Key>,
    ) -> Result<(Vec<Item>, Option<Key>), StoreError> {
        let mut rows = Vec::with_capacity(limit.into());
        query.exclusive_start_key = after.map(Key::item);
        loop {
            let missing = usize::from(limit).saturating_sub(rows.len());
            query = query.limit(u16::try_from(missing).unwrap_or(u16::MAX));
            let page = self.query(&query).await?;
            rows.extend(page.items);
            match page.last_evaluated_key {
                Some(last) if rows.len() < limit.into() => query = query.after(last),
                last => return Ok((rows, last.as_ref().and_then(Key::of))),
            }
        }
    }
}

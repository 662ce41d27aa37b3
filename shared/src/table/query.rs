//! Queries: pages of rows with one partition key.

use super::expression::{Condition, Placeholders, begins_with, between, eq, gt};
use super::{Table, TableError};
use crate::clients::aws::AwsError;
use crate::table::{Item, Key, string};

/// Most requests for one page of a client.
const MAX_PAGE_REQUESTS: usize = 4;
/// How many rows each request for such a page reads after the first one, which reads the page's limit.
const ROWS_OF_A_REQUEST: u16 = 100;

/// The only index of the table, by `gsi1pk` and `gsi1sk`.
const INDEX: &str = "gsi1";

/// A query of the rows with one partition key, in the order of their sort keys.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    key: Condition,
    filter: Option<Condition>,
    projection: &'static [&'static str],
    index: Option<&'static str>,
    ascending: bool,
    limit: Option<u16>,
    after: Option<Item>,
}

/// A page of a query.
#[derive(Debug)]
pub(crate) struct RowPage {
    pub(crate) items: Vec<Item>,
    /// The key of the last row that was read, if there may be more rows; in an index, with the index's key.
    pub(crate) last_evaluated_key: Option<Item>,
}

impl Query {
    /// The rows with this partition key, by a consistent read.
    pub(crate) fn new(pk: impl Into<String>) -> Self {
        Self {
            key: eq("pk", pk.into()),
            filter: None,
            projection: &[],
            index: None,
            ascending: true,
            limit: None,
            after: None,
        }
    }

    /// The rows with this partition key in the index, by an eventually consistent read. The index has no other.
    pub(crate) fn of_index(gsi1pk: impl Into<String>) -> Self {
        Self { key: eq("gsi1pk", gsi1pk.into()), index: Some(INDEX), ..Self::new("") }
    }

    /// Those of them whose sort keys begin so.
    pub(crate) fn begins_with(self, prefix: &str) -> Self {
        Self { key: self.key.and(begins_with("sk", prefix)), ..self }
    }

    /// Those of them whose sort keys in the index begin so.
    pub(crate) fn begins_with_in_index(self, prefix: &str) -> Self {
        Self { key: self.key.and(begins_with("gsi1sk", prefix)), ..self }
    }

    /// Those of them from one sort key to another, both included.
    pub(crate) fn between(self, from: &str, to: &str) -> Self {
        Self { key: self.key.and(between("sk", from, to)), ..self }
    }

    /// Those of them whose sort keys are greater.
    pub(crate) fn greater_than(self, sk: &str) -> Self {
        Self { key: self.key.and(gt("sk", sk)), ..self }
    }

    /// Leaves out rows that do not meet a condition. They are read and paid for all the same.
    pub(crate) fn filter(self, condition: Condition) -> Self {
        Self { filter: condition.after(self.filter), ..self }
    }

    /// Returns these attributes alone. The rows are read and paid for whole.
    pub(crate) fn project(mut self, attributes: &'static [&'static str]) -> Self {
        self.projection = attributes;
        self
    }

    /// Reverses the order.
    pub(crate) fn descending(mut self) -> Self {
        self.ascending = false;
        self
    }

    /// Reads at most this many rows, before the filter.
    pub(crate) fn limit(mut self, rows: u16) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Starts after the row with this key.
    pub(crate) fn after(mut self, row: Item) -> Self {
        self.after = Some(row);
        self
    }

    /// In the index: starts after the row with this key, which is at this place.
    pub(crate) fn after_in_index(self, row: &Key, gsi1pk: &str, gsi1sk: &str) -> Self {
        let mut last = row.item();
        last.insert("gsi1pk".to_owned(), string(gsi1pk));
        last.insert("gsi1sk".to_owned(), string(gsi1sk));
        self.after(last)
    }
}

impl Table {
    /// One page: up to a megabyte of rows, or the query's limit.
    pub(crate) async fn query(&self, query: &Query) -> Result<RowPage, TableError> {
        let mut placeholders = Placeholders::default();
        let key = query.key.text(&mut placeholders);
        let filter = query.filter.as_ref().map(|filter| filter.text(&mut placeholders));
        let projection = placeholders.projection(query.projection);
        let (names, values) = placeholders.into_maps();
        let request = self
            .client()
            .query()
            .table_name(&self.table)
            .key_condition_expression(key)
            .set_filter_expression(filter)
            .set_projection_expression(projection)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            // An index has no consistent reads.
            .consistent_read(query.index.is_none())
            .set_index_name(query.index.map(str::to_owned))
            .scan_index_forward(query.ascending)
            .set_limit(query.limit.map(i32::from))
            .set_exclusive_start_key(query.after.clone());
        let output = Box::pin(request.send()).await.map_err(|error| AwsError::new("DynamoDB Query", error))?;
        Ok(RowPage { items: output.items.unwrap_or_default(), last_evaluated_key: output.last_evaluated_key })
    }

    /// A page of all rows of the table, in no useful order, by a consistent read. Every row is read and paid for.
    pub(crate) async fn scan(&self, after: Option<&Key>, rows: u16) -> Result<RowPage, TableError> {
        let request = self
            .client()
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .limit(rows.into())
            .set_exclusive_start_key(after.map(Key::item));
        let output = Box::pin(request.send()).await.map_err(|error| AwsError::new("DynamoDB Scan", error))?;
        Ok(RowPage { items: output.items.unwrap_or_default(), last_evaluated_key: output.last_evaluated_key })
    }

    /// All rows of all pages.
    pub(crate) async fn query_all(&self, mut query: Query) -> Result<Vec<Item>, TableError> {
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

    /// Up to `limit` rows, and the key after which the next page starts, if there may be more rows. The query's filter
    /// leaves rows out, so it may take several requests, but not more than [`MAX_PAGE_REQUESTS`]: a page can be short
    /// and still have a next one.
    pub(crate) async fn query_page(
        &self,
        mut query: Query,
        limit: u8,
        after: Option<&Key>,
    ) -> Result<(Vec<Item>, Option<Key>), TableError> {
        let most = usize::from(limit);
        let (mut rows, mut last) = (Vec::with_capacity(most), after.map(Key::item));
        // Mostly the filter leaves nothing out, and the first request is the only one.
        query = query.limit(limit.into());
        for _ in 0..MAX_PAGE_REQUESTS {
            query.after = last;
            let page = self.query(&query).await?;
            rows.extend(page.items);
            last = page.last_evaluated_key;
            if rows.len() >= most || last.is_none() {
                break;
            }
            query = query.limit(ROWS_OF_A_REQUEST);
        }
        if rows.len() > most {
            // The surplus rows are on the next page.
            rows.truncate(most);
            last = rows.last().cloned();
        }
        Ok((rows, last.as_ref().and_then(Key::of)))
    }
}

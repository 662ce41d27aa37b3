//! Lists, a page at a time: filling one, and saying where the next goes on.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::Problem;
use crate::key::{Item, Key};
use crate::store::{StoreError, on_heap};

/// Runs a query until it has brought `limit` rows or all there are; answers with the last key looked at, if there is more
/// after it. The query's filter may pass over rows, so a page may take more than one request.
///
/// # Errors
/// When DynamoDB fails.
pub(crate) async fn fill(
    query: QueryFluentBuilder,
    limit: u8,
    after: Option<&Key>,
) -> Result<(Vec<Item>, Option<Key>), StoreError> {
    let mut rows = Vec::with_capacity(limit.into());
    let mut from = after.map(Key::item);
    loop {
        let missing = i32::from(limit) - i32::try_from(rows.len()).unwrap_or(i32::MAX);
        let request = query.clone().limit(missing).set_exclusive_start_key(from.take());
        let page = on_heap(request.send()).await.map_err(StoreError::dynamodb)?;
        rows.extend(page.items.unwrap_or_default());
        match page.last_evaluated_key {
            Some(last) if rows.len() < limit.into() => from = Some(last),
            last => return Ok((rows, last.as_ref().and_then(Key::of))),
        }
    }
}

/// An id as a cursor: opaque to clients, so that it may become something else.
pub(crate) fn cursor(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// The id that a cursor stands for, as `parse` takes it.
///
/// # Errors
/// 400 for anything that [`cursor`] has not made.
pub(crate) fn parse_cursor<T>(text: &str, parse: impl FnOnce(String) -> Option<T>) -> Result<T, Problem> {
    let id = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    id.and_then(parse).ok_or_else(|| Problem::field("cursor", "must be the nextCursor of an earlier page"))
}

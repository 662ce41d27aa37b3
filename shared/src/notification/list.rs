//! A user's notifications, newest first, a page at a time.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Counter;
use crate::http::Problem;
use crate::id::UserId;
use crate::key::{Item, Key, NOTIFICATION, number, string};
use crate::page;
use crate::store::{Query, Store, StoreError, read};
use crate::time::Millis;

/// Where a page goes on: after this notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Parses what [`Page::next_cursor`] was.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        page::parse_cursor(text, |id| super::read::is_id(&id).then_some(Self(id)))
    }

    fn text(&self) -> String {
        page::cursor(&self.0)
    }
}

/// A page of notifications.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Newest first.
    pub notifications: Vec<Shown>,
    /// For the next page, or `null`.
    pub next_cursor: Option<String>,
    /// How many of all the user's notifications are unread.
    pub unread_count: i64,
}

/// A notification as its user sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    notification_id: String,
    r#type: String,
    message: String,
    data: Map<String, Value>,
    priority: String,
    created_at: String,
    read_at: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    sk: String,
    n: i64,
    r#type: String,
    message: String,
    data: String,
    priority: String,
    created_at: Millis,
    read_at: Option<Millis>,
}

/// Lists up to `limit` notifications. Two round trips: the rows and the counter.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn list(
    store: &Store,
    user: &UserId,
    limit: u8,
    cursor: Option<&Cursor>,
    now: Millis,
) -> Result<Page, StoreError> {
    let (counter, rows) = futures_util::join!(Counter::of(store, user), rows(store, user, limit, cursor, now));
    let counter = counter?.unwrap_or_default();
    let (rows, next) = rows?;
    let notifications = rows.into_iter().map(|row| shown(row, &counter)).collect::<Result<_, _>>()?;
    let next_cursor = next.map(|cursor| cursor.text());
    Ok(Page { notifications, next_cursor, unread_count: counter.unread(now) })
}

/// How many notifications are unread at this moment.
///
/// # Errors
/// When DynamoDB fails.
pub async fn unread_count(store: &Store, user: &UserId, now: Millis) -> Result<i64, StoreError> {
    Ok(Counter::of(store, user).await?.unwrap_or_default().unread(now))
}

async fn rows(
    store: &Store,
    user: &UserId,
    limit: u8,
    cursor: Option<&Cursor>,
    now: Millis,
) -> Result<(Vec<Item>, Option<Cursor>), StoreError> {
    let query = Query::new("pk = :user AND begins_with(sk, :notification)")
        .descending()
        // What has expired may still be there.
        .filter("expires_at > :now")
        .value(":user", string(Key::notification_counter(user).pk))
        .value(":notification", string(NOTIFICATION))
        .value(":now", number(now.seconds()));
    let after = cursor.map(|cursor| Key::notification(user, &cursor.0));
    let (rows, last) = store.query_page(query, limit, after.as_ref()).await?;
    let id = last.and_then(|key| key.sk.strip_prefix(NOTIFICATION).map(str::to_owned));
    Ok((rows, id.map(Cursor)))
}

fn shown(item: Item, counter: &Counter) -> Result<Shown, StoreError> {
    let row: Row = read(item)?;
    let read_all_at = counter.read_all_at.filter(|_| row.n <= counter.read_up_to);
    Ok(Shown {
        notification_id: row.sk.strip_prefix(NOTIFICATION).unwrap_or_default().to_owned(),
        r#type: row.r#type,
        message: row.message,
        data: serde_json::from_str(&row.data).unwrap_or_default(),
        priority: row.priority,
        created_at: row.created_at.iso(),
        read_at: row.read_at.or(read_all_at).map(Millis::iso),
    })
}

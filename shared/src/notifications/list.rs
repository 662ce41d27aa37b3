//! A user's notifications, newest first, and one of them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::read::unknown;
use super::row::NotificationRow;
use super::{Counter, NotificationKind, Words};
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::text::{Line, Text};
use crate::contract::time::Millis;
use crate::http::page;
use crate::table::key::{self, NOTIFICATION};
use crate::table::{Item, Key, Query, Table, TableError, gt, read};
use crate::users::locale::Locale;

/// The last notification of a page, after which the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationCursor(String);

impl NotificationCursor {
    /// Parses a [`NotificationPage::next_cursor`].
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        page::parse_cursor(text, |id| super::read::is_id(&id).then_some(Self(id)))
    }

    fn text(&self) -> String {
        page::cursor(&self.0)
    }
}

/// A page of notifications.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationPage {
    /// Newest first.
    pub notifications: Vec<NotificationView>,
    /// For the next page, or `null`.
    pub next_cursor: Option<String>,
    /// How many of the user's notifications are unread, on all pages.
    pub unread_count: i64,
}

/// A notification as its user sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationView {
    notification_id: String,
    r#type: String,
    title: Line,
    message: Text,
    data: Map<String, Value>,
    priority: String,
    created_at: String,
    read_at: Option<String>,
}

/// Lists up to `limit` notifications. Reads the rows and the counter at the same time.
pub async fn list(
    table: &Table,
    user: &UserId,
    limit: u8,
    cursor: Option<&NotificationCursor>,
    now: Millis,
) -> Result<NotificationPage, TableError> {
    let (counter, rows) = futures_util::join!(Counter::of(table, user), rows(table, user, limit, cursor, now));
    let counter = counter?.unwrap_or_default();
    let (rows, next) = rows?;
    let notifications =
        rows.into_iter().map(|row| Ok(view(read(row)?, &counter))).collect::<Result<_, TableError>>()?;
    let next_cursor = next.map(|cursor| cursor.text());
    Ok(NotificationPage { notifications, next_cursor, unread_count: counter.unread(now) })
}

/// One notification. Reads its row and the counter at the same time.
///
/// # Errors
/// 404 when the user has no such notification, 500 when DynamoDB fails.
pub async fn show(table: &Table, user: &UserId, id: &str, now: Millis) -> Result<NotificationView, ApiError> {
    if !super::read::is_id(id) {
        return Err(unknown());
    }
    let key = Key::notification(user, id);
    let (counter, row) = futures_util::join!(Counter::of(table, user), table.get(&key, true));
    let row: NotificationRow = read(row?.ok_or_else(unknown)?)?;
    if row.expires_at <= now.seconds() {
        return Err(unknown());
    }
    Ok(view(row, &counter?.unwrap_or_default()))
}

/// How many notifications are unread now.
pub async fn unread_count(table: &Table, user: &UserId, now: Millis) -> Result<i64, TableError> {
    Ok(Counter::of(table, user).await?.unwrap_or_default().unread(now))
}

async fn rows(
    table: &Table,
    user: &UserId,
    limit: u8,
    cursor: Option<&NotificationCursor>,
    now: Millis,
) -> Result<(Vec<Item>, Option<NotificationCursor>), TableError> {
    // DynamoDB deletes expired rows some time later.
    let is_live = gt("expires_at", now.seconds());
    let query = Query::new(key::user(user)).begins_with(NOTIFICATION).descending().filter(is_live);
    let after = cursor.map(|cursor| Key::notification(user, &cursor.0));
    let (rows, last) = table.query_page(query, limit, after.as_ref()).await?;
    let id = last.and_then(|key| key.sk.strip_prefix(NOTIFICATION).map(str::to_owned));
    Ok((rows, id.map(NotificationCursor)))
}

fn view(row: NotificationRow, counter: &Counter) -> NotificationView {
    let data = serde_json::from_str(&row.data).unwrap_or_default();
    let of_type = || NotificationKind::named(&row.r#type).map(|kind| Words::of(kind, Locale::default(), &data).title);
    let title = row.title.clone().or_else(of_type).unwrap_or_default();
    let read_all_at = counter.read_all_at.filter(|_| counter.has_read(row.n));
    NotificationView {
        notification_id: row.sk.strip_prefix(NOTIFICATION).unwrap_or_default().to_owned(),
        r#type: row.r#type,
        title,
        message: row.message,
        data,
        priority: row.priority,
        created_at: row.created_at.iso(),
        read_at: row.read_at.or(read_all_at).map(Millis::iso),
    }
}

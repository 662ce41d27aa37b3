//! Marks notifications as read. The unread count stays right under concurrent writes.

use super::Counter;
use super::counter::LastDay;
use super::row::NotificationRow;
use crate::api_error::ApiError;
use crate::contract::facts::Fact;
use crate::contract::id::UserId;
use crate::contract::notifications::NotificationRead;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, Done, WriteContext};
use crate::table::{self, AttributeValue, Item, Key, Table, TableError, Update, absent, eq, exists, lt, retry};
use crate::users::device::{self, Device};

/// A notification that is marked as read.
#[derive(Debug)]
pub struct Marked {
    /// When it was first marked.
    pub read_at: Millis,
}

/// Whether a text has the form of a notification's id.
pub(super) fn is_id(id: &str) -> bool {
    matches!(id.split_once('-'), Some((n, rest))
        if n.len() == 12 && n.bytes().all(|b| b.is_ascii_digit())
        && rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

pub(super) fn unknown() -> ApiError {
    ApiError::NotFound("You have no notification of this id: it has expired or was deleted, or the id is wrong; GET /notifications lists yours".to_owned())
}

/// Marks one notification as read, and tells the user's other tabs and devices. One that is read already keeps its time, and nobody
/// hears of it again.
///
/// # Errors
/// 404 when the user has no such notification, 500 when DynamoDB fails.
pub async fn read(reader: ReadContext<'_>, id: &str, now: Millis) -> Result<Done<Marked>, ApiError> {
    let ReadContext { table, user, .. } = reader;
    if !is_id(id) {
        return Err(unknown());
    }
    retry(|| async {
        let key = Key::notification(user, id);
        let item = table.get(&key, true).await?.ok_or_else(unknown)?;
        let owing = Committed::of_row(&item);
        let row: NotificationRow = table::read(item)?;
        if row.expires_at <= now.seconds() {
            return Err(unknown());
        }
        if let Some(read_at) = row.read_at {
            return Ok(Some(Done::now(Marked { read_at }, None)));
        }
        let counter = Counter::of(table, user).await?.unwrap_or_default();
        if let Some(read_at) = counter.read_all_at.filter(|_| counter.has_read(row.n)) {
            return Ok(Some(Done::now(Marked { read_at }, None)));
        }
        let append = Append::new(key, owing, reader.told(Some(id), now).await?, reader.writer, now)?;
        // A row that was deleted meanwhile has expired.
        let is_unread = absent("read_at").and(eq("expires_at", row.expires_at));
        let marked = append.update().set("read_at", now).when(is_unread);
        let is_done = table.transact([marked, count_down(user, &row)]).await?.is_done();
        Ok(is_done.then(|| Done::now(Marked { read_at: now }, append.deliverable())))
    })
    .await
}

/// The write that counts an unread notification no longer, if it still counts.
pub(super) fn count_down(user: &UserId, row: &NotificationRow) -> Update {
    let day = LastDay::of(row.expires_at).name();
    Update::new(&Key::notification_counter(user))
        .add(("unread_by_day", day.clone()), -1)
        .when(absent("read_up_to").or(lt("read_up_to", row.n)))
        .when(exists(("unread_by_day", day)))
}

/// Marks all of a user's notifications as read, by one write, and tells the user's other tabs and devices. Without an unread one,
/// nothing is written.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn read_all(reader: ReadContext<'_>, now: Millis) -> Result<Done<()>, ApiError> {
    let ReadContext { table, user, .. } = reader;
    let key = Key::notification_counter(user);
    retry(|| async {
        // A user without notifications has no row to change.
        let Some(row) = table.get(&key, true).await? else { return Ok(Some(Done::now((), None))) };
        let owing = Committed::of_row(&row);
        if table::read::<Counter>(row)?.unread(now) == 0 {
            return Ok(Some(Done::now((), None)));
        }
        let append = Append::new(key.clone(), owing, reader.told(None, now).await?, reader.writer, now)?;
        let update = append
            .update()
            .copy("read_up_to", "last")
            .set("read_all_at", now)
            .set("unread_by_day", AttributeValue::M(Item::new()))
            .when(exists("pk"));
        Ok(table.write(update).await?.is_done().then(|| Done::now((), append.deliverable())))
    })
    .await
}

/// The user who reads, and the terms on which their other tabs and devices hear of it.
#[derive(Debug, Clone, Copy)]
pub struct ReadContext<'a> {
    pub table: &'a Table,
    pub writer: &'a WriteContext,
    pub user: &'a UserId,
    /// Whether pushes are on.
    pub pushes: bool,
}

impl ReadContext<'_> {
    /// The event for the user's tabs, and the new number for the icons of their iPhones, if they have any.
    async fn told(self, id: Option<&str>, now: Millis) -> Result<Vec<Delivery>, TableError> {
        let (user, notification_id) = (self.user.clone(), id.map(str::to_owned));
        let fact = match notification_id.clone() {
            Some(notification_id) => Fact::NotificationRead { notification_id, user_id: user.clone() },
            None => Fact::AllNotificationsRead { user_id: user.clone() },
        };
        let event = Delivery::event(&NotificationRead { user, notification_id, read_at: now.iso() });
        let badge = self.badge(now).await?;
        Ok([event].into_iter().chain(badge).chain([Delivery::fact(fact)]).collect())
    }

    /// The delivery of the number. It costs a query where pushes are on, and nothing more for a user without an iPhone.
    async fn badge(self, now: Millis) -> Result<Option<Delivery>, TableError> {
        let has_badge =
            self.pushes && device::of_user(self.table, self.user, now).await?.iter().any(Device::may_be_ios);
        Ok(has_badge.then(|| Delivery::Badge { user: self.user.clone() }))
    }
}

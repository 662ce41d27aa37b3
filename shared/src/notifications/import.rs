//! Notifications of another system.
//!
//! They come before all that are created here, in the order of their times: their number is 0, and their ids begin with it and the time. So
//! they may be imported in any order, and while others are created. They count as unread on the day on which they expire, as others do.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::counter::LastDay;
use super::{Counter, NotificationContent, Preferences};
use crate::api_error::ApiError;
use crate::contract::event::{Event as _, MAX_EVENT_BYTES};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{Action, Imported, Item, Key, LineDigest, Table, item, read, retry};

/// Most notifications that are written at once: with the counter, within a transaction.
pub(crate) const MAX_IMPORTED: usize = 45;

/// A notification of another system, for one user.
#[derive(Debug, Clone)]
pub(crate) struct OldNotification {
    pub content: NotificationContent,
    pub created_at: Millis,
    pub read_at: Option<Millis>,
    /// That of its own id.
    pub unique: Uuid,
    pub line: LineDigest,
}

impl OldNotification {
    /// The id that it has here.
    pub(crate) fn id(&self) -> String {
        format!("{:012}-{:012x}{}", 0, self.created_at.0, &self.unique.simple().to_string()[12..])
    }

    /// The day of its expiry, and its row.
    fn row(&self, user: &UserId, preferences: &Preferences, days: u32) -> Result<(LastDay, Item), ApiError> {
        let (id, day) = (self.id(), LastDay::after(days, self.created_at));
        let locale = preferences.locale.unwrap_or_default();
        let notification = self.content.notification(user, &id, locale, self.created_at);
        let bytes = notification.event().data().len();
        if bytes > MAX_EVENT_BYTES {
            return Err(ApiError::TooLarge { what: "The event with this data", bytes, limit: MAX_EVENT_BYTES });
        }
        let key = Key::notification(user, &id);
        let mut row = self.content.row(&key, 0, &notification, day);
        row.read_at = self.read_at;
        Ok((day, item(&key, &row)?))
    }
}

/// Stores up to [`MAX_IMPORTED`] notifications of a user, which differ: those that are not there, in one transaction. They expire as many
/// days after their time as those that are created here.
///
/// # Errors
/// When DynamoDB fails, or too many writers change the user's counter. Each result may be 413 for an event over 10 KB.
pub(crate) async fn import(
    table: &Table,
    user: &UserId,
    old: &[OldNotification],
    days: u32,
    now: Millis,
) -> Result<Vec<Result<Imported, ApiError>>, ApiError> {
    let own = [Key::notification_counter(user), Key::preferences(user)];
    let keys: Vec<_> = old.iter().map(|old| Key::notification(user, &old.id())).collect();
    retry(|| async {
        let mut found = table.get_many(own.iter().chain(&keys), true).await?;
        let counter: Option<Counter> = found.remove(&own[0]).map(read).transpose()?;
        let preferences = Preferences::of_row(found.remove(&own[1]))?;
        let (mut puts, mut unread, mut results) = (Vec::new(), BTreeMap::new(), Vec::with_capacity(old.len()));
        for (old, key) in old.iter().zip(&keys) {
            if let Some(present) = found.get(key) {
                results.push(Ok(Imported::of_present(present, &old.line)));
                continue;
            }
            results.push(old.row(user, &preferences, days).map(|(day, row)| {
                if day.expires_at() <= now.seconds() {
                    return Imported::Skipped(
                        "it has expired: notifications are kept for as many days as NotificationDays says",
                    );
                }
                if old.read_at.is_none() {
                    *unread.entry(day.name()).or_default() += 1_i64;
                }
                puts.push(Action::put_new(row, now).imported(&old.line));
                Imported::Created
            }));
        }
        if puts.is_empty() {
            return Ok(Some(results));
        }
        puts.extend(Counter::count_imported(user, counter.as_ref(), &unread).map(Action::from));
        Ok::<_, ApiError>(table.transact(puts).await?.is_done().then_some(results))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::NewNotification;
    use crate::notifications::read::is_id;
    use serde_json::json;

    #[test]
    fn ids_sort_by_time_and_before_those_of_here() {
        let new: NewNotification = serde_json::from_value(json!({ "userId": "ada", "type": "SYSTEM" })).unwrap();
        let content = new.check().unwrap().1;
        let id = |at: i64, unique| {
            let (created_at, line) = (Millis(at), LineDigest::of("{}"));
            OldNotification { content: content.clone(), created_at, read_at: None, unique, line }.id()
        };
        let ids = [id(0, Uuid::max()), id(1_700_000_000_000, Uuid::max()), id(1_700_000_000_001, Uuid::nil())];
        assert!(ids.iter().all(|id| is_id(id)) && ids.is_sorted(), "{ids:?}");
        assert!(ids[2] < format!("{:012}-{}", 1, Uuid::nil().simple()));
    }
}

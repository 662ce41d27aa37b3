//! How many notifications a user has received, and how many of them are unread.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::collapse::Groups;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{AttributeValue, Item, Key, Table, TableError, Update, absent, eq, exists, number};

/// Seconds of a day.
const DAY: i64 = 24 * 3600;
/// Most days that are over which one write removes. An expression has at most 4 KB (DynamoDB Developer Guide,
/// "Constraints"), and a day takes 24 bytes of it. The next write removes the next ones.
const MAX_REMOVED: usize = 50;

/// A user's counter row.
///
/// Notifications are numbered from 1. Marking all as read sets `read_up_to` to `last`, which is one write for any
/// number of rows. A notification is read if its row says so or its number is at most `read_up_to`.
///
/// Unread notifications are counted by the day on which they expire. Days that are over are not counted, so the count
/// stays right when notifications expire, whether or not DynamoDB has deleted them yet.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Counter {
    /// The newest notification's number.
    pub(super) last: i64,
    #[serde(default)]
    unread_by_day: BTreeMap<String, i64>,
    /// All notifications up to this number are read.
    #[serde(default)]
    pub(super) read_up_to: i64,
    /// When `read_up_to` was set.
    #[serde(default)]
    pub(super) read_all_at: Option<Millis>,
    /// The groups of pushes of the last minute, as JSON text.
    #[serde(default)]
    recent: Option<String>,
}

/// The day at whose beginning (UTC) a notification expires, in days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastDay(i64);

impl LastDay {
    /// The day for a notification that is kept for this many days, and to the end of the last one.
    pub(super) fn after(days: u32, now: Millis) -> Self {
        Self(now.plus_seconds(i64::from(days) * DAY).seconds().div_euclid(DAY) + 1)
    }

    /// The day of a row's `expires_at`.
    pub(super) fn of(expires_at: i64) -> Self {
        Self(expires_at.div_euclid(DAY))
    }

    /// The beginning of the day, in seconds since 1970, for DynamoDB's TTL.
    pub(super) fn expires_at(self) -> i64 {
        self.0 * DAY
    }

    /// Its name in the counter row.
    pub(super) fn name(self) -> String {
        self.0.to_string()
    }
}

impl Counter {
    pub(super) async fn of(table: &Table, user: &UserId) -> Result<Option<Self>, TableError> {
        let row = table.get(&Key::notification_counter(user), true).await?;
        row.map(crate::table::read).transpose()
    }

    /// How many notifications are unread now.
    pub(super) fn unread(&self, now: Millis) -> i64 {
        self.unread_by_day.iter().filter(|(day, _)| !is_over(day, now)).map(|(_, unread)| unread).sum()
    }

    /// Whether the user has marked all as read after this number was taken. That of an imported notification is 0.
    pub(super) fn has_read(&self, n: i64) -> bool {
        n <= self.read_up_to && (n > 0 || self.read_all_at.is_some())
    }

    /// The write that counts unread notifications of another system, which take no number: so many for each day of expiry. A user who has
    /// marked all as read here has read these, too. `before` is the row as it was read.
    pub(super) fn count_imported(user: &UserId, before: Option<&Self>, days: &BTreeMap<String, i64>) -> Option<Update> {
        let update = Update::new(&Key::notification_counter(user));
        match before {
            _ if days.is_empty() => None,
            None => {
                let days = days.iter().map(|(day, unread)| (day.clone(), number(*unread))).collect();
                Some(update.set("last", 0_i64).set("unread_by_day", AttributeValue::M(days)).when(absent("pk")))
            }
            Some(before) if before.read_all_at.is_some() => None,
            Some(_) => {
                let add = |update: Update, (day, unread): (&String, &i64)| {
                    update.add(("unread_by_day", day.as_str()), *unread)
                };
                Some(days.iter().fold(update, add).when(exists("pk").and(absent("read_all_at"))))
            }
        }
    }

    /// The groups of pushes of the last minute.
    pub(super) fn groups(&self) -> Groups {
        self.recent.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The write that takes the next number for a notification that expires on `day`. `before` is the row as it was
    /// read.
    pub(super) fn count_up(
        user: &UserId,
        before: Option<&Self>,
        day: LastDay,
        groups: Option<&Groups>,
        now: Millis,
    ) -> Update {
        let update = Update::new(&Key::notification_counter(user));
        let update = match before {
            None => {
                let days = AttributeValue::M(Item::from([(day.name(), number(1))]));
                update.set("last", 1_i64).set("unread_by_day", days).when(absent("pk"))
            }
            Some(before) => {
                let over = before.days_over(now).take(MAX_REMOVED);
                let update = over.fold(update, |update, over| update.remove(("unread_by_day", over)));
                let update = update.set("last", before.last + 1).add(("unread_by_day", day.name()), 1);
                update.when(eq("last", before.last))
            }
        };
        let text = |groups| serde_json::to_string(groups).expect("groups are strings and numbers");
        groups.map(text).into_iter().fold(update, |update, groups| update.set("recent", groups))
    }

    fn days_over(&self, now: Millis) -> impl Iterator<Item = &String> {
        self.unread_by_day.keys().filter(move |name| is_over(name, now))
    }
}

fn is_over(day: &str, now: Millis) -> bool {
    day.parse().is_ok_and(|day| LastDay(day).expires_at() <= now.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_kept_for_its_days_and_to_the_end_of_the_last() {
        let now = Millis(1_794_000_000_000);
        let day = LastDay::after(90, now);
        let kept = day.expires_at() - now.seconds();
        assert!((90 * DAY..=91 * DAY).contains(&kept), "{kept}");
        assert_eq!(LastDay::of(day.expires_at()), day);
    }

    #[test]
    fn a_day_that_is_over_does_not_count() {
        let unread_by_day = BTreeMap::from([("100".to_owned(), 3), ("101".to_owned(), 2)]);
        let counter = Counter { unread_by_day, ..Counter::default() };
        let at = |seconds| counter.unread(Millis(seconds * 1000));
        assert_eq!(at(100 * DAY - 1), 5);
        assert_eq!(at(100 * DAY), 2);
        assert_eq!(at(101 * DAY), 0);
    }
}

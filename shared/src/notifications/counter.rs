//! How many notifications a user has received, and how many of them are unread.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::collapse::Groups;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{Action, AttributeValue, Item, Key, Table, TableError, number, string};

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
    ) -> Action {
        let mut set = vec!["#last = :next"];
        let days = match before {
            None => "unread_by_day = :days",
            Some(_) => "unread_by_day.#day = if_not_exists(unread_by_day.#day, :zero) + :one",
        };
        set.push(days);
        set.extend(groups.map(|_| "recent = :recent"));
        let over: Vec<_> = before.iter().flat_map(|before| before.days_over(now)).take(MAX_REMOVED).collect();
        let mut expression = format!("SET {}", set.join(", "));
        if !over.is_empty() {
            let places: Vec<_> = (0..over.len()).map(|n| format!("unread_by_day.#over{n}")).collect();
            expression = format!("{expression} REMOVE {}", places.join(", "));
        }
        let mut update = Action::update(&Key::notification_counter(user), expression).name("#last", "last");
        update = match before {
            None => update
                .condition("attribute_not_exists(pk)")
                .value(":next", number(1))
                .value(":days", AttributeValue::M(Item::from([(day.name(), number(1))]))),
            Some(before) => update
                .condition("#last = :last")
                .name("#day", day.name())
                .value(":last", number(before.last))
                .value(":next", number(before.last + 1))
                .value(":zero", number(0))
                .value(":one", number(1)),
        };
        for (n, name) in over.into_iter().enumerate() {
            update = update.name(format!("#over{n}"), name.clone());
        }
        if let Some(groups) = groups {
            let text = serde_json::to_string(groups).expect("groups are strings and numbers");
            update = update.value(":recent", string(text));
        }
        update
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

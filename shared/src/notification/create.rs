//! Storing a notification: one transaction of the row, the counter and, for a request with a key, its idempotency row.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::collapse::{self, Groups};
use super::counter::LastDay;
use super::{Counter, Kind, Notice, Preferences, Priority, Words};
use crate::contract::MAX_EVENT_BYTES;
use crate::http::Problem;
use crate::id::UserId;
use crate::idempotency::IdempotencyKey;
use crate::key::{Item, Key, number, string};
use crate::outbox::{ATTRIBUTE, Committed, Outbox};
use crate::settings::Settings;
use crate::store::{Action, Store, StoreError, Transaction, read};
use crate::time::Millis;
use crate::tries::Tries;

/// What a service asks for, over HTTP or as the detail of a `NotificationRequested` event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewNotification {
    user_id: String,
    r#type: String,
    #[serde(default)]
    data: Map<String, Value>,
    #[serde(default)]
    priority: Priority,
}

/// A notification that was stored, now or by the same request before.
#[derive(Debug)]
pub struct Created {
    /// The id.
    pub id: String,
    /// Whether this is a repetition of an earlier request.
    pub replayed: bool,
    /// The row with what it owes; `None` when it owes nothing.
    pub committed: Option<Committed>,
}

#[derive(Deserialize)]
struct First {
    notification: String,
    fingerprint: String,
}

impl First {
    fn again(self, key: &IdempotencyKey) -> Result<Created, Problem> {
        key.must_match(&self.fingerprint)?;
        Ok(Created { id: self.notification, replayed: true, committed: None })
    }
}

/// Stores a notification, numbered after the user's last one.
///
/// # Errors
/// 400 for fields that are not what they should be, 413 when the event would be over 10 KB, 422 for a reused key, 500
/// when DynamoDB fails or too many writers compete for one user's next number.
pub async fn create(
    store: &Store,
    settings: &Settings,
    request: NewNotification,
    key: &IdempotencyKey,
    now: Millis,
) -> Result<Created, Problem> {
    let user = UserId::parse(request.user_id.clone()).map_err(|error| error.in_field("userId"))?;
    let kind = Kind::named(&request.r#type)
        .ok_or_else(|| Problem::field("type", format!("must be one of {}", Kind::names())))?;
    if let Some(first) = first_of(store, key).await? {
        return first.again(key);
    }
    let mut tries = Tries::new();
    loop {
        let (counter, preferences) = look_up(store, &user).await?;
        let draft = Draft { user: &user, kind, request: &request, preferences: &preferences, key, settings, now };
        let row = draft.row(counter.as_ref())?;
        match commit(store, &draft, &row, counter.as_ref()).await? {
            Transaction::Done => {
                return Ok(Created { id: row.id, replayed: false, committed: row.committed });
            }
            Transaction::ConditionFailed(which) if which.get(2) == Some(&true) => {
                return first_of(store, key).await?.ok_or(StoreError::Contended)?.again(key);
            }
            // Somebody else took the number.
            Transaction::ConditionFailed(_) => tries.again().await?,
        }
    }
}

/// What an earlier request with the same key stored.
async fn first_of(store: &Store, key: &IdempotencyKey) -> Result<Option<First>, StoreError> {
    if !key.has_key {
        return Ok(None);
    }
    let row = store.get(&Key::idempotency(&key.id.to_string()), true).await?;
    row.map(read).transpose()
}

/// The user's counter and preferences, in one round trip.
async fn look_up(store: &Store, user: &UserId) -> Result<(Option<Counter>, Preferences), StoreError> {
    let keys = [Key::notification_counter(user), Key::preferences(user)];
    let (mut counter, mut preferences) = (None, None);
    for row in store.get_many(&keys, true).await? {
        let place = if Key::of(&row).as_ref() == Some(&keys[0]) { &mut counter } else { &mut preferences };
        *place = Some(row);
    }
    Ok((counter.map(read).transpose()?, Preferences::of_row(preferences)?))
}

/// What a row is made from.
struct Draft<'a> {
    user: &'a UserId,
    kind: Kind,
    request: &'a NewNotification,
    preferences: &'a Preferences,
    key: &'a IdempotencyKey,
    settings: &'a Settings,
    now: Millis,
}

struct Row {
    id: String,
    item: Item,
    day: LastDay,
    /// The push's group among the others, when there is a push.
    groups: Option<Groups>,
    committed: Option<Committed>,
}

impl Draft<'_> {
    fn row(&self, counter: Option<&Counter>) -> Result<Row, Problem> {
        let Self { user, kind, request, preferences, now, .. } = *self;
        let n = counter.map_or(0, |counter| counter.last) + 1;
        // Ids sort as their numbers do, and no other user's notification has the same.
        let id = format!("{n:012}-{}", self.key.id.simple());
        let mut data = request.data.clone();
        data.insert("notificationId".to_owned(), Value::String(id.clone()));
        let words = Words::of(kind, preferences.locale.unwrap_or_default(), &data);
        let notice = Notice { user: user.clone(), kind, words, priority: request.priority, data, created_at: now };
        if notice.event().data().len() > MAX_EVENT_BYTES {
            return Err(Problem::TooLarge { what: "The event", limit: MAX_EVENT_BYTES });
        }
        let (tag, groups) = self.group(counter).unzip();
        let outbox = Outbox::owing(notice.deliveries(preferences, tag), now);
        let key = Key::notification(user, &id);
        let day = LastDay::after(self.settings.notification_days, now);
        let mut item = key.item();
        let mut set = |name: &str, value| item.insert(name.to_owned(), value);
        set("n", number(n));
        set("type", string(kind.name()));
        set("message", string(&notice.words.body));
        set("data", string(Value::Object(request.data.clone()).to_string()));
        set("priority", string(request.priority.name()));
        set("created_at", number(now.0));
        set("expires_at", number(day.expires_at()));
        let committed = (!outbox.owed.is_empty()).then_some(Committed { key, outbox });
        if let Some(committed) = &committed {
            set(ATTRIBUTE, committed.outbox.value());
        }
        Ok(Row { id, item, day, groups, committed })
    }

    /// The tag of the push and the groups with it, if there is to be a push. A group is named after its first notification.
    fn group(&self, counter: Option<&Counter>) -> Option<(String, Groups)> {
        if self.settings.firebase.is_none() || !self.preferences.ways(self.kind).push {
            return None;
        }
        let mut groups = counter.map(Counter::groups).unwrap_or_default();
        let source = collapse::source(self.kind, &self.request.data);
        let tag = groups.join(self.kind, source, self.key.id.simple().to_string(), self.now);
        Some((tag, groups))
    }
}

async fn commit(
    store: &Store,
    draft: &Draft<'_>,
    row: &Row,
    counter: Option<&Counter>,
) -> Result<Transaction, StoreError> {
    let Draft { user, key, now, .. } = *draft;
    let counted = Counter::count_up(user, counter, row.day, row.groups.as_ref(), now);
    let mut writes = vec![counted, Action::put_new(row.item.clone())];
    if key.has_key {
        let mut first = Key::idempotency(&key.id.to_string()).item();
        first.insert("notification".to_owned(), string(&row.id));
        first.insert("fingerprint".to_owned(), string(&key.fingerprint));
        first.insert("expires_at".to_owned(), number(row.day.expires_at()));
        writes.push(Action::put_new(first));
    }
    store.transact(writes).await
}

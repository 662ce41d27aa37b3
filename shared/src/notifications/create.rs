//! Stores a notification: one transaction of its row, the counter and, for a request with a key, the idempotency row.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::collapse::{self, Groups};
use super::content::{NotificationContent, SENDER_ID};
use super::counter::LastDay;
use super::{Counter, Notification, NotificationType, Preferences};
use crate::api_error::ApiError;
use crate::contract::event::{Event as _, MAX_EVENT_BYTES};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::http::idempotency::{self, Cause, IdempotencyKey, REMEMBERED_SECONDS};
use crate::outbox::{Committed, Done, Notify, Outbox, WriteContext};
use crate::settings::Settings;
use crate::table::{Action, Item, Key, Table, TableError, Transaction, Write, item, read, retry};
use crate::users::profile::known_by;

/// Creates a notification for a user whom an event did not reach; once, however often it is called. The stream's consumer
/// delivers it. Returns false for an unknown user: one who was erased since the message was sent gets no row any more.
///
/// # Errors
/// As [`Notifier::create`].
pub(crate) async fn create_instead(table: &Table, settings: &Settings, notify: &Notify) -> Result<bool, ApiError> {
    create_for_known(table, settings, notify, Cause::Unread { receiver: &notify.user, message: &notify.id }).await
}

/// Creates the notification of a change, once. Otherwise as [`create_instead`]; false also for a sender who is not known any more: the
/// notification would name a user who was erased since.
///
/// # Errors
/// As [`Notifier::create`].
pub(crate) async fn create_of_change(
    table: &Table,
    settings: &Settings,
    notify: &Notify,
) -> Result<OfChange, ApiError> {
    let sender = notify.data.get(SENDER_ID).and_then(Value::as_str).and_then(|id| UserId::parse(id).ok());
    if let Some(sender) = sender
        && table.get_many(&known_by(&sender), true).await?.is_empty()
    {
        return Ok(OfChange::SenderUnknown);
    }
    let cause = Cause::Change { receiver: &notify.user, change: &notify.id };
    let created = create_for_known(table, settings, notify, cause).await?;
    Ok(if created { OfChange::Created } else { OfChange::ReceiverUnknown })
}

/// How the notification of a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfChange {
    Created,
    ReceiverUnknown,
    /// The sender was erased, or the change was their first request: the profile is written after its response.
    SenderUnknown,
}

async fn create_for_known(
    table: &Table,
    settings: &Settings,
    notify: &Notify,
    cause: Cause<'_>,
) -> Result<bool, ApiError> {
    let key = IdempotencyKey::of_cause(cause);
    let kind = NotificationType::parse(notify.r#type.as_str()).map_err(|error| ApiError::field("type", error))?;
    let content = NotificationContent::worded_by_type(&kind, notify.data.clone())?;
    let writer = WriteContext::of_consumer("", settings.facts);
    let notifier = Notifier { table, writer: &writer, settings };
    match notifier.create_for(Receiver::Known(&notify.user), &content, &key, Millis::now()).await {
        Ok(_) => Ok(true),
        Err(ApiError::NotFound(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Whom a notification is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Receiver<'a> {
    /// The user whom the app's back end names: it knows its users.
    Anybody(&'a UserId),
    /// A user who must have a row here.
    Known(&'a UserId),
}

impl<'a> Receiver<'a> {
    fn user(self) -> &'a UserId {
        match self {
            Self::Anybody(user) | Self::Known(user) => user,
        }
    }
}

/// The idempotency row, which the first request with a key stores.
#[derive(Serialize, Deserialize)]
struct FirstRow {
    /// The id. The row of a request for several users has none: each user has a further row.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    fingerprint: Option<String>,
    expires_at: i64,
}

impl FirstRow {
    fn replay(self, key: &IdempotencyKey) -> Result<Done<String>, ApiError> {
        key.must_match(self.fingerprint.as_deref())?;
        idempotency::must_be_same(self.notification.is_some())?;
        Ok(Done::replay(self.notification.unwrap_or_default()))
    }
}

/// Creates notifications.
#[derive(Debug, Clone, Copy)]
pub struct Notifier<'a> {
    pub table: &'a Table,
    pub writer: &'a WriteContext,
    pub settings: &'a Settings,
}

impl Notifier<'_> {
    /// Stores a notification with the user's next number; returns its id.
    ///
    /// # Errors
    /// 413 when the event would be over 10 KB, 422 for a reused key, 500 when DynamoDB fails or too many writers compete for the
    /// user's next number.
    pub async fn create(
        self,
        user: &UserId,
        content: &NotificationContent,
        key: &IdempotencyKey,
        now: Millis,
    ) -> Result<Done<String>, ApiError> {
        self.create_for(Receiver::Anybody(user), content, key, now).await
    }

    /// As [`Notifier::create`], and 404 for a receiver who must be known and is not.
    async fn create_for(
        self,
        receiver: Receiver<'_>,
        content: &NotificationContent,
        key: &IdempotencyKey,
        now: Millis,
    ) -> Result<Done<String>, ApiError> {
        let (Self { table, writer, settings }, user) = (self, receiver.user());
        if let Some(first) = first_of(table, key, now).await? {
            return first.replay(key);
        }
        retry(|| async {
            let (counter, preferences) = look_up(table, user).await?;
            // A user who has had a notification is known.
            let must_be_found = receiver == Receiver::Known(user) && counter.is_none();
            if must_be_found && table.get_many(&known_by(user), true).await?.is_empty() {
                return Err(ApiError::NotFound("There is no such user".to_owned()));
            }
            let (preferences, unique) = (&preferences, uuid::Uuid::now_v7());
            let draft = Draft { writer, user, content, preferences, key, unique, settings, now };
            let new = draft.write(counter.as_ref())?;
            match commit(table, &draft, &new, counter.as_ref()).await? {
                Transaction::Done => Ok(Some(Done::now(new.id, [new.committed]))),
                Transaction::ConditionFailed(which) if which.get(2) == Some(&true) => {
                    first_of(table, key, now).await?.ok_or(TableError::Contended)?.replay(key).map(Some)
                }
                // Another writer took the number.
                Transaction::ConditionFailed(_) => Ok(None),
            }
        })
        .await
    }
}

/// The row of an earlier request with the same key.
async fn first_of(table: &Table, key: &IdempotencyKey, now: Millis) -> Result<Option<FirstRow>, TableError> {
    if !key.has_key() {
        return Ok(None);
    }
    let row = table.get(&Key::idempotency(&key.id().to_string()), true).await?;
    let first: Option<FirstRow> = row.map(read).transpose()?;
    // DynamoDB deletes expired rows some time later.
    Ok(first.filter(|first| first.expires_at > now.seconds()))
}

/// Stores that a key is for this request, before the first of its users is notified. A request with the same key goes on where this one
/// ended.
///
/// # Errors
/// 422 for a key that was used for another request.
pub(super) async fn claim(table: &Table, key: &IdempotencyKey, now: Millis) -> Result<(), ApiError> {
    // The same event means the same thing.
    let Some(fingerprint) = key.fingerprint() else { return Ok(()) };
    let expires_at = now.plus_seconds(REMEMBERED_SECONDS).seconds();
    let first = FirstRow { notification: None, fingerprint: Some(fingerprint), expires_at };
    let row = item(&Key::idempotency(&key.id().to_string()), &first)?;
    match table.write(Action::put_new(row, now)).await? {
        Write::Done(_) | Write::ConditionFailed(None) => Ok(()),
        Write::ConditionFailed(Some(row)) => {
            let first: FirstRow = read(row)?;
            key.must_match(first.fingerprint.as_deref())?;
            idempotency::must_be_same(first.notification.is_none())
        }
    }
}

/// The user's counter and preferences, in one round trip.
async fn look_up(table: &Table, user: &UserId) -> Result<(Option<Counter>, Preferences), TableError> {
    let keys = [&Key::notification_counter(user), &Key::preferences(user)];
    let [counter, preferences] = table.get_each(keys, true).await?;
    Ok((counter.map(read).transpose()?, Preferences::of_row(preferences)?))
}

/// The parts of a new notification.
struct Draft<'a> {
    writer: &'a WriteContext,
    user: &'a UserId,
    content: &'a NotificationContent,
    preferences: &'a Preferences,
    key: &'a IdempotencyKey,
    /// Part of the notification's id.
    unique: uuid::Uuid,
    settings: &'a Settings,
    now: Millis,
}

/// The writes of a new notification.
struct New {
    id: String,
    item: Item,
    day: LastDay,
    /// The groups with that of the push, if there is a push.
    groups: Option<Groups>,
    committed: Committed,
}

impl Draft<'_> {
    fn write(&self, counter: Option<&Counter>) -> Result<New, ApiError> {
        let Self { user, content, preferences, now, .. } = *self;
        let n = counter.map_or(0, |counter| counter.last) + 1;
        // Ids sort by number, and are unique among all users.
        let id = format!("{n:012}-{}", self.unique.simple());
        let notification = content.notification(user, &id, preferences.locale.unwrap_or_default(), now);
        let bytes = notification.event().data().len();
        if bytes > MAX_EVENT_BYTES {
            return Err(ApiError::TooLarge { what: "The event with this data", bytes, limit: MAX_EVENT_BYTES });
        }
        let (tag, groups) = self.group(counter)?.unzip();
        let day = LastDay::after(self.settings.notification_days, now);
        let key = Key::notification(user, &id);
        let row = content.row(&key, n, &notification, day);
        let outbox = Outbox::new(notification.deliveries(preferences, tag), self.writer, now);
        // Compared with what the row gives when it is read: a number of the data may come back in another form.
        let outbox = match Notification::of_row(&key, &row) {
            Some(stored) => outbox.shortened(|delivery| stored.name_of(delivery)),
            None => outbox,
        };
        let committed = Committed::new(key, outbox);
        Ok(New { id, item: committed.item(&row)?, day, groups, committed })
    }

    /// The tag of the push and the groups with it, if there is a push. A group has the tag of its first push.
    fn group(&self, counter: Option<&Counter>) -> Result<Option<(String, Groups)>, ApiError> {
        let NotificationContent { kind, data, .. } = self.content;
        if self.settings.firebase.is_none() || !self.preferences.of(kind).push {
            return Ok(None);
        }
        let secret = &self.settings.pusher().map_err(ApiError::internal)?.credentials.secret;
        let mut groups = counter.map(Counter::groups).unwrap_or_default();
        let source = collapse::source(secret, kind, data);
        let tag = groups.join(kind.clone(), source, self.unique.simple().to_string(), self.now);
        Ok(Some((tag, groups)))
    }
}

async fn commit(
    table: &Table,
    draft: &Draft<'_>,
    new: &New,
    counter: Option<&Counter>,
) -> Result<Transaction, TableError> {
    let Draft { user, key, now, .. } = *draft;
    let counted = Counter::count_up(user, counter, new.day, new.groups.as_ref(), now);
    let mut writes = vec![counted.into(), Action::put_new(new.item.clone(), now)];
    if key.has_key() {
        let fingerprint = key.fingerprint();
        let expires_at = match fingerprint {
            Some(_) => now.plus_seconds(REMEMBERED_SECONDS).seconds(),
            // An event may come again from a queue of dead letters.
            None => new.day.expires_at(),
        };
        let first = FirstRow { notification: Some(new.id.clone()), fingerprint, expires_at };
        let first = item(&Key::idempotency(&key.id().to_string()), &first)?;
        writes.push(Action::put_new(first, now));
    }
    table.transact(writes).await
}

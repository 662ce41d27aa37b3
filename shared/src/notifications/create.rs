//! Stores a notification: one transaction of its row, the counter and, for a request with a key, the idempotency row.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::collapse::{self, Groups};
use super::counter::LastDay;
use super::row::NotificationRow;
use super::{Counter, Notification, NotificationKind, NotificationType, Preferences, Priority, Words};
use crate::api_error::ApiError;
use crate::contract::event::{Event as _, MAX_EVENT_BYTES};
use crate::contract::id::UserId;
use crate::contract::text::{Line, Text};
use crate::contract::time::Millis;
use crate::http::idempotency::{Cause, IdempotencyKey, REMEMBERED_SECONDS};
use crate::outbox::{Committed, Delivery, Done, Notify, Outbox, WriteContext};
use crate::settings::Settings;
use crate::table::{Action, Item, Key, Table, TableError, Transaction, item, read, retry};
use crate::users::locale::Locale;
use crate::users::profile::known_by;

/// The refusal of an own type without a title or a body.
const MISSING: &str = r#"is missing: a type of your own needs both, such as {"type": "ORDER_SHIPPED", "title": "Your parcel", "body": "It arrives on Friday."}"#;

/// A service's request, over HTTP or as the detail of a `NotificationRequested` event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewNotification {
    user_id: String,
    r#type: String,
    /// Instead of the title that the type has. An own type has none, so its sender sends one.
    title: Option<String>,
    /// Instead of the sentence that the type has; as the title.
    body: Option<String>,
    #[serde(default)]
    data: Map<String, Value>,
    #[serde(default)]
    priority: Priority,
}

impl NewNotification {
    /// A notification of normal priority, from this sender.
    pub(crate) fn from(sender: &Sender<'_>, user: &UserId, kind: NotificationKind, more: Map<String, Value>) -> Self {
        let data = sender.data().into_iter().chain(more).collect();
        Self::worded_by_type(user.to_string(), kind.name().to_owned(), data)
    }

    fn worded_by_type(user_id: String, r#type: String, data: Map<String, Value>) -> Self {
        Self { user_id, r#type, title: None, body: None, data, priority: Priority::default() }
    }
}

/// The field of the data with the sender's id.
const SENDER_ID: &str = "senderId";

/// The sender of a notification that this code creates. The id goes with the name, so that erasing the user finds both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) id: &'a UserId,
    pub(crate) name: &'a Line,
}

impl Sender<'_> {
    fn data(&self) -> Map<String, Value> {
        let fields = [(SENDER_ID, self.id.as_str()), ("senderName", self.name.as_str())];
        fields.into_iter().map(|(field, text)| (field.to_owned(), text.into())).collect()
    }

    /// Owes a user a notification of this sender's change. `change` names the change, so that the notification is created once.
    pub(crate) fn notifies<const FIELDS: usize>(
        &self,
        user: &UserId,
        kind: NotificationKind,
        more: [(&str, Value); FIELDS],
        change: &str,
    ) -> Delivery {
        let more = more.into_iter().map(|(field, value)| (field.to_owned(), value));
        let data = self.data().into_iter().chain(more).collect();
        let (r#type, id) = (kind.name().to_owned(), change.to_owned());
        Delivery::Notify { notify: Box::new(Notify { user: user.clone(), r#type, data, id }) }
    }
}

/// Creates a notification for a user whom an event did not reach; once, however often it is called. The stream's consumer
/// delivers it. Returns false for an unknown user: one who was erased since the message was sent gets no row any more.
///
/// # Errors
/// As [`Notifier::create`].
pub(crate) async fn create_instead(table: &Table, settings: &Settings, notify: &Notify) -> Result<bool, ApiError> {
    create_for_known(table, settings, notify, Cause::Unread { receiver: &notify.user, message: &notify.id }).await
}

/// Creates the notification of a change, once. Otherwise as [`create_instead`]; false also for a sender who is not known any more: who was
/// erased since is named to nobody.
///
/// # Errors
/// As [`Notifier::create`].
pub(crate) async fn create_of_change(table: &Table, settings: &Settings, notify: &Notify) -> Result<bool, ApiError> {
    let sender = notify.data.get(SENDER_ID).and_then(Value::as_str).and_then(|id| UserId::parse(id).ok());
    if let Some(sender) = sender
        && table.get_many(&known_by(&sender), true).await?.is_empty()
    {
        return Ok(false);
    }
    create_for_known(table, settings, notify, Cause::Change { receiver: &notify.user, change: &notify.id }).await
}

async fn create_for_known(
    table: &Table,
    settings: &Settings,
    notify: &Notify,
    cause: Cause<'_>,
) -> Result<bool, ApiError> {
    let key = IdempotencyKey::of_cause(cause);
    let request = NewNotification::worded_by_type(notify.user.to_string(), notify.r#type.clone(), notify.data.clone());
    let writer = WriteContext::without_delivery("");
    let notifier = Notifier { table, writer: &writer, settings };
    match notifier.create_for(Receiver::Known, request, &key, Millis::now()).await {
        Ok(_) => Ok(true),
        Err(ApiError::NotFound(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Whom a notification is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Receiver {
    /// The user whom the app's back end names: it knows its users.
    Anybody,
    /// A user who has a row here.
    Known,
}

/// The idempotency row, which the first request with a key stores.
#[derive(Serialize, Deserialize)]
struct FirstRow {
    notification: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    fingerprint: Option<String>,
    expires_at: i64,
}

impl FirstRow {
    fn replay(self, key: &IdempotencyKey) -> Result<Done<String>, ApiError> {
        key.must_match(self.fingerprint.as_deref())?;
        Ok(Done::replay(self.notification))
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
    /// 400 for invalid fields, 413 when the event would be over 10 KB, 422 for a reused key, 500
    /// when DynamoDB fails or too many writers compete for the user's next number.
    pub async fn create(
        self,
        request: NewNotification,
        key: &IdempotencyKey,
        now: Millis,
    ) -> Result<Done<String>, ApiError> {
        self.create_for(Receiver::Anybody, request, key, now).await
    }

    /// As [`Notifier::create`], and 404 for a receiver who must be known and is not.
    async fn create_for(
        self,
        receiver: Receiver,
        request: NewNotification,
        key: &IdempotencyKey,
        now: Millis,
    ) -> Result<Done<String>, ApiError> {
        let Self { table, writer, settings } = self;
        let user = UserId::parse(request.user_id.clone()).map_err(|error| ApiError::field("userId", error))?;
        let kind = &NotificationType::parse(request.r#type.as_str()).map_err(|error| ApiError::field("type", error))?;
        let wording = &Wording::of(kind, &request)?;
        let request = NewNotification { data: Words::clean_data(request.data)?, ..request };
        if let Some(first) = first_of(table, key, now).await? {
            return first.replay(key);
        }
        retry(|| async {
            let (counter, preferences) = look_up(table, &user).await?;
            // A user who has had a notification is known.
            let must_be_found = receiver == Receiver::Known && counter.is_none();
            if must_be_found && table.get_many(&known_by(&user), true).await?.is_empty() {
                return Err(ApiError::NotFound("There is no such user".to_owned()));
            }
            let (preferences, unique) = (&preferences, uuid::Uuid::now_v7());
            let draft =
                Draft { writer, user: &user, kind, new: &request, wording, preferences, key, unique, settings, now };
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

/// Where a notification's title and sentence come from.
enum Wording {
    /// The type, and the sender in place of either.
    OfType(NotificationKind, Option<Line>, Option<Text>),
    /// The sender: an own type has no words.
    OfSender(Words),
}

impl Wording {
    /// # Errors
    /// 400 for a text that is invalid, or missing for an own type.
    fn of(kind: &NotificationType, new: &NewNotification) -> Result<Self, ApiError> {
        let own = Words::own(new.title.as_deref(), new.body.as_deref())?;
        match (kind, own) {
            (NotificationType::BuiltIn(kind), (title, body)) => Ok(Self::OfType(*kind, title, body)),
            (NotificationType::Own(_), (Some(title), Some(body))) => Ok(Self::OfSender(Words { title, body })),
            (NotificationType::Own(_), (None, _)) => Err(ApiError::field("title", MISSING)),
            (NotificationType::Own(_), (_, None)) => Err(ApiError::field("body", MISSING)),
        }
    }

    fn words(&self, locale: Locale, data: &Map<String, Value>) -> Words {
        match self {
            Self::OfType(kind, title, body) => Words::of(*kind, locale, data).or_own(title.clone(), body.clone()),
            Self::OfSender(words) => words.clone(),
        }
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
    kind: &'a NotificationType,
    new: &'a NewNotification,
    wording: &'a Wording,
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
        let Self { user, kind, new, preferences, now, .. } = *self;
        let n = counter.map_or(0, |counter| counter.last) + 1;
        // Ids sort by number, and are unique among all users.
        let id = format!("{n:012}-{}", self.unique.simple());
        let mut data = new.data.clone();
        data.insert("notificationId".to_owned(), Value::String(id.clone()));
        let words = self.wording.words(preferences.locale.unwrap_or_default(), &data);
        let notification = Notification {
            user: user.clone(),
            kind: kind.clone(),
            words,
            priority: new.priority,
            data,
            created_at: now,
        };
        let bytes = notification.event().data().len();
        if bytes > MAX_EVENT_BYTES {
            return Err(ApiError::TooLarge { what: "The event with this data", bytes, limit: MAX_EVENT_BYTES });
        }
        let (tag, groups) = self.group(counter)?.unzip();
        let day = LastDay::after(self.settings.notification_days, now);
        let key = Key::notification(user, &id);
        let row = NotificationRow {
            sk: key.sk.clone(),
            n,
            r#type: kind.name().to_owned(),
            title: Some(notification.words.title.clone()),
            message: notification.words.body.clone(),
            data: Value::Object(new.data.clone()).to_string(),
            priority: new.priority.name().to_owned(),
            created_at: now,
            expires_at: day.expires_at(),
            read_at: None,
        };
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
        if self.settings.firebase.is_none() || !self.preferences.of(self.kind).push {
            return Ok(None);
        }
        let secret = &self.settings.pusher().map_err(ApiError::internal)?.credentials.secret;
        let mut groups = counter.map(Counter::groups).unwrap_or_default();
        let source = collapse::source(secret, self.kind, &self.new.data);
        let tag = groups.join(self.kind.clone(), source, self.unique.simple().to_string(), self.now);
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
        let first = FirstRow { notification: new.id.clone(), fingerprint, expires_at };
        let first = item(&Key::idempotency(&key.id().to_string()), &first)?;
        writes.push(Action::put_new(first, now));
    }
    table.transact(writes).await
}

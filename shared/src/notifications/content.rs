//! The content of a notification, checked once for all of its recipients.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::counter::LastDay;
use super::fcm_message;
use super::look::NewLook;
use super::row::NotificationRow;
use super::{Notification, NotificationKind, NotificationType, Priority, Words};
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::text::{Line, Text};
use crate::contract::time::Millis;
use crate::outbox::{Notify, Push, PushLook, PushTerms};
use crate::table::Key;
use crate::users::locale::Locale;

/// The refusal of an own type without a title or a body.
const MISSING: &str = r#"is missing: a type of your own needs both, such as {"type": "ORDER_SHIPPED", "title": "Your parcel", "body": "It arrives on Friday."}"#;
/// Most users of one request: a function has ten seconds to store their notifications.
pub const MAX_USERS: usize = 100;
/// An id, a tag and a badge, to measure a message with. Ids and tags have one length; few users have more unread notifications.
const SOME_ID: &str = "000000000001-0123456789abcdef0123456789abcdef";
const SOME_TAG: &str = "0123456789abcdef0123456789abcdef";
const SOME_BADGE: i64 = 999_999;

/// A service's request, over HTTP or as the detail of a `NotificationRequested` event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewNotification {
    /// One user, or `user_ids`.
    user_id: Option<String>,
    user_ids: Option<Vec<String>>,
    r#type: String,
    /// Instead of the title that the type has. An own type has none, so its sender sends one.
    title: Option<String>,
    /// Instead of the sentence that the type has; as the title.
    body: Option<String>,
    #[serde(default)]
    data: Map<String, Value>,
    #[serde(default)]
    priority: Priority,
    push: Option<NewLook>,
}

/// Whom a request notifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    One(UserId),
    /// 1 to [`MAX_USERS`] different texts. The result of one that is not an id says so.
    Several(Vec<String>),
}

impl NewNotification {
    /// Whom to notify of what.
    ///
    /// # Errors
    /// 400 for invalid fields, unless exactly one of `userId` and `userIds` is there, and for a push that FCM would not take.
    pub fn check(self) -> Result<(Recipients, NotificationContent), ApiError> {
        let recipients = Recipients::of(self.user_id, self.user_ids)?;
        let kind = NotificationType::parse(self.r#type).map_err(|error| ApiError::field("type", error))?;
        let wording = Wording::of(&kind, self.title.as_deref(), self.body.as_deref())?;
        let data = Words::clean_data(self.data)?;
        let look = self.push.unwrap_or_default().check()?;
        let content = NotificationContent { kind, wording, data, priority: self.priority, look };
        content.must_fit_a_push()?;
        Ok((recipients, content))
    }
}

impl Recipients {
    fn of(one: Option<String>, several: Option<Vec<String>>) -> Result<Self, ApiError> {
        match (one, several) {
            (Some(user), None) => UserId::parse(user).map(Self::One).map_err(|error| ApiError::field("userId", error)),
            (None, Some(users)) => Self::several(users),
            (Some(_), Some(_)) => {
                Err(ApiError::Malformed("Send userId for one user or userIds for several, not both".to_owned()))
            }
            (None, None) => Err(ApiError::field(
                "userId",
                r#"is missing: say whom to notify, by "userId": "ada" or by "userIds": ["ada", "ben"]"#,
            )),
        }
    }

    fn several(users: Vec<String>) -> Result<Self, ApiError> {
        if !(1..=MAX_USERS).contains(&users.len()) {
            let rule = format!("must have 1 to {MAX_USERS} users: divide a longer list among several requests");
            return Err(ApiError::field("userIds", rule));
        }
        let mut sorted: Vec<&str> = users.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(ApiError::field("userIds", "must name each user once: leave out the repetitions"));
        }
        Ok(Self::Several(users))
    }
}

/// The same for each recipient: type, words, data, priority and the look of the push.
#[derive(Debug, Clone)]
pub struct NotificationContent {
    pub(super) kind: NotificationType,
    wording: Wording,
    /// Without `notificationId`.
    pub(super) data: Map<String, Value>,
    pub(super) priority: Priority,
    pub(super) look: PushLook,
}

impl NotificationContent {
    /// A notification of normal priority from this sender, in the words of its type.
    ///
    /// # Errors
    /// 400 for data that cannot be shown.
    pub(crate) fn from(
        sender: &Sender<'_>,
        kind: NotificationKind,
        more: Map<String, Value>,
    ) -> Result<Self, ApiError> {
        Self::worded_by_type(&kind.into(), sender.data().into_iter().chain(more).collect())
    }

    /// A notification of normal priority in the words of its type.
    ///
    /// # Errors
    /// 400 for an own type, which has no words, and for data that cannot be shown.
    pub(super) fn worded_by_type(kind: &NotificationType, data: Map<String, Value>) -> Result<Self, ApiError> {
        let wording = Wording::of(kind, None, None)?;
        let data = Words::clean_data(data)?;
        Ok(Self { kind: kind.clone(), wording, data, priority: Priority::default(), look: PushLook::default() })
    }

    /// The notification for a user who reads this language.
    pub(super) fn notification(&self, user: &UserId, id: &str, locale: Locale, now: Millis) -> Notification {
        let mut data = self.data.clone();
        data.insert("notificationId".to_owned(), Value::String(id.to_owned()));
        Notification {
            user: user.clone(),
            kind: self.kind.clone(),
            words: self.wording.words(locale, &data),
            priority: self.priority,
            data,
            look: self.look.clone(),
            created_at: now,
        }
    }

    /// The row of this notification, which has the content in the user's language, with number `n`.
    pub(super) fn row(&self, key: &Key, n: i64, notification: &Notification, day: LastDay) -> NotificationRow {
        NotificationRow {
            sk: key.sk.clone(),
            n,
            r#type: self.kind.name().to_owned(),
            title: Some(notification.words.title.clone()),
            message: notification.words.body.clone(),
            data: Value::Object(self.data.clone()).to_string(),
            priority: self.priority.name().to_owned(),
            push: self.look.clone(),
            created_at: notification.created_at,
            expires_at: day.expires_at(),
            read_at: None,
        }
    }

    /// Checks the size of a push that has a look. The result is the same for every recipient. A notification without a look may have more
    /// data than a push holds: then the app alone gets it.
    ///
    /// # Errors
    /// 400 for a message over FCM's limit even without the body.
    fn must_fit_a_push(&self) -> Result<(), ApiError> {
        if self.look.is_default() {
            return Ok(());
        }
        let fits = |locale| fcm_message::message(&self.largest_push(locale), Some(SOME_BADGE)).map(drop);
        Locale::ALL
            .into_iter()
            .try_for_each(fits)
            .map_err(|error| ApiError::field("push", format!("does not fit: {error}")))
    }

    fn largest_push(&self, locale: Locale) -> Push {
        let nobody = UserId::parse("x").expect("one letter is an id");
        let terms = PushTerms { even_if_connected: false, tag: SOME_TAG.to_owned(), quiet_hours: None };
        self.notification(&nobody, SOME_ID, locale, Millis::epoch()).push(terms)
    }
}

/// The field of the data with the sender's id.
pub(super) const SENDER_ID: &str = "senderId";

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

    /// The notification of this sender's change for a user. `change` names the change, so that it is created once.
    pub(crate) fn notifies<const FIELDS: usize>(
        &self,
        user: &UserId,
        kind: NotificationKind,
        more: [(&str, Value); FIELDS],
        change: &str,
    ) -> Notify {
        let more = more.into_iter().map(|(field, value)| (field.to_owned(), value));
        let data = self.data().into_iter().chain(more).collect();
        let (r#type, id) = (kind.name().to_owned(), change.to_owned());
        Notify { user: user.clone(), r#type, data, id, while_state: None }
    }
}

/// Where a notification's title and sentence come from.
#[derive(Debug, Clone)]
enum Wording {
    /// The type, and the sender in place of either.
    OfType(NotificationKind, Option<Line>, Option<Text>),
    /// The sender: an own type has no words.
    OfSender(Words),
}

impl Wording {
    /// # Errors
    /// 400 for a text that is invalid, or missing for an own type.
    fn of(kind: &NotificationType, title: Option<&str>, body: Option<&str>) -> Result<Self, ApiError> {
        let own = Words::own(title, body)?;
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

//! A notification, and how it is delivered.

use serde_json::{Map, Value};

use super::row::NotificationRow;
use super::{NotificationType, Preferences, Priority, Words};
use crate::contract::facts::Fact;
use crate::contract::id::UserId;
use crate::contract::notifications::NotificationNew;
use crate::contract::sockets::{DashboardNotification, Namespace};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::outbox::{Committed, Delivery, Emit, OfRow, Push, PushLook, PushTerms};
use crate::table::key::NOTIFICATION;
use crate::table::{self, Item, Key};
use crate::users::locale::Locale;

/// The names of its deliveries in rows.
const EVENT: &str = "event";
const DASHBOARD: &str = "dashboard";
const PUSH: &str = "push";
const FACT: &str = "fact";

/// The content of a notification.
#[derive(Debug, Clone)]
pub struct Notification {
    /// The recipient.
    pub user: UserId,
    pub kind: NotificationType,
    /// Title and sentence, in the user's language.
    pub words: Words,
    pub priority: Priority,
    /// Its subject, and `notificationId`.
    pub data: Map<String, Value>,
    /// How its push looks.
    pub look: PushLook,
    pub created_at: Millis,
}

impl Notification {
    /// `notification:new`
    #[must_use]
    pub fn event(&self) -> NotificationNew {
        NotificationNew {
            user: self.user.clone(),
            r#type: self.kind.name().to_owned(),
            message: self.words.body.clone(),
            data: self.data.clone(),
        }
    }

    /// `notification`, for the user's dashboards.
    #[must_use]
    pub fn dashboard(&self) -> DashboardNotification {
        DashboardNotification {
            title: self.words.title.clone(),
            body: self.words.body.clone(),
            r#type: self.kind.name().to_owned(),
            priority: self.priority.name().to_owned(),
            data: self.data.clone(),
            timestamp: self.created_at.iso(),
        }
    }

    /// The notification in a row with this key; `None` for a key of another form.
    pub(super) fn of_row(key: &Key, row: &NotificationRow) -> Option<Self> {
        let kind = NotificationType::of_row(&row.r#type);
        let user = UserId::parse(key.pk.split_once('#')?.1).ok()?;
        let mut data: Map<String, Value> = serde_json::from_str(&row.data).unwrap_or_default();
        data.insert("notificationId".to_owned(), Value::String(key.sk.strip_prefix(NOTIFICATION)?.to_owned()));
        let title = row.title.clone().unwrap_or_else(|| title_of(&kind, &data));
        let words = Words { title, body: row.message.clone() };
        let priority = if row.priority == Priority::High.name() { Priority::High } else { Priority::Normal };
        let look = row.push.clone();
        Some(Self { user, kind, words, priority, data, look, created_at: row.created_at })
    }

    pub(super) fn push(&self, terms: PushTerms) -> Push {
        let PushTerms { even_if_connected, tag, quiet_hours } = terms;
        Push {
            user: self.user.clone(),
            r#type: self.kind.name().to_owned(),
            title: self.words.title.clone(),
            body: self.words.body.clone(),
            data: self.data.clone(),
            look: self.look.clone(),
            high: self.priority == Priority::High,
            even_if_connected,
            tag,
            quiet_hours,
            devices: None,
        }
    }

    /// A push with this tag, as the user's preferences have it.
    fn push_terms(&self, tag: String, preferences: &Preferences) -> PushTerms {
        let even_if_connected =
            self.priority == Priority::High || preferences.push_while_connected || !preferences.of(&self.kind).in_app;
        PushTerms { even_if_connected, tag, quiet_hours: preferences.quiet_hours.clone().map(Into::into) }
    }

    /// The deliveries that the user's preferences ask for, and the fact. `tag` is the tag of the push; without it, there is no push.
    #[must_use]
    pub fn deliveries(&self, preferences: &Preferences, tag: Option<String>) -> Vec<Delivery> {
        let in_app = preferences.of(&self.kind).in_app.then(|| [self.to_pusher(), self.to_dashboards()]);
        let push = tag.map(|tag| Delivery::Push(Box::new(self.push(self.push_terms(tag, preferences)))));
        in_app.into_iter().flatten().chain(push).chain([self.fact()]).collect()
    }

    fn fact(&self) -> Delivery {
        let id = self.data.get("notificationId").and_then(Value::as_str).unwrap_or_default();
        Delivery::fact(Fact::NotificationCreated {
            notification_id: id.to_owned(),
            user_id: self.user.clone(),
            notification_type: self.kind.name().to_owned(),
        })
    }

    fn to_pusher(&self) -> Delivery {
        Delivery::event(&self.event())
    }

    fn to_dashboards(&self) -> Delivery {
        Emit::to_user(Namespace::Dashboard, &self.user, &self.dashboard()).into()
    }

    /// The name of a delivery by which its row stores it, if it says no more than the row.
    pub(super) fn name_of(&self, delivery: &Delivery) -> Option<OfRow> {
        let short = match delivery {
            Delivery::Pusher(_) => OfRow::named(EVENT),
            Delivery::Socket(_) => OfRow::named(DASHBOARD),
            Delivery::Fact { .. } => OfRow::named(FACT),
            Delivery::Push(push) => {
                let Push { even_if_connected, tag, quiet_hours, .. } = push.as_ref().clone();
                OfRow { push: Some(PushTerms { even_if_connected, tag, quiet_hours }), ..OfRow::named(PUSH) }
            }
            _ => return None,
        };
        (self.by_name(&short).as_ref() == Some(delivery)).then_some(short)
    }

    fn by_name(&self, short: &OfRow) -> Option<Delivery> {
        match short.name.as_str() {
            EVENT => Some(self.to_pusher()),
            DASHBOARD => Some(self.to_dashboards()),
            FACT => Some(self.fact()),
            PUSH => Some(Delivery::Push(Box::new(self.push(short.push.clone()?)))),
            _ => None,
        }
    }
}

/// The title for a row that has none. Only rows from before there were titles have none, so none of an own type.
fn title_of(kind: &NotificationType, data: &Map<String, Value>) -> Line {
    match kind {
        NotificationType::BuiltIn(kind) => Words::of(*kind, Locale::default(), data).title,
        NotificationType::Own(_) => Line::default(),
    }
}

/// Builds the deliveries that the row of a notification has by name.
pub(crate) fn make_whole(committed: &mut Committed, row: &Item) {
    if !committed.has_short() {
        return;
    }
    let row = table::read::<NotificationRow>(row.clone()).ok();
    let notification = row.and_then(|row| Notification::of_row(&committed.key, &row));
    committed.make_whole(|short| notification.as_ref()?.by_name(short));
}

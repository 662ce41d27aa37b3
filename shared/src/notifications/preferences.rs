//! How a user wants to be notified: in which ways for each type, in which language, and when not.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{NotificationKind, NotificationType};
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::quiet_hours::QuietHoursText;
use crate::table::{Action, Item, Key, Table, TableError, Update, Write, absent, read};
use crate::users::locale::Locale;
use crate::users::quiet_hours::QuietHours;

/// Most own types for which a user has preferences: their row is read for every notification. With names of 64 characters, they take
/// 12 KB of it.
const MAX_OWN_TYPES: usize = 100;

/// A user's preferences. The default is every way of delivery, in the language of the token that last registered a
/// device, or else in English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Preferences {
    /// The language of titles and sentences.
    pub locale: Option<Locale>,
    /// When no pushes are sent.
    pub quiet_hours: Option<QuietHours>,
    /// Whether pushes are sent although a client of the user's is connected, as one in a forgotten tab is.
    pub push_while_connected: bool,
    /// The types for which the user has set preferences.
    pub types: BTreeMap<NotificationType, DeliveryPreferences>,
}

/// Preferences as clients see them: with every built-in type, the own ones that the user has set, and the language.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WholePreferences {
    locale: Locale,
    quiet_hours: Option<QuietHours>,
    push_while_connected: bool,
    types: BTreeMap<NotificationType, DeliveryPreferences>,
}

/// Preferences as their row stores them. Own types are apart: a version from before there were any reads `types` strictly. A type of a
/// later version is skipped in either.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stored {
    locale: Option<Locale>,
    quiet_hours: Option<QuietHours>,
    push_while_connected: bool,
    #[serde(deserialize_with = "known")]
    types: BTreeMap<NotificationType, DeliveryPreferences>,
    #[serde(deserialize_with = "known", skip_serializing_if = "BTreeMap::is_empty")]
    own_types: BTreeMap<NotificationType, DeliveryPreferences>,
}

/// The types of a stored map that this version can read. A way that it cannot read is on, as one that is not there.
fn known<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<NotificationType, DeliveryPreferences>, D::Error> {
    let stored = BTreeMap::<String, Value>::deserialize(from)?;
    let ways = |stored: &Value| {
        let is_on = |way: &str| stored.get(way).and_then(Value::as_bool).unwrap_or(true);
        DeliveryPreferences { in_app: is_on("inApp"), push: is_on("push"), email: is_on("email") }
    };
    let parsed = stored.into_iter().filter_map(|(name, stored)| {
        Some((NotificationType::parse(name).ok()?, ways(&stored))).filter(|_| stored.is_object())
    });
    Ok(parsed.collect())
}

impl From<Stored> for Preferences {
    fn from(stored: Stored) -> Self {
        let Stored { locale, quiet_hours, push_while_connected, mut types, own_types } = stored;
        types.extend(own_types);
        Self { locale, quiet_hours, push_while_connected, types }
    }
}

impl From<Preferences> for Stored {
    fn from(preferences: Preferences) -> Self {
        let Preferences { locale, quiet_hours, push_while_connected, types } = preferences;
        let (own_types, types) = types.into_iter().partition(|(kind, _)| kind.is_own());
        Self { locale, quiet_hours, push_while_connected, types, own_types }
    }
}

/// How notifications of a type are delivered. They are stored in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeliveryPreferences {
    /// `notification:new`
    pub in_app: bool,
    /// Pushes to the user's devices.
    pub push: bool,
    /// `MESSAGE`: e-mails about messages of a lease's or a guest's chat. The other types are for the back ends that send e-mail.
    pub email: bool,
}

impl Default for DeliveryPreferences {
    fn default() -> Self {
        Self { in_app: true, push: true, email: true }
    }
}

/// Preferences as a user sends them. Stored ones are read more leniently: a newer version may have written them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPreferences {
    locale: Option<Locale>,
    quiet_hours: Option<NewQuietHours>,
    #[serde(default)]
    push_while_connected: bool,
    #[serde(default)]
    types: BTreeMap<NotificationType, NewDeliveryPreferences>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewQuietHours {
    from: String,
    to: String,
    time_zone: String,
}

/// A way that is left out is on.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewDeliveryPreferences {
    #[serde(default = "on")]
    in_app: bool,
    #[serde(default = "on")]
    push: bool,
    #[serde(default = "on")]
    email: bool,
}

fn on() -> bool {
    true
}

impl NewPreferences {
    /// Checks them.
    ///
    /// # Errors
    /// 400 for invalid quiet hours or too many own types.
    fn checked(self) -> Result<Preferences, ApiError> {
        let written =
            |hours: NewQuietHours| QuietHoursText { from: hours.from, to: hours.to, time_zone: hours.time_zone };
        let quiet_hours = self.quiet_hours.map(|hours| QuietHours::try_from(written(hours))).transpose();
        let quiet_hours = quiet_hours.map_err(|invalid| ApiError::Malformed(invalid.to_string()))?;
        let own = self.types.keys().filter(|kind| kind.is_own()).count();
        if own > MAX_OWN_TYPES {
            let rule =
                format!("has {own} types of your own: send at most {MAX_OWN_TYPES}, without those that are all on");
            return Err(ApiError::field("types", rule));
        }
        let types = self.types.into_iter().map(|(kind, ways)| (kind, ways.into())).collect();
        let push_while_connected = self.push_while_connected;
        Ok(Preferences { locale: self.locale, quiet_hours, push_while_connected, types })
    }
}

impl From<NewDeliveryPreferences> for DeliveryPreferences {
    fn from(NewDeliveryPreferences { in_app, push, email }: NewDeliveryPreferences) -> Self {
        Self { in_app, push, email }
    }
}

#[derive(Deserialize)]
struct Row {
    saved: Option<String>,
}

impl Preferences {
    /// How one type is delivered.
    #[must_use]
    pub fn of(&self, kind: &NotificationType) -> DeliveryPreferences {
        self.types.get(kind).copied().unwrap_or_default()
    }

    /// As clients see them.
    #[must_use]
    pub fn whole(self) -> WholePreferences {
        let Self { locale, quiet_hours, push_while_connected, mut types } = self;
        for kind in NotificationKind::ALL {
            types.entry(kind.into()).or_default();
        }
        WholePreferences { locale: locale.unwrap_or_default(), quiet_hours, push_while_connected, types }
    }

    /// Reads the row, if there is one.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when it holds no preferences.
    pub fn of_row(row: Option<Item>) -> Result<Self, TableError> {
        let claimed = row.as_ref().and_then(|row| row.get("claimed_locale")).and_then(crate::table::text);
        let claimed = claimed.map(Locale::of_tag);
        let mut preferences = saved(row)?;
        preferences.locale = preferences.locale.or(claimed);
        Ok(preferences)
    }
}

/// The saved preferences, without the language of their token.
pub(super) fn saved(row: Option<Item>) -> Result<Preferences, TableError> {
    let Some(row) = row else {
        return Ok(Preferences::default());
    };
    let key = Key::of(&row);
    let Row { saved } = read(row)?;
    let saved = saved.map(|text| serde_json::from_str(&text)).transpose();
    Ok(saved.map_err(|error| TableError::corrupt(key, error))?.unwrap_or_default())
}

/// The stored text with e-mail about messages on or off. The rest stays, and so does what a later version stored.
///
/// # Errors
/// When the text is not a JSON object.
pub(super) fn with_email(saved: Option<&str>, on: bool) -> serde_json::Result<String> {
    let mut saved: Map<String, Value> = saved.map(serde_json::from_str).transpose()?.unwrap_or_default();
    let types = object(saved.entry("types").or_insert(Value::Null));
    let message = object(types.entry(NotificationKind::Message.name()).or_insert(Value::Null));
    message.insert("email".to_owned(), Value::Bool(on));
    serde_json::to_string(&saved)
}

/// The object in a value, which becomes an empty one if it is another.
fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it is an object since the line above")
}

/// A user's preferences.
pub async fn preferences(table: &Table, user: &UserId) -> Result<Preferences, TableError> {
    Preferences::of_row(table.get(&Key::preferences(user), true).await?)
}

/// Replaces a user's preferences; returns those that are now in effect.
///
/// # Errors
/// 400 for invalid quiet hours or too many own types, 500 when DynamoDB fails.
pub async fn save_preferences(table: &Table, user: &UserId, new: NewPreferences) -> Result<Preferences, ApiError> {
    let update = saving(user, new)?;
    let (Write::Done(row) | Write::ConditionFailed(row)) = table.write(update.returning_new()).await?;
    Ok(Preferences::of_row(row)?)
}

/// The write of preferences from another system's data, unless the user has saved some here.
///
/// # Errors
/// 400 for invalid quiet hours or too many own types.
pub(crate) fn imported_preferences(user: &UserId, new: NewPreferences) -> Result<Action, ApiError> {
    Ok(saving(user, new)?.when(absent("saved")).into())
}

fn saving(user: &UserId, new: NewPreferences) -> Result<Update, ApiError> {
    let text = serde_json::to_string(&new.checked()?).expect("preferences are strings and booleans");
    Ok(Update::new(&Key::preferences(user)).set("saved", text))
}

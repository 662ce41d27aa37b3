//! How a user wants to be notified: in which ways for each type, in which language, and when not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::NotificationKind;
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::quiet_hours::QuietHoursText;
use crate::table::{Item, Key, Table, TableError, Update, Write, read};
use crate::users::locale::Locale;
use crate::users::quiet_hours::QuietHours;

/// A user's preferences. The default is every way of delivery, in the language of the token that last registered a
/// device, or else in English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Preferences {
    /// The language of titles and sentences.
    pub locale: Option<Locale>,
    /// When no pushes are sent.
    pub quiet_hours: Option<QuietHours>,
    /// Whether pushes are sent although a client of the user's is connected, as one in a forgotten tab is.
    pub push_while_connected: bool,
    /// The types for which the user has set preferences.
    pub types: BTreeMap<NotificationKind, DeliveryPreferences>,
}

/// How notifications of a type are delivered. They are stored in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeliveryPreferences {
    /// `notification:new`
    pub in_app: bool,
    /// Pushes to the user's devices.
    pub push: bool,
    /// `MESSAGE`: e-mails about a lease's messages. The other types are for the back ends that send e-mail.
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
    types: BTreeMap<NotificationKind, NewDeliveryPreferences>,
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
    /// 400 for invalid quiet hours.
    fn checked(self) -> Result<Preferences, ApiError> {
        let written =
            |hours: NewQuietHours| QuietHoursText { from: hours.from, to: hours.to, time_zone: hours.time_zone };
        let quiet_hours = self.quiet_hours.map(|hours| QuietHours::try_from(written(hours))).transpose();
        let quiet_hours = quiet_hours.map_err(|invalid| ApiError::Malformed(invalid.to_string()))?;
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
    pub fn of(&self, kind: NotificationKind) -> DeliveryPreferences {
        self.types.get(&kind).copied().unwrap_or_default()
    }

    /// With every type and the language filled in, as clients see them.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.types = NotificationKind::ALL.map(|kind| (kind, self.of(kind))).into();
        self.locale = Some(self.locale.unwrap_or_default());
        self
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

/// A user's preferences.
pub async fn preferences(table: &Table, user: &UserId) -> Result<Preferences, TableError> {
    Preferences::of_row(table.get(&Key::preferences(user), true).await?)
}

/// Replaces a user's preferences; returns those that are now in effect.
///
/// # Errors
/// 400 for invalid quiet hours, 500 when DynamoDB fails.
pub async fn save_preferences(table: &Table, user: &UserId, new: NewPreferences) -> Result<Preferences, ApiError> {
    let text = serde_json::to_string(&new.checked()?).expect("preferences are strings and booleans");
    let update = Update::new(&Key::preferences(user)).set("saved", text);
    let (Write::Done(row) | Write::ConditionFailed(row)) = table.write(update.returning_new()).await?;
    Ok(Preferences::of_row(row)?)
}

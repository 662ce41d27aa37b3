//! How a user wants to be notified: in which ways for each type, in which language, and when not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::contract::id::UserId;
use crate::table::{Action, Item, Key, Table, TableError, Write, read, string};
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
    /// The types for which the user has set preferences.
    pub types: BTreeMap<Kind, DeliveryPreferences>,
}

/// How notifications of a type are delivered. They are stored in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeliveryPreferences {
    /// `notification:new`
    pub in_app: bool,
    /// Pushes to the user's devices.
    pub push: bool,
    /// Not used by Carillon; for the back ends that send e-mail.
    pub email: bool,
}

impl Default for DeliveryPreferences {
    fn default() -> Self {
        Self { in_app: true, push: true, email: true }
    }
}

#[derive(Deserialize)]
struct Row {
    saved: Option<String>,
    claimed_locale: Option<String>,
}

impl Preferences {
    /// How one type is delivered.
    #[must_use]
    pub fn of(&self, kind: Kind) -> DeliveryPreferences {
        self.types.get(&kind).copied().unwrap_or_default()
    }

    /// With every type and the language filled in, as clients see them.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.types = Kind::ALL.map(|kind| (kind, self.of(kind))).into();
        self.locale = Some(self.locale.unwrap_or_default());
        self
    }

    /// Reads the row, if there is one.
    pub(super) fn of_row(row: Option<Item>) -> Result<Self, TableError> {
        let Some(row) = row else {
            return Ok(Self::default());
        };
        let key = Key::of(&row);
        let Row { saved, claimed_locale } = read(row)?;
        let saved = saved.map(|text| serde_json::from_str::<Self>(&text)).transpose();
        let mut preferences = saved.map_err(|error| TableError::corrupt(key, error))?.unwrap_or_default();
        preferences.locale = preferences.locale.or(claimed_locale.as_deref().map(Locale::of_tag));
        Ok(preferences)
    }
}

/// A user's preferences.
///
/// # Errors
/// When DynamoDB fails or the row cannot be read.
pub async fn preferences(table: &Table, user: &UserId) -> Result<Preferences, TableError> {
    Preferences::of_row(table.get(&Key::preferences(user), true).await?)
}

/// Replaces a user's preferences; returns those that are now in effect.
///
/// # Errors
/// When DynamoDB fails.
pub async fn save_preferences(
    table: &Table,
    user: &UserId,
    preferences: &Preferences,
) -> Result<Preferences, TableError> {
    let text = serde_json::to_string(preferences).expect("preferences are strings and booleans");
    let update = Action::update(&Key::preferences(user), "SET saved = :saved").value(":saved", string(text));
    let (Write::Done(row) | Write::ConditionFailed(row)) = table.write(update.returning_new()).await?;
    Preferences::of_row(row)
}

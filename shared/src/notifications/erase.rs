//! Taking a user who is erased out of somebody else's notification.

use serde_json::{Map, Value};

use super::row::NotificationRow;
use super::{Kind, Words};
use crate::contract::id::UserId;
use crate::contract::text::{Line, Text};
use crate::table::{self, Action, Item, Key, Table, TableError, string};
use crate::users::locale::Locale;

/// In place of the user's name in a sender's own text.
const ERASED: &str = "…";

/// Takes a user out of a notification: what its data says of them goes, and its text no longer names them. Returns whether they
/// were in it.
///
/// # Errors
/// When DynamoDB fails or the row cannot be read.
pub(crate) async fn erase_from(
    table: &Table,
    key: &Key,
    row: Item,
    user: &UserId,
    name: Option<&str>,
) -> Result<bool, TableError> {
    let row: NotificationRow = table::read(row)?;
    let before: Map<String, Value> = serde_json::from_str(&row.data).unwrap_or_default();
    let erased = Erased { user, name };
    let data = erased.without(&before);
    let message = erased.reworded(&row, &before, &data);
    let blanked = |title: &Line| Line::cleaned(&erased.blanked(title.as_str()), usize::MAX).unwrap_or_default();
    let title = row.title.as_ref().map(blanked);
    if data == before && message == row.message && title == row.title {
        return Ok(false);
    }
    let set = if title.is_some() { ", title = :title" } else { "" };
    let mut update = Action::update(key, format!("SET #data = :data, message = :message{set}"))
        .condition("attribute_exists(pk)")
        .name("#data", "data")
        .value(":data", string(Value::Object(data).to_string()))
        .value(":message", string(message.as_str()));
    if let Some(title) = title {
        update = update.value(":title", string(title.as_str()));
    }
    table.write(update).await?;
    Ok(true)
}

/// The user who is erased.
struct Erased<'a> {
    user: &'a UserId,
    /// Their name, where it is known.
    name: Option<&'a str>,
}

impl Erased<'_> {
    /// Whether a text is the user's id, an id that begins with it (`{senderId}:{id}`), or their name.
    fn is_named_by(&self, text: &str) -> bool {
        let rest = text.strip_prefix(self.user.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':')) || self.name == Some(text)
    }

    /// The data without what it says of the user: with `senderId`, all of `sender…` goes; with `userId`, all of its object.
    fn without(&self, data: &Map<String, Value>) -> Map<String, Value> {
        let names = |value: &Value| value.as_str().is_some_and(|text| self.is_named_by(text));
        let about = |key: &str| key.strip_suffix("Id").filter(|about| !about.is_empty()).map(str::to_owned);
        let gone: Vec<String> =
            data.iter().filter(|(_, value)| names(value)).filter_map(|(key, _)| about(key)).collect();
        let stays =
            |key: &str, value: &Value| !names(value) && !gone.iter().any(|about| key.starts_with(about.as_str()));
        let kept = data.iter().filter(|(key, value)| stays(key, value));
        kept.filter_map(|(key, value)| Some((key.clone(), self.cleaned(value)?))).collect()
    }

    fn cleaned(&self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) => (!self.is_named_by(text)).then(|| value.clone()),
            Value::Array(values) => Some(values.iter().filter_map(|value| self.cleaned(value)).collect()),
            Value::Object(object) => {
                let is_person = ["userId", "id"]
                    .iter()
                    .any(|key| object.get(*key).and_then(Value::as_str).is_some_and(|text| self.is_named_by(text)));
                (!is_person).then(|| Value::Object(self.without(object)))
            }
            other => Some(other.clone()),
        }
    }

    /// The sentence: that of the type, made from what is left of the data; or a sender's own, without the user's name.
    fn reworded(&self, row: &NotificationRow, before: &Map<String, Value>, data: &Map<String, Value>) -> Text {
        let kind = Kind::named(&row.r#type);
        let of_type = kind.into_iter().flat_map(|kind| [Locale::En, Locale::Fr].map(|locale| (kind, locale)));
        let mut of_type = of_type.filter(|(kind, locale)| Words::of(*kind, *locale, before).body == row.message);
        match of_type.next() {
            Some((kind, locale)) => Words::of(kind, locale, data).body,
            None => Text::cleaned(&self.blanked(row.message.as_str()), usize::MAX).unwrap_or_default(),
        }
    }

    fn blanked(&self, text: &str) -> String {
        match self.name {
            Some(name) if !name.is_empty() => text.replace(name, ERASED),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_data_says_of_a_user_goes_and_what_it_says_of_others_stays() {
        let user = UserId::parse("ada").unwrap();
        let erased = Erased { user: &user, name: Some("Ada Lovelace") };
        let data = json!({
            "senderId": "ada", "senderName": "A. L.", "senderAvatar": "a.png", "messageId": "ada:000000000001-ff",
            "fromUser": { "userId": "ada", "displayName": "A. L." }, "author": "Ada Lovelace",
            "invitedBy": { "id": "ada-2", "username": "Ada the second" }, "partyName": "Tide", "to": ["ada", "ben"]
        });
        let left = json!({
            "invitedBy": { "id": "ada-2", "username": "Ada the second" }, "partyName": "Tide", "to": ["ben"]
        });
        assert_eq!(Value::Object(erased.without(data.as_object().unwrap())), left);
    }
}

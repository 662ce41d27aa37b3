//! Taking a user who is erased out of somebody else's notification.

use std::ops::ControlFlow::{Break, Continue};

use serde_json::{Map, Value};

use super::row::NotificationRow;
use super::{Kind, Notification, Priority, Words};
use crate::contract::id::UserId;
use crate::contract::sockets::Namespace;
use crate::contract::text::{Line, Text};
use crate::outbox::{Append, Committed, Delivery, Emit, Push};
use crate::table::key::NOTIFICATION;
use crate::table::{self, Item, Key, Table, TableError, Write, eq, retry_from};
use crate::users::locale::Locale;

/// In place of the user's name in a sender's own text.
const ERASED: &str = "…";
/// The shortest name that is looked for in texts, and the shortest id that is looked for in any field of the data, in characters. A
/// shorter one is more often something else.
const SHORTEST: usize = 3;

/// Takes a user out of a notification whose data names their id: what its data says of them goes, its text no longer names them, and
/// what it still owes says no more than it does. Any other notification stays as it is, whatever words are in it. Returns whether
/// they were in it.
///
/// # Errors
/// When DynamoDB fails, the row cannot be read, or others keep changing it.
pub(crate) async fn erase_from(
    table: &Table,
    key: &Key,
    row: Item,
    user: &UserId,
    name: Option<&str>,
) -> Result<bool, TableError> {
    let erased = &Erased::new(user, name);
    retry_from(row, |row| async move {
        // Most rows are of others, and then it does not matter whether they can be read.
        let data = row.get("data").and_then(table::text);
        if !data.is_some_and(|data| data.contains(user.as_str())) {
            return Ok(Break(false));
        }
        let earlier = Committed::of_row(&row);
        let row: NotificationRow = table::read(row)?;
        let before: Map<String, Value> = serde_json::from_str(&row.data).unwrap_or_default();
        if !erased.is_in(&before) {
            return Ok(Break(false));
        }
        let data = erased.data(&row.r#type, &before);
        let (title, message) = erased.reworded(&row, &before, &data);
        let now = notification(key, &row, title.as_ref(), &message, &data);
        let append = Append::rewriting(key.clone(), earlier, |pending| rewritten(pending, now.as_ref()?));
        let update = append.update().set("data", Value::Object(data).to_string()).set("message", message.as_str());
        let update = title.iter().fold(update, |update, title| update.set("title", title));
        Ok(match table.write(update.when(eq("data", &row.data))).await? {
            Write::Done(_) => Break(true),
            Write::ConditionFailed(None) => Break(false),
            Write::ConditionFailed(Some(now)) => Continue(now),
        })
    })
    .await
}

/// The notification as it is left; `None` for a row of a type that there is no more.
fn notification(
    key: &Key,
    row: &NotificationRow,
    title: Option<&Line>,
    message: &Text,
    data: &Map<String, Value>,
) -> Option<Notification> {
    let kind = Kind::named(&row.r#type)?;
    let user = UserId::parse(key.pk.split_once('#')?.1).ok()?;
    let mut data = data.clone();
    data.insert("notificationId".to_owned(), Value::String(key.sk.strip_prefix(NOTIFICATION)?.to_owned()));
    let title = title.cloned().unwrap_or_else(|| Words::of(kind, Locale::default(), &data).title);
    let words = Words { title, body: message.clone() };
    let priority = if row.priority == Priority::High.name() { Priority::High } else { Priority::Normal };
    Some(Notification { user, kind, words, priority, data, created_at: row.created_at })
}

/// A delivery that a notification still owes, with the text and the data that are left; `None` for one that no notification owes.
fn rewritten(pending: &Delivery, now: &Notification) -> Option<Delivery> {
    match pending {
        Delivery::Pusher(_) => Some(Delivery::event(&now.event())),
        Delivery::Socket(emit) => {
            let say = Emit::to_user(Namespace::Dashboard, &now.user, &now.dashboard()).say;
            Some(Emit { say, ..emit.as_ref().clone() }.into())
        }
        Delivery::Push(push) => {
            let (title, body, data) = (now.words.title.clone(), now.words.body.clone(), now.data.clone());
            Some(Delivery::Push(Box::new(Push { title, body, data, ..push.as_ref().clone() })))
        }
        _ => None,
    }
}

/// The user who is erased.
struct Erased<'a> {
    user: &'a UserId,
    /// Their name, where it is known and long enough.
    name: Option<&'a str>,
}

impl<'a> Erased<'a> {
    fn new(user: &'a UserId, name: Option<&'a str>) -> Self {
        Self { user, name: name.filter(|name| name.chars().count() >= SHORTEST) }
    }

    /// Whether a text in this field is the user's id, or that of a message of theirs (`{senderId}:{id}`).
    fn is_id(&self, field: &str, text: &str) -> bool {
        let is_of_message = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        match text.strip_prefix(self.user.as_str()) {
            Some("") => {
                let is_field_of_ids = ["id", "ids"].contains(&field) || field.ends_with("Id") || field.ends_with("Ids");
                is_field_of_ids || text.chars().count() >= SHORTEST
            }
            Some(rest) => rest.strip_prefix(':').is_some_and(is_of_message),
            None => false,
        }
    }

    fn is_named_by(&self, field: &str, value: &Value) -> bool {
        value.as_str().is_some_and(|text| self.is_id(field, text) || self.name == Some(text))
    }

    /// Whether the data names the user's id.
    fn is_in(&self, data: &Map<String, Value>) -> bool {
        let by_id = Erased { user: self.user, name: None };
        by_id.without(data) != *data
    }

    /// The data that is left. An announcement has its text in there.
    fn data(&self, kind: &str, before: &Map<String, Value>) -> Map<String, Value> {
        let mut data = self.without(before);
        if kind == Kind::System.name() {
            for field in ["title", "message"] {
                if let Some(Value::String(text)) = data.get_mut(field) {
                    *text = self.blanked(text);
                }
            }
        }
        data
    }

    /// The data without what it says of the user: with `senderId`, all of `sender…` goes; with `userId`, all of its object.
    fn without(&self, data: &Map<String, Value>) -> Map<String, Value> {
        let names = |field: &str, value: &Value| self.is_named_by(field, value);
        let about = |field: &str| field.strip_suffix("Id").filter(|about| !about.is_empty()).map(str::to_owned);
        let named = data.iter().filter(|(field, value)| names(field, value));
        let gone: Vec<String> = named.filter_map(|(field, _)| about(field)).collect();
        let is_gone = |field: &str| gone.iter().any(|about| is_about(field, about));
        let kept = data.iter().filter(|(field, value)| !names(field, value) && !is_gone(field));
        kept.filter_map(|(field, value)| Some((field.clone(), self.cleaned(field, value)?))).collect()
    }

    fn cleaned(&self, field: &str, value: &Value) -> Option<Value> {
        match value {
            Value::String(_) => (!self.is_named_by(field, value)).then(|| value.clone()),
            Value::Array(values) => Some(values.iter().filter_map(|value| self.cleaned(field, value)).collect()),
            Value::Object(object) => {
                let is_theirs = |id: &&str| object.get(*id).is_some_and(|value| self.is_named_by(id, value));
                let is_person = ["userId", "id"].iter().any(is_theirs);
                (!is_person).then(|| Value::Object(self.without(object)))
            }
            other => Some(other.clone()),
        }
    }

    /// The title and the sentence: those of the type, made from what is left of the data; or a sender's own, without the user's name.
    fn reworded(
        &self,
        row: &NotificationRow,
        before: &Map<String, Value>,
        data: &Map<String, Value>,
    ) -> (Option<Line>, Text) {
        let of = |kind, locale| (Words::of(kind, locale, before), Words::of(kind, locale, data));
        let kind = Kind::named(&row.r#type);
        let of_type = kind.into_iter().flat_map(|kind| [Locale::En, Locale::Fr].map(|locale| of(kind, locale)));
        let of_type: Vec<(Words, Words)> = of_type.collect();
        let title = row.title.as_ref().map(|title| match of_type.iter().find(|(was, _)| was.title == *title) {
            Some((_, left)) => left.title.clone(),
            None => Line::cleaned(&self.blanked(title.as_str()), usize::MAX).unwrap_or_default(),
        });
        let message = match of_type.into_iter().find(|(was, _)| was.body == row.message) {
            Some((_, left)) => left.body,
            None => Text::cleaned(&self.blanked(row.message.as_str()), usize::MAX).unwrap_or_default(),
        };
        (title, message)
    }

    /// The text without the user's name, where that is a word of its own.
    fn blanked(&self, text: &str) -> String {
        let Some(name) = self.name else {
            return text.to_owned();
        };
        let is_of_word = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let mut left = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(name) {
            let last = before.chars().next_back().or_else(|| left.chars().next_back());
            let is_word = !is_of_word(last) && !is_of_word(after.chars().next());
            left.push_str(before);
            left.push_str(if is_word { ERASED } else { name });
            rest = after;
        }
        left.push_str(rest);
        left
    }
}

/// Whether a field belongs to this prefix: `senderName` and `sender_name` to `sender`, `username` to `user`, and `sending` to neither.
fn is_about(field: &str, about: &str) -> bool {
    field.strip_prefix(about).is_some_and(|rest| {
        let begins_a_word = rest.chars().next().is_none_or(|c| c.is_uppercase() || c == '_');
        begins_a_word || rest == "name"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_data_loses_the_user_and_keeps_others() {
        let user = UserId::parse("ada").unwrap();
        let erased = Erased::new(&user, Some("Ada Lovelace"));
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

    #[test]
    fn a_text_that_only_looks_like_the_users_id_or_name_stays() {
        let user = UserId::parse("e").unwrap();
        let erased = Erased::new(&user, Some("o"));
        let data = json!({ "grade": "e", "initial": "o", "link": "e://example.com", "senderId": "eve" });
        assert!(!erased.is_in(data.as_object().unwrap()), "{data}");
        let data = json!({ "seId": "e", "seName": "o", "section": "two", "toIds": ["e", "ben"] });
        assert_eq!(
            Value::Object(erased.without(data.as_object().unwrap())),
            json!({ "section": "two", "toIds": ["ben"] })
        );
        assert_eq!(erased.blanked("o no"), "o no", "too short to be looked for");
        let erased = Erased::new(&user, Some("Ann"));
        assert_eq!(erased.blanked("Ann, Anna, AnnAnn and Joann; Ann"), "…, Anna, AnnAnn and Joann; …");
    }

    #[test]
    fn a_pending_delivery_keeps_its_recipient_and_says_the_new_text() {
        let key = Key { pk: "USER#ben".to_owned(), sk: format!("{NOTIFICATION}000000000001-ff") };
        let row = NotificationRow {
            sk: key.sk.clone(),
            n: 1,
            r#type: "MESSAGE".to_owned(),
            title: None,
            message: Text::default(),
            data: "{}".to_owned(),
            priority: "high".to_owned(),
            created_at: crate::contract::time::Millis(1),
            expires_at: 1,
            read_at: None,
        };
        let message = Text::parse("Someone sent you a message", 100).unwrap();
        let left = notification(&key, &row, None, &message, &Map::new()).unwrap();
        let push = json!({ "user": "ben", "type": "MESSAGE", "title": "Ada", "body": "Ada sent", "data": { "senderId": "ada" },
            "high": true, "evenIfConnected": true, "tag": "t", "devices": ["d1"] });
        let Some(Delivery::Push(push)) = rewritten(&Delivery::Push(serde_json::from_value(push).unwrap()), &left)
        else {
            panic!("a push stays a push");
        };
        assert_eq!((push.title.as_str(), push.body.as_str()), ("New Message", "Someone sent you a message"));
        assert_eq!(Value::Object(push.data), json!({ "notificationId": "000000000001-ff" }));
        assert_eq!((push.tag.as_str(), push.devices), ("t", Some(vec!["d1".to_owned()])));
        assert_eq!(rewritten(&Delivery::Unreadable { text: "Ada".to_owned() }, &left), None);
    }
}

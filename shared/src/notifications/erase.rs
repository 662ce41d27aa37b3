//! Taking a user who is erased out of somebody else's notification.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::ControlFlow::{Break, Continue};

use serde_json::{Map, Value};

use super::row::NotificationRow;
use super::{Notification, NotificationKind, Words};
use crate::contract::id::UserId;
use crate::contract::sockets::Namespace;
use crate::contract::text::{Line, Text};
use crate::outbox::{Append, Committed, Delivery, Emit, Push, PushLook};
use crate::table::{self, AttributeValue, IMPORTED, Item, Key, Table, TableError, Write, eq, retry_from};
use crate::users::locale::Locale;

/// In place of the user's name in a sender's own text.
const ERASED: &str = "…";
/// The shortest name that is looked for in texts, and the shortest id that is looked for in any field of the data, in characters. A
/// shorter one is more often something else.
const SHORTEST: usize = 3;
/// The part of a path before a user's id.
const PEOPLE: [&str; 7] = ["user", "users", "member", "members", "people", "profile", "profiles"];

/// Takes a user out of a notification whose data names their id, or whose push links to them: what its data says of them and the
/// addresses of its push go, its text no longer names them, and what it still owes says no more than it does. Any other notification stays as it is, whatever words are in it. Returns whether
/// they were in it.
///
/// # Errors
/// When DynamoDB fails, the row cannot be read, or others keep changing it.
pub(crate) async fn erase_from(
    table: &Table,
    key: &Key,
    row: Item,
    person: &ErasedUser<'_>,
) -> Result<bool, TableError> {
    retry_from(row, |row| async move {
        // Most rows are of others, and then it does not matter whether they can be read.
        let (_, id) = person.booking.unwrap_or(("", person.id.as_str()));
        let has_id = |value: &AttributeValue| table::text(value).is_some_and(|text| text.contains(id));
        let push = row.get("push").and_then(|push| push.as_m().ok());
        if !row.get("data").into_iter().chain(push.into_iter().flat_map(Item::values)).any(has_id) {
            return Ok(Break(false));
        }
        let earlier = Committed::of_row(&row);
        let row: NotificationRow = table::read(row)?;
        let before: Map<String, Value> = serde_json::from_str(&row.data).unwrap_or_default();
        let Some(erased) = Erased::of(person, &before, &row.push) else {
            return Ok(Break(false));
        };
        let data = erased.without(&before);
        let (title, message) = erased.reworded(&row, &before, &data);
        let data = Value::Object(data).to_string();
        // A picture may show them, and a link may lead to them, whatever the address says.
        let push = row.push.without_addresses();
        let left =
            NotificationRow { title: title.clone(), message: message.clone(), data: data.clone(), push, ..row.clone() };
        let now = Notification::of_row(key, &left);
        let append = Append::rewriting(key.clone(), earlier, |pending| rewritten(pending, now.as_ref()?));
        let update = append.update().set("data", &data).set("message", message.as_str()).remove(IMPORTED);
        let update = title.iter().fold(update, |update, title| update.set("title", title));
        let update = row.push.addresses().fold(update, |update, (name, _)| update.remove(("push", name)));
        Ok(match table.write(update.when(eq("data", &row.data))).await? {
            Write::Done(_) => Break(true),
            Write::ConditionFailed(None) => Break(false),
            Write::ConditionFailed(Some(now)) => Continue(now),
        })
    })
    .await
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
            let look = now.look.clone();
            Some(Delivery::Push(Box::new(Push { title, body, data, look, ..push.as_ref().clone() })))
        }
        Delivery::Fact { .. } => Some(pending.clone()),
        // By its name it says what the row then says.
        named if named.name().is_some() => Some(named.clone()),
        _ => None,
    }
}

/// A user who is erased.
pub(crate) struct ErasedUser<'a> {
    pub(crate) id: &'a UserId,
    /// Every name that they are known to have had.
    pub(crate) names: Vec<&'a str>,
    /// A guest's hotel and booking, which name the guest together.
    pub(crate) booking: Option<(&'a str, &'a str)>,
}

/// A user who is in the data of a notification.
struct Erased<'a> {
    person: &'a ErasedUser<'a>,
    /// Their names, those in the data among them, longest first.
    names: BTreeSet<(Reverse<usize>, String)>,
}

impl<'a> Erased<'a> {
    /// `None` where the data does not name the user's id, and no address of the push leads to them.
    fn of(person: &'a ErasedUser<'_>, data: &Map<String, Value>, push: &PushLook) -> Option<Self> {
        let mut erased = Self { person, names: BTreeSet::new() };
        let is_linked = push.addresses().any(|(_, address)| erased.is_linked_in(address.as_str()));
        if erased.without(data) == *data && !is_linked {
            return None;
        }
        let mut names: Vec<_> = person.names.iter().map(|name| (*name).to_owned()).collect();
        erased.names_in(data, &mut names);
        let names = names.into_iter().map(|name| (Reverse(name.chars().count()), name));
        erased.names = names.filter(|(Reverse(length), _)| *length >= SHORTEST).collect();
        Some(erased)
    }

    /// Whether a text in this field is the user's id, that of a message of theirs (`{senderId}:{id}`), or a link to them.
    fn is_id(&self, field: &str, text: &str) -> bool {
        let is_of_message = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        match text.strip_prefix(self.person.id.as_str()) {
            Some("") => is_field_of_ids(field) || text.chars().count() >= SHORTEST,
            Some(rest) => rest.strip_prefix(':').is_some_and(is_of_message),
            None => self.is_linked_in(text),
        }
    }

    /// Whether a text is an address or a path to the user, such as `/users/ada` or `https://example.com/members/ada?tab=1`.
    fn is_linked_in(&self, text: &str) -> bool {
        let id = |part: &str| part.split(['?', '#']).next() == Some(self.person.id.as_str());
        text.split('/').zip(text.split('/').skip(1)).any(|(of, part)| PEOPLE.contains(&of) && id(part))
    }

    fn is_named_by(&self, field: &str, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_id(field, text) || self.names.iter().any(|(_, name)| name == text),
            Value::Number(number) => is_field_of_ids(field) && number.to_string() == self.person.id.as_str(),
            _ => false,
        }
    }

    /// Whether the fields name the user: by one of them, or a guest by hotel and booking.
    fn is_named_in(&self, field: &str, value: &Value, data: &Map<String, Value>) -> bool {
        let is = |field: &str, text: &str| data.get(field).and_then(Value::as_str) == Some(text);
        let is_guests = self.person.booking.is_some_and(|(hotel, booking)| match field {
            "bookingId" => value == booking && is("hotelSlug", hotel),
            "conversationId" => *value == format!("{hotel}/{booking}"),
            _ => false,
        });
        is_guests || self.is_named_by(field, value)
    }

    /// Prefixes of the fields that go with the user: `sender` for `senderId`.
    fn subjects(&self, data: &Map<String, Value>) -> Vec<String> {
        let named = data.iter().filter(|(field, value)| self.is_named_in(field, value, data));
        let about = |field: &str| field.strip_suffix("Id").filter(|about| !about.is_empty()).map(str::to_owned);
        let mut subjects: Vec<_> = named.filter_map(|(field, _)| about(field)).collect();
        // A version before named no sender where a guest wrote.
        if self.person.booking.is_some()
            && subjects.iter().any(|it| it == "conversation")
            && !data.contains_key("senderId")
        {
            subjects.push("sender".to_owned());
        }
        subjects
    }

    /// The data without what it says of the user: with `senderId`, all of `sender…` goes; with `userId`, all of its object. No other
    /// text names them.
    fn without(&self, data: &Map<String, Value>) -> Map<String, Value> {
        let subjects = self.subjects(data);
        let is_gone = |field: &str, value: &Value| {
            self.is_named_in(field, value, data) || subjects.iter().any(|about| is_about(field, about))
        };
        let kept = data.iter().filter(|(field, value)| !is_gone(field, value));
        kept.filter_map(|(field, value)| Some((field.clone(), self.cleaned(field, value)?))).collect()
    }

    fn cleaned(&self, field: &str, value: &Value) -> Option<Value> {
        match value {
            value if self.is_named_by(field, value) => None,
            Value::String(text) => Some(Value::String(self.blanked(text))),
            Value::Array(values) => Some(values.iter().filter_map(|value| self.cleaned(field, value)).collect()),
            Value::Object(object) if self.is_person(object) => None,
            Value::Object(object) => {
                let mut left = self.without(object);
                left.retain(|key, _| !self.is_key(field, key));
                Some(Value::Object(left))
            }
            other => Some(other.clone()),
        }
    }

    fn is_person(&self, object: &Map<String, Value>) -> bool {
        ["userId", "id"].iter().any(|id| object.get(*id).is_some_and(|value| self.is_named_by(id, value)))
    }

    /// Whether a key of the object in this field is the user's id, as in `"reactions": {"ada": …}`. A word in another object is
    /// the name of a field.
    fn is_key(&self, field: &str, key: &str) -> bool {
        let is_map = field.ends_with('s')
            || field.ends_with("By")
            || key.contains(|c: char| c.is_ascii_digit() || "-@.".contains(c));
        key == self.person.id.as_str() && key.chars().count() >= SHORTEST && is_map
    }

    /// The names that the data has for the user.
    fn names_in(&self, data: &Map<String, Value>, names: &mut Vec<String>) {
        let (subjects, is_person) = (self.subjects(data), self.is_person(data));
        for (field, value) in data {
            let is_name = field.to_lowercase().ends_with("name");
            let is_theirs = is_person || subjects.iter().any(|about| is_about(field, about));
            match value {
                Value::String(name) if is_name && is_theirs => names.push(name.clone()),
                Value::Object(object) => self.names_in(object, names),
                Value::Array(values) => {
                    values.iter().filter_map(Value::as_object).for_each(|it| self.names_in(it, names))
                }
                _ => {}
            }
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
        let kind = NotificationKind::named(&row.r#type);
        let of_type = kind.into_iter().flat_map(|kind| Locale::ALL.map(|locale| of(kind, locale)));
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

    /// The text without the user's names, where they are words of their own.
    fn blanked(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (_, name)| blanked(&text, name))
    }
}

fn blanked(text: &str, name: &str) -> String {
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

/// Whether a field of this name holds ids.
fn is_field_of_ids(field: &str) -> bool {
    ["id", "ids"].contains(&field) || field.ends_with("Id") || field.ends_with("Ids")
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

    fn named<'a>(id: &'a UserId, names: &[&'a str]) -> ErasedUser<'a> {
        ErasedUser { id, names: names.to_vec(), booking: None }
    }

    /// The remaining data; `None` where the user is not in it.
    fn left(person: &ErasedUser<'_>, data: &Value) -> Option<Value> {
        let data = data.as_object().unwrap();
        Erased::of(person, data, &PushLook::default()).map(|erased| Value::Object(erased.without(data)))
    }

    #[test]
    fn the_data_loses_the_user_and_keeps_others() {
        let user = UserId::parse("ada").unwrap();
        let person = named(&user, &["Ada Lovelace"]);
        let data = json!({
            "senderId": "ada", "senderName": "A. L.", "senderAvatar": "a.png", "messageId": "ada:000000000001-ff",
            "fromUser": { "userId": "ada", "displayName": "A. L." }, "author": "Ada Lovelace",
            "invitedBy": { "id": "ada-2", "username": "Ada the second" }, "partyName": "Tide", "to": ["ada", "ben"]
        });
        let expected = json!({
            "invitedBy": { "id": "ada-2", "username": "Ada the second" }, "partyName": "Tide", "to": ["ben"]
        });
        assert_eq!(left(&person, &data), Some(expected));
    }

    #[test]
    fn an_id_is_found_as_a_number_as_a_key_and_in_a_link() {
        let user = UserId::parse("777123").unwrap();
        let data = json!({
            "senderId": 777123, "senderName": "Num Name", "senderAvatar": "https://example.com/n.png", "amount": 777123,
            "memberIds": [777123, 9], "link": "/users/777123", "page": "https://example.com/members/777123?tab=1",
            "reactions": { "777123": { "name": "Num Name" }, "9": { "name": "Nine" } }, "order": "/orders/777123"
        });
        let expected = json!({
            "amount": 777123, "memberIds": [9], "reactions": { "9": { "name": "Nine" } }, "order": "/orders/777123"
        });
        assert_eq!(left(&named(&user, &[]), &data), Some(expected));
        for alone in
            [json!({ "senderId": 777123 }), json!({ "votes": { "777123": 1 } }), json!({ "link": "/users/777123" })]
        {
            assert!(left(&named(&user, &[]), &alone).is_some(), "{alone}");
        }
        let user = UserId::parse("status").unwrap();
        let data = json!({ "status": "done", "project": { "status": "done" }, "link": "https://status/users/9" });
        assert_eq!(left(&named(&user, &[]), &data), None, "a field's name");
    }

    #[test]
    fn a_text_that_only_looks_like_the_users_id_or_name_stays() {
        let user = UserId::parse("e").unwrap();
        let person = named(&user, &["o"]);
        let data = json!({ "grade": "e", "initial": "o", "link": "e://example.com", "senderId": "eve" });
        assert_eq!(left(&person, &data), None, "{data}");
        let data = json!({ "seId": "e", "seName": "o", "section": "two", "toIds": ["e", "ben"] });
        assert_eq!(left(&person, &data), Some(json!({ "section": "two", "toIds": ["ben"] })));
        let data = json!({ "toId": "e", "text": "o no" });
        assert_eq!(left(&person, &data), Some(json!({ "text": "o no" })), "too short to be looked for");
        assert_eq!(blanked("Ann, Anna, AnnAnn and Joann; Ann", "Ann"), "…, Anna, AnnAnn and Joann; …");
    }

    #[test]
    fn a_pending_delivery_keeps_its_recipient_and_says_the_new_text() {
        let key = Key { pk: "USER#ben".to_owned(), sk: "NOTIFICATION#000000000001-ff".to_owned() };
        let row = NotificationRow {
            sk: key.sk.clone(),
            n: 1,
            r#type: "MESSAGE".to_owned(),
            title: None,
            message: Text::parse("Someone sent you a message", 100).unwrap(),
            data: "{}".to_owned(),
            priority: "high".to_owned(),
            push: PushLook::default(),
            created_at: crate::contract::time::Millis(1),
            expires_at: 1,
            read_at: None,
        };
        let left = Notification::of_row(&key, &row).unwrap();
        let push = json!({ "user": "ben", "type": "MESSAGE", "title": "Ada", "body": "Ada sent", "data": { "senderId": "ada" },
            "look": { "image": "https://cdn.example/ada.png", "silent": true },
            "high": true, "evenIfConnected": true, "tag": "t", "devices": ["d1"] });
        let Some(Delivery::Push(push)) = rewritten(&Delivery::Push(serde_json::from_value(push).unwrap()), &left)
        else {
            panic!("a push stays a push");
        };
        assert_eq!((push.title.as_str(), push.body.as_str()), ("New Message", "Someone sent you a message"));
        assert_eq!(Value::Object(push.data), json!({ "notificationId": "000000000001-ff" }));
        assert_eq!((push.tag.as_str(), push.devices), ("t", Some(vec!["d1".to_owned()])));
        assert!(push.look.is_default(), "as the row has it");
        assert_eq!(rewritten(&Delivery::Unreadable { text: "Ada".to_owned() }, &left), None);
    }
}

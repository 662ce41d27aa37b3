//! A push in FCM's words (`projects.messages` of the HTTP v1 API).

use serde_json::{Map, Value, json};

use crate::device::Token;
use crate::push::Push;

/// Most bytes of a message (FCM, "About FCM messages"). FCM counts keys and values; here the whole JSON counts, but for the
/// device's token, which is never less.
const MAX_BYTES: usize = 4096;
/// What ends a body that was cut.
const ELLIPSIS: &str = "…";

/// A message for any device.
#[derive(Debug, Clone, PartialEq)]
pub struct Message(Map<String, Value>);

/// The data alone is more than FCM takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message would have {bytes} bytes without a body, and FCM takes {MAX_BYTES}; send less data")]
pub struct TooLarge {
    bytes: usize,
}

impl Message {
    /// The message of a push, its body cut to fit.
    ///
    /// # Errors
    /// [`TooLarge`] when even without a body it would not fit: data is never dropped.
    pub fn of(push: &Push) -> Result<Self, TooLarge> {
        let whole = Self::with_body(push, &push.body);
        if whole.bytes() <= MAX_BYTES {
            return Ok(whole);
        }
        let bytes = Self::with_body(push, "").bytes();
        let mut room = MAX_BYTES.checked_sub(bytes).ok_or(TooLarge { bytes })?.saturating_sub(ELLIPSIS.len());
        let fits = |character: &char| {
            let written = json!(character).to_string().len() - 2;
            let fits = written <= room;
            room = room.saturating_sub(written);
            fits
        };
        let cut: String = push.body.chars().take_while(fits).collect();
        let cut = if cut.is_empty() { cut } else { format!("{}{ELLIPSIS}", cut.trim_end()) };
        Ok(Self::with_body(push, &cut))
    }

    fn with_body(push: &Push, body: &str) -> Self {
        let Push { title, tag, .. } = push;
        let message = json!({
            "notification": { "title": title, "body": body },
            "data": data(push),
            "android": {
                "priority": if push.high { "HIGH" } else { "NORMAL" },
                "collapse_key": tag,
                "notification": { "tag": tag },
            },
            "apns": {
                "headers": { "apns-priority": if push.high { "10" } else { "5" }, "apns-collapse-id": tag },
            },
            "webpush": {
                "headers": { "Urgency": if push.high { "high" } else { "normal" }, "Topic": tag },
                "notification": { "tag": tag },
            },
        });
        let Value::Object(message) = message else { unreachable!("it is written as an object above") };
        Self(message)
    }

    fn bytes(&self) -> usize {
        serde_json::to_string(&self.0).map_or(usize::MAX, |text| text.len())
    }

    /// The request's body for one device.
    #[must_use]
    pub fn to(&self, token: &Token) -> String {
        let mut message = self.0.clone();
        message.insert("token".to_owned(), json!(token.as_str()));
        json!({ "message": message }).to_string()
    }
}

/// FCM's `data` maps strings to strings: text stays as it is, anything else becomes JSON. The names that FCM keeps for itself
/// and our own `type` are given as `data.…`, so that nothing is lost.
fn data(push: &Push) -> Map<String, Value> {
    let named = push.data.iter().map(|(name, value)| {
        let name = if is_reserved(name) { format!("data.{name}") } else { name.clone() };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name, Value::String(text))
    });
    let mut data: Map<String, Value> = named.collect();
    data.insert("type".to_owned(), json!(push.r#type));
    data
}

fn is_reserved(name: &str) -> bool {
    matches!(name, "from" | "notification" | "message_type" | "collapse_key" | "type")
        || name.starts_with("google")
        || name.starts_with("gcm")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;
    use proptest::prelude::*;

    fn push(body: &str, data: Value) -> Push {
        Push {
            user: UserId::parse("ada").unwrap(),
            r#type: "MESSAGE".to_owned(),
            title: "New Message".to_owned(),
            body: body.to_owned(),
            data: data.as_object().unwrap().clone(),
            high: false,
            even_if_connected: false,
            tag: "0123456789abcdef0123456789abcdef".to_owned(),
            quiet_hours: None,
            devices: None,
        }
    }

    fn sent(push: &Push) -> Value {
        let token = Token::parse("token-1".to_owned()).unwrap();
        serde_json::from_str(&Message::of(push).unwrap().to(&token)).unwrap()
    }

    #[test]
    fn data_is_text_by_name_and_nothing_of_it_is_lost() {
        let given =
            json!({ "senderId": "ben", "n": 7, "list": [1], "none": null, "from": "ben", "type": "x", "gcm.a": "y" });
        let sent = sent(&push("Hi", given));
        let expected = json!({ "type": "MESSAGE", "senderId": "ben", "n": "7", "list": "[1]", "none": "null",
            "data.from": "ben", "data.type": "x", "data.gcm.a": "y" });
        assert_eq!(sent["message"]["data"], expected);
        assert_eq!(sent["message"]["token"], "token-1");
        assert_eq!(sent["message"]["android"]["collapse_key"], sent["message"]["android"]["notification"]["tag"]);
    }

    #[test]
    fn data_that_leaves_no_room_is_said_and_not_dropped() {
        let error = Message::of(&push("Hi", json!({ "x": "y".repeat(4_000) }))).unwrap_err();
        assert!(error.to_string().contains("4096"), "{error}");
    }

    proptest! {
        #[test]
        fn a_message_fits_by_its_body_alone(body in any::<String>(), long in 0_usize..5_000, data in 0_usize..3_300) {
            let body = body.chars().cycle().take(if body.is_empty() { 0 } else { long }).collect::<String>();
            let push = push(&body, json!({ "x": "y".repeat(data) }));
            let message = Message::of(&push).unwrap();
            prop_assert!(message.bytes() <= MAX_BYTES);
            prop_assert_eq!(message.0["data"]["x"].as_str().unwrap().len(), data);
            let told = message.0["notification"]["body"].as_str().unwrap();
            prop_assert!(told == body || told.is_empty() || body.starts_with(told.strip_suffix(ELLIPSIS).unwrap()));
            // Cut no more than need be: one character of at most six bytes (escaped) and trimmed white space aside.
            if told != body && !told.trim_end_matches(ELLIPSIS).is_empty() && !body.contains(char::is_whitespace) {
                prop_assert!(message.bytes() + 12 > MAX_BYTES, "{}", message.bytes());
            }
        }
    }
}

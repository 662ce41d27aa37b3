//! A push in FCM's words.

use serde_json::{Map, Value, json};

use crate::clients::fcm::{FcmMessage, MAX_MESSAGE_BYTES};
use crate::contract::text::cut_by;
use crate::outbox::Push;

/// The end of a body that was cut.
const ELLIPSIS: &str = "…";

/// The data alone is more than FCM takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message would have {bytes} bytes without a body, and FCM takes {MAX_MESSAGE_BYTES}; send less data")]
pub(super) struct TooLarge {
    bytes: usize,
}

/// The message of a push, its body cut to fit.
///
/// # Errors
/// [`TooLarge`] when even without a body it would not fit: data is never dropped.
pub(super) fn message(push: &Push) -> Result<FcmMessage, TooLarge> {
    let whole = with_body(push, push.body.as_str());
    if whole.bytes() <= MAX_MESSAGE_BYTES {
        return Ok(whole);
    }
    let bytes = with_body(push, "").bytes();
    let room = MAX_MESSAGE_BYTES.checked_sub(bytes).ok_or(TooLarge { bytes })?.saturating_sub(ELLIPSIS.len());
    let cut = cut_by(push.body.as_str(), room, |grapheme| json!(grapheme).to_string().len() - 2);
    let cut = if cut.is_empty() { String::new() } else { format!("{}{ELLIPSIS}", cut.trim_end()) };
    Ok(with_body(push, &cut))
}

/// Pushes of one tag replace each other where they are shown. On Android that is `notification.tag` alone, without a
/// `collapse_key`: FCM keeps the messages of four collapse keys for a device that is offline, and loses all others (Firebase,
/// "Non-collapsible and collapsible messages"). APNs (`apns-collapse-id`) and Web Push (`Topic`, RFC 8030, section 5.4)
/// have no such limit.
fn with_body(push: &Push, body: &str) -> FcmMessage {
    let Push { title, tag, .. } = push;
    let fields = [
        ("notification", json!({ "title": title, "body": body })),
        ("data", Value::Object(data(push))),
        (
            "android",
            json!({
                "priority": if push.high { "HIGH" } else { "NORMAL" },
                "notification": { "tag": tag },
            }),
        ),
        (
            "apns",
            json!({ "headers": { "apns-priority": if push.high { "10" } else { "5" }, "apns-collapse-id": tag } }),
        ),
        (
            "webpush",
            json!({
                "headers": { "Urgency": if push.high { "high" } else { "normal" }, "Topic": tag },
                "notification": { "tag": tag },
            }),
        ),
    ];
    FcmMessage::new(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
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
    use crate::clients::fcm::DeviceToken;
    use crate::contract::id::UserId;
    use crate::contract::text::{Line, Text};
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation as _;

    fn push(body: &str, data: Value) -> Push {
        Push {
            user: UserId::parse("ada").unwrap(),
            r#type: "MESSAGE".to_owned(),
            title: Line::parse("New Message", 100).unwrap(),
            body: Text::cleaned(body, 10_000).unwrap_or_default(),
            data: data.as_object().unwrap().clone(),
            high: false,
            even_if_connected: false,
            tag: "0123456789abcdef0123456789abcdef".to_owned(),
            quiet_hours: None,
            devices: None,
        }
    }

    fn written(message: &FcmMessage) -> Value {
        let token = DeviceToken::parse("token-1".to_owned()).unwrap();
        serde_json::from_str::<Value>(&message.to(&token)).unwrap()["message"].take()
    }

    fn sent(push: &Push) -> Value {
        written(&message(push).unwrap())
    }

    #[test]
    fn data_is_text_by_name_and_nothing_of_it_is_lost() {
        let given =
            json!({ "senderId": "ben", "n": 7, "list": [1], "none": null, "from": "ben", "type": "x", "gcm.a": "y" });
        let sent = sent(&push("Hi", given));
        let expected = json!({ "type": "MESSAGE", "senderId": "ben", "n": "7", "list": "[1]", "none": "null",
            "data.from": "ben", "data.type": "x", "data.gcm.a": "y" });
        assert_eq!(sent["data"], expected);
        assert_eq!(sent["token"], "token-1");
    }

    #[test]
    fn data_that_leaves_no_room_is_said_and_not_dropped() {
        let error = message(&push("Hi", json!({ "x": "y".repeat(4_000) }))).unwrap_err();
        assert!(error.to_string().contains("4096"), "{error}");
    }

    proptest! {
        #[test]
        fn a_message_fits_by_its_body_alone(body in any::<String>(), long in 0_usize..5_000, data in 0_usize..3_300) {
            let body = body.chars().cycle().take(if body.is_empty() { 0 } else { long }).collect::<String>();
            let push = push(&body, json!({ "x": "y".repeat(data) }));
            let body = push.body.as_str();
            let message = message(&push).unwrap();
            let sent = written(&message);
            prop_assert!(message.bytes() <= MAX_MESSAGE_BYTES);
            prop_assert_eq!(sent["data"]["x"].as_str().unwrap().len(), data);
            let told = sent["notification"]["body"].as_str().unwrap();
            prop_assert!(told == body || told.is_empty() || body.starts_with(told.strip_suffix(ELLIPSIS).unwrap()));
            // Cut no more than need be, and between graphemes: there is no room for the next one.
            let kept = told.strip_suffix(ELLIPSIS).unwrap_or(told);
            if told != body && !kept.is_empty() && !body.contains(char::is_whitespace) {
                let next = body[kept.len()..].graphemes(true).next().unwrap_or_default();
                prop_assert!(message.bytes() + json!(next).to_string().len() - 2 > MAX_MESSAGE_BYTES, "{}", message.bytes());
                prop_assert!(body.grapheme_indices(true).any(|(at, _)| at == kept.len()) || kept.graphemes(true).count() == 1);
            }
        }
    }
}

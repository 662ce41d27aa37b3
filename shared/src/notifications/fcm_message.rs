//! A push in FCM's words.

use serde_json::{Map, Value, json};

use crate::clients::fcm::{FcmMessage, MAX_MESSAGE_BYTES};
use crate::contract::text::cut_by;
use crate::outbox::{Push, PushLook};

/// The end of a body that was cut.
const ELLIPSIS: &str = "…";

/// The message is more than FCM takes, whatever its body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the message would have {bytes} bytes without a body, and FCM takes {MAX_MESSAGE_BYTES}; send less data or shorter addresses"
)]
pub(crate) struct TooLarge {
    bytes: usize,
}

/// The message of a push, its body cut to fit. `badge` is the number on the app's icon on iOS; `None` leaves it as it is.
///
/// # Errors
/// [`TooLarge`] when even without a body it would not fit: data and addresses are never dropped.
pub(crate) fn message(push: &Push, badge: Option<i64>) -> Result<FcmMessage, TooLarge> {
    let whole = with_body(push, badge, push.body.as_str());
    if whole.bytes() <= MAX_MESSAGE_BYTES {
        return Ok(whole);
    }
    let bytes = with_body(push, badge, "").bytes();
    let room = MAX_MESSAGE_BYTES.checked_sub(bytes).ok_or(TooLarge { bytes })?.saturating_sub(ELLIPSIS.len());
    let cut = cut_by(push.body.as_str(), room, |grapheme| json!(grapheme).to_string().len() - 2);
    let cut = if cut.is_empty() { String::new() } else { format!("{}{ELLIPSIS}", cut.trim_end()) };
    Ok(with_body(push, badge, &cut))
}

/// The message that sets the number on the app's icon on iOS, and shows and plays nothing. A later one replaces it.
pub(crate) fn badge_message(badge: i64) -> FcmMessage {
    let headers = json!({ "apns-priority": "5", "apns-collapse-id": "badge" });
    FcmMessage::new(object([("apns", json!({ "headers": headers, "payload": { "aps": { "badge": badge } } }))]))
}

/// One message for all platforms (FCM, REST resource `projects.messages`): each device reads its own part and the common one.
fn with_body(push: &Push, badge: Option<i64>, body: &str) -> FcmMessage {
    let image = push.look.image.as_ref().map(|image| ("image", json!(image)));
    let words = [("title", json!(push.title)), ("body", json!(body))];
    FcmMessage::new(object([
        ("notification", Value::Object(object(words.into_iter().chain(image)))),
        ("data", Value::Object(data(push))),
        ("android", android(push)),
        ("apns", apns(push, badge)),
        ("webpush", webpush(push)),
    ]))
}

/// `AndroidConfig`. Pushes of one tag replace each other where they are shown. On Android that is `notification.tag` alone, without a
/// `collapse_key`: FCM keeps the messages of four collapse keys for a device that is offline, and loses all others (Firebase,
/// "Non-collapsible and collapsible messages"). APNs (`apns-collapse-id`) and Web Push (`Topic`, RFC 8030, section 5.4)
/// have no such limit.
///
/// From Android 8 on, the channel of the notification decides about its sound. The image is that of the common part.
///
/// Without an `icon`: it would be the name of a drawable of the app, and the manifest names one already. Without a
/// `notification_count`: launchers add up the counts of what they show, so the unread notifications would count once for each push.
fn android(push: &Push) -> Value {
    let action = push.look.click_action.as_ref().map(|action| ("click_action", json!(action)));
    let shown = [("tag", json!(push.tag))].into_iter().chain(sound(push)).chain(action);
    json!({ "priority": if push.high { "HIGH" } else { "NORMAL" }, "notification": object(shown) })
}

/// `ApnsConfig`. FCM adds title and body to `aps` (Apple, "Generating a remote notification"). An app that shows images has an
/// extension, which runs with `mutable-content`, and Firebase's helper takes the image from `fcm_options` (Firebase, "Send an image in
/// the notification payload").
fn apns(push: &Push, badge: Option<i64>) -> Value {
    let PushLook { image, click_action, .. } = &push.look;
    let badge = badge.map(|badge| ("badge", json!(badge)));
    let category = click_action.as_ref().map(|action| ("category", json!(action)));
    let is_changed = image.as_ref().map(|_| ("mutable-content", json!(1)));
    let aps = object(sound(push).into_iter().chain(badge).chain(category).chain(is_changed));
    let headers = json!({ "apns-priority": if push.high { "10" } else { "5" }, "apns-collapse-id": push.tag });
    let payload = (!aps.is_empty()).then(|| ("payload", json!({ "aps": aps })));
    let options = image.as_ref().map(|image| ("fcm_options", json!({ "image": image })));
    Value::Object(object([("headers", headers)].into_iter().chain(payload).chain(options)))
}

/// `WebpushConfig`. `notification` has the options of a browser's `Notification` (MDN, "Notification() constructor"), which cannot
/// choose a sound, only be silent. `fcm_options.link` must be `https` (`WebpushFcmOptions`).
fn webpush(push: &Push) -> Value {
    let PushLook { image, icon, link, silent, .. } = &push.look;
    let icon = icon.as_ref().map(|icon| ("icon", json!(icon)));
    let image = image.as_ref().map(|image| ("image", json!(image)));
    let silent = silent.then(|| ("silent", json!(true)));
    let shown = [("tag", json!(push.tag))].into_iter().chain(icon).chain(image).chain(silent);
    let headers = json!({ "Urgency": if push.high { "high" } else { "normal" }, "Topic": push.tag });
    let fields = [("headers", headers), ("notification", Value::Object(object(shown)))];
    let options = link.as_ref().map(|link| ("fcm_options", json!({ "link": link })));
    Value::Object(object(fields.into_iter().chain(options)))
}

/// The device's usual sound, which Android and iOS play only if a message names it.
fn sound(push: &Push) -> Option<(&'static str, Value)> {
    (!push.look.silent).then(|| ("sound", json!("default")))
}

fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// FCM's `data` maps strings to strings: text stays as it is, anything else becomes JSON. It also has the `type`, and the `link`, which
/// FCM itself opens in browsers alone. The names that FCM keeps for itself and those two are given as `data.…`, so that nothing is lost.
fn data(push: &Push) -> Map<String, Value> {
    let link = push.look.link.as_ref();
    let named = push.data.iter().map(|(name, value)| {
        let is_taken = is_reserved(name) || (name == "link" && link.is_some());
        let name = if is_taken { format!("data.{name}") } else { name.clone() };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name, Value::String(text))
    });
    let mut data: Map<String, Value> = named.collect();
    data.insert("type".to_owned(), json!(push.r#type));
    data.extend(link.map(|link| ("link".to_owned(), json!(link))));
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
            look: PushLook::default(),
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
        written(&message(push, Some(3)).unwrap())
    }

    fn look(fields: Value) -> PushLook {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn a_push_sounds_as_usual_and_looks_as_the_app_does() {
        let sent = sent(&push("Hi", json!({})));
        let tag = "0123456789abcdef0123456789abcdef";
        let expected = json!({
            "token": "token-1",
            "notification": { "title": "New Message", "body": "Hi" },
            "data": { "type": "MESSAGE" },
            "android": { "priority": "NORMAL", "notification": { "tag": tag, "sound": "default" } },
            "apns": {
                "headers": { "apns-priority": "5", "apns-collapse-id": tag },
                "payload": { "aps": { "sound": "default", "badge": 3 } },
            },
            "webpush": { "headers": { "Urgency": "normal", "Topic": tag }, "notification": { "tag": tag } },
        });
        assert_eq!(sent, expected);
    }

    #[test]
    fn each_platform_gets_its_part_of_a_look() {
        let (image, icon) = ("https://cdn.example/parcel.jpg", "https://cdn.example/icon.png");
        let link = "https://app.example/orders/7";
        let look = look(json!({ "image": image, "icon": icon, "link": link, "clickAction": "OPEN_ORDER" }));
        let sent = sent(&Push { look, ..push("Hi", json!({ "orderId": 7 })) });
        let tag = "0123456789abcdef0123456789abcdef";
        assert_eq!(sent["notification"], json!({ "title": "New Message", "body": "Hi", "image": image }));
        assert_eq!(sent["data"], json!({ "type": "MESSAGE", "orderId": "7", "link": link }));
        let android = json!({ "tag": tag, "sound": "default", "click_action": "OPEN_ORDER" });
        assert_eq!(sent["android"]["notification"], android);
        let aps = json!({ "sound": "default", "badge": 3, "category": "OPEN_ORDER", "mutable-content": 1 });
        assert_eq!(sent["apns"]["payload"], json!({ "aps": aps }));
        assert_eq!(sent["apns"]["fcm_options"], json!({ "image": image }));
        assert_eq!(sent["webpush"]["notification"], json!({ "tag": tag, "icon": icon, "image": image }));
        assert_eq!(sent["webpush"]["fcm_options"], json!({ "link": link }));
    }

    #[test]
    fn a_silent_push_names_no_sound_and_keeps_the_badge() {
        let push = Push { look: look(json!({ "silent": true })), ..push("Hi", json!({})) };
        let sent = sent(&push);
        assert_eq!(sent["android"]["notification"], json!({ "tag": push.tag }));
        assert_eq!(sent["apns"]["payload"], json!({ "aps": { "badge": 3 } }));
        assert_eq!(sent["webpush"]["notification"], json!({ "tag": push.tag, "silent": true }));
        let without_badge = written(&message(&push, None).unwrap());
        assert_eq!(without_badge["apns"].get("payload"), None, "nothing to say to iOS");
    }

    #[test]
    fn the_links_name_in_the_data_is_taken_only_where_there_is_a_link() {
        let given = json!({ "link": "of the app" });
        assert_eq!(sent(&push("Hi", given.clone()))["data"]["link"], "of the app");
        let look = look(json!({ "link": "https://app.example/" }));
        let sent = sent(&Push { look, ..push("Hi", given) });
        assert_eq!(sent["data"]["link"], "https://app.example/");
        assert_eq!(sent["data"]["data.link"], "of the app");
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
        let error = message(&push("Hi", json!({ "x": "y".repeat(4_000) })), None).unwrap_err();
        assert!(error.to_string().contains("4096"), "{error}");
    }

    #[test]
    fn addresses_leave_less_room_to_the_body_and_are_never_cut() {
        let image = format!("https://cdn.example/{}", "x".repeat(480));
        let look = look(json!({ "image": image }));
        let push = Push { look, ..push(&"é".repeat(500), json!({ "x": "y".repeat(1_600) })) };
        let sent = sent(&push);
        assert!(sent["notification"]["body"].as_str().unwrap().ends_with("é…"));
        assert_eq!(sent["notification"]["image"], image);
        let push = Push { data: json!({ "x": "y".repeat(2_300) }).as_object().unwrap().clone(), ..push };
        assert!(message(&push, None).is_err());
    }

    proptest! {
        #[test]
        fn a_message_fits_by_its_body_alone(body in any::<String>(), long in 0_usize..5_000, data in 0_usize..3_300) {
            let body = body.chars().cycle().take(if body.is_empty() { 0 } else { long }).collect::<String>();
            let push = push(&body, json!({ "x": "y".repeat(data) }));
            let body = push.body.as_str();
            let message = message(&push, Some(12_345)).unwrap();
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

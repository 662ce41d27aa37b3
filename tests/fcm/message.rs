//! Whether FCM would take a message.

use serde_json::Value;

/// FCM's limit for a message, in bytes.
const MAX_BYTES: usize = 4096;

/// The fields of a message and of its parts that FCM knows (FCM, REST resource `projects.messages`). It refuses any other name.
/// `apns.payload`, `webpush.notification` and the maps of strings are free.
const FIELDS: &[(&str, &[&str])] = &[
    ("", &["name", "data", "notification", "android", "webpush", "apns", "fcm_options", "token"]),
    ("/notification", &["title", "body", "image"]),
    (
        "/android",
        &[
            "collapse_key",
            "priority",
            "ttl",
            "restricted_package_name",
            "data",
            "notification",
            "fcm_options",
            "direct_boot_ok",
        ],
    ),
    (
        "/android/notification",
        &[
            "title",
            "body",
            "icon",
            "color",
            "sound",
            "tag",
            "click_action",
            "channel_id",
            "ticker",
            "sticky",
            "image",
            "notification_priority",
            "default_sound",
            "visibility",
            "notification_count",
        ],
    ),
    ("/apns", &["headers", "payload", "fcm_options", "live_activity_token"]),
    ("/apns/fcm_options", &["analytics_label", "image"]),
    ("/webpush", &["headers", "data", "notification", "fcm_options"]),
    ("/webpush/fcm_options", &["link", "analytics_label"]),
];

/// Checks a message as FCM does. A refusal has the field that FCM names, and why. A dry run may leave out what people see.
pub(crate) fn check(message: &Value, is_dry_run: bool) -> Result<(), (&'static str, String)> {
    if message["token"].as_str().is_none_or(str::is_empty) {
        return Err(("message.token", "a message without a token".to_owned()));
    }
    for (name, value) in message["data"].as_object().into_iter().flatten() {
        if !value.is_string() || is_reserved(name) {
            return Err(("message.data", format!("data.{name}: {value}")));
        }
    }
    // The number on an icon alone.
    let is_badge = message.get("notification").is_none() && message["apns"]["payload"]["aps"]["badge"].is_u64();
    if !is_dry_run && !is_badge && message["notification"]["title"].as_str().is_none_or(str::is_empty) {
        return Err(("message.notification", "a message without a title".to_owned()));
    }
    for (part, known) in FIELDS {
        let fields = message.pointer(part).and_then(Value::as_object).into_iter().flatten();
        if let Some((name, _)) =
            fields.map(|(name, value)| (name.as_str(), value)).find(|(name, _)| !known.contains(name))
        {
            return Err(("message", format!("{part}/{name} is not a field")));
        }
    }
    // `WebpushFcmOptions`: "For all URL values, HTTPS is required."
    let link = &message["webpush"]["fcm_options"]["link"];
    if !link.is_null() && link.as_str().is_none_or(|link| !link.starts_with("https://")) {
        return Err(("message.webpush.fcm_options.link", format!("the link {link}")));
    }
    // Apple, "Generating a remote notification".
    let badge = &message["apns"]["payload"]["aps"]["badge"];
    if !badge.is_null() && badge.as_u64().is_none() {
        return Err(("message.apns.payload", format!("the badge {badge}")));
    }
    let mut without_token = message.clone();
    without_token.as_object_mut().map(|fields| fields.remove("token"));
    match without_token.to_string().len() {
        0..=MAX_BYTES => Ok(()),
        bytes => Err(("message", format!("a message of {bytes} bytes"))),
    }
}

/// Names that FCM keeps for itself (Firebase, "Customize a message across platforms").
fn is_reserved(name: &str) -> bool {
    matches!(name, "from" | "notification" | "message_type" | "collapse_key")
        || name.starts_with("google")
        || name.starts_with("gcm")
}

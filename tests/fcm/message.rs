//! Whether FCM would take a message.

use serde_json::Value;

/// FCM's limit for a message, in bytes.
const MAX_BYTES: usize = 4096;

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
    if !is_dry_run && message["notification"]["title"].as_str().is_none_or(str::is_empty) {
        return Err(("message.notification", "a message without a title".to_owned()));
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

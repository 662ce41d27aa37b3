//! The entries of an outbox, in words.

use serde_json::{Map, Value};

/// The delivery in words: the event and its destination.
pub(super) fn describe(entry: &Map<String, Value>) -> String {
    let text = |pointer: &str| {
        let mut parts = pointer.split('/');
        let first = parts.next().and_then(|name| entry.get(name));
        let found = parts.try_fold(first?, |value, name| value.get(name))?;
        Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
    };
    let named = |pointer: &str| text(pointer).unwrap_or_default();
    match entry.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "pusher" => format!("{} to {}", named("name"), named("channel")),
        "appEvent" => {
            let channels = entry.get("channels").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            match channels {
                [one] => format!("{} to {}", named("name"), one.as_str().unwrap_or_default()),
                several => format!("{} to {} channels", named("name"), several.len()),
            }
        }
        "member" if entry.contains_key("info") => format!("member_added of {} to {}", named("user"), named("channel")),
        "member" => format!("member_removed of {} to {}", named("user"), named("channel")),
        "shardFanOut" => format!("an event to shard {} of {}", named("shard"), named("channel")),
        "terminate" => format!("end of the connections of {}", named("user")),
        "push" => format!("push to {}", named("user")),
        "badge" => format!("the number on the icons of {}'s iPhones", named("user")),
        "email" => format!("e-mail to {} about lease {}", named("recipient"), named("bailId")),
        "socket" => {
            format!("{} to /{}", text("say/event/names/0").unwrap_or_else(|| "message".to_owned()), named("namespace"))
        }
        "unread" => format!("a notification to {} of a message that is not read", named("notify/user")),
        "notify" => format!("a notification to {}", named("notify/user")),
        "pusherOfRow" | "socketOfRow" => format!("an event of this row ({})", named("name")),
        "pushOfRow" => "push of this notification".to_owned(),
        "fact" => format!("fact {}", named("fact/type")),
        "factOfRow" => "a fact of this row".to_owned(),
        "unreadOfRow" => "a notification of a message that is not read".to_owned(),
        "wake" | "wakeOfRow" => "notifications to a hotel's staff".to_owned(),
        "unreadable" => format!("unreadable: {}", named("text")),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(entry: Value) -> Map<String, Value> {
        entry.as_object().unwrap().clone()
    }

    #[test]
    fn each_kind_of_delivery_is_named() {
        for (found, expected) in [
            (
                json!({ "kind": "pusher", "name": "kudos:received", "channel": "private-user-ben" }),
                "kudos:received to private-user-ben",
            ),
            (json!({ "kind": "appEvent", "name": "stock", "channels": ["news"] }), "stock to news"),
            (json!({ "kind": "appEvent", "name": "stock", "channels": ["news", "shop"] }), "stock to 2 channels"),
            (
                json!({ "kind": "member", "user": "ben", "channel": "presence-a", "info": "{}" }),
                "member_added of ben to presence-a",
            ),
            (
                json!({ "kind": "member", "user": "ben", "channel": "presence-a" }),
                "member_removed of ben to presence-a",
            ),
            (json!({ "kind": "shardFanOut", "shard": 2, "channel": "news" }), "an event to shard 2 of news"),
            (json!({ "kind": "push", "user": "ben" }), "push to ben"),
            (json!({ "kind": "badge", "user": "ben" }), "the number on the icons of ben's iPhones"),
            (json!({ "kind": "email", "recipient": "ben", "bailId": "b-1" }), "e-mail to ben about lease b-1"),
            (json!({ "kind": "terminate", "user": "ben" }), "end of the connections of ben"),
            (json!({ "kind": "notify", "notify": { "user": "ben" } }), "a notification to ben"),
            (json!({ "kind": "pusherOfRow", "name": "staff" }), "an event of this row (staff)"),
            (json!({ "kind": "fact", "fact": { "type": "kudos.given" } }), "fact kudos.given"),
            (json!({ "kind": "later" }), "later"),
        ] {
            assert_eq!(describe(&entry(found)), expected);
        }
    }
}

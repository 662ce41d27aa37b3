//! Deliveries that have not arrived (in outboxes, in the retry queue, dead letters), and the parts that deliver.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::entry::describe;
use super::failure::Answer;
use super::letters;
use super::parts::Console;
use crate::files::journal::{FUNCTIONS, Reader};
use crate::process::function_processes;
use crate::process::standing::standing;
use crate::services::aws::{Aws, QueueMessage, Row, text};
use crate::state;
use crate::state::function_names::name_in_template;
use crate::state::settings::PusherServer;

/// Everything that the page shows of it.
pub(super) async fn show(State(console): State<Console>) -> Answer<Json<Value>> {
    let state = console.state()?;
    let aws = Aws::of(&state);
    let (owing, waiting, dead) = tokio::try_join!(
        aws.owing(),
        aws.peek(&state.outputs.retry_queue_url),
        aws.peek(&state.outputs.dead_letter_queue_url),
    )?;
    let posts = match state.pusher.server {
        PusherServer::Gateway => Some(standing_of_posts(&aws.faults().await?)),
        PusherServer::Sockudo | PusherServer::Hosted => None,
    };
    let causes = if owing.is_empty() { HashMap::new() } else { causes(&console)? };
    let owed: Vec<_> = owing.iter().flat_map(|row| entries(row, &waiting, &causes)).collect();
    Ok(Json(json!({
        "owed": owed,
        "waiting": waiting.iter().map(waits).collect::<Vec<_>>(),
        "dead": dead.iter().map(letters::show).collect::<Vec<_>>(),
        // Where the functions serve channels themselves.
        "posts": posts.map(|standing| json!({ "standing": standing })),
        // Where there is a Pusher server on this machine.
        "pusher": state.processes.sockudo.as_ref().map(|sockudo| json!({ "standing": standing(sockudo.pid), "pid": sockudo.pid })),
        "functions": functions(&state),
    })))
}

/// How API Gateway treats posts to clients, in the words for the Pusher server.
fn standing_of_posts(faults: &Map<String, Value>) -> &'static str {
    let part = |name: &str| faults.get("posts").and_then(|posts| posts.get(name)?.as_f64()).unwrap_or_default();
    match (part("refused") > 0.0, part("heldMs") > 0.0) {
        (true, _) => "gone",
        (false, true) => "frozen",
        (false, false) => "up",
    }
}

/// The deliveries that a row owes, each with why it has not arrived.
fn entries(row: &Row, waiting: &[QueueMessage], causes: &HashMap<String, String>) -> Vec<Value> {
    let outbox: Value = text(row, "outbox").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let key = json!({ "pk": text(row, "pk"), "sk": text(row, "sk") });
    let queued = outbox.pointer("/queue/id").and_then(Value::as_str);
    let message = waiting.iter().find(|message| queued.is_some() && id_in(message).as_deref() == queued);
    let owed = outbox.get("owed").and_then(Value::as_array).cloned().unwrap_or_default();
    let shown = owed.into_iter().filter_map(|entry| match entry {
        Value::Object(entry) => Some(json!({
            "row": key,
            "id": entry.get("id"),
            "at": entry.get("at"),
            "kind": entry.get("kind"),
            "what": describe(&entry),
            "requestId": entry.get("requestId"),
            "tried": entry.get("tried").unwrap_or(&Value::Bool(false)),
            "notBefore": entry.get("notBefore"),
            "queued": message.is_some(),
            "due": message.map(|message| message.due),
            "tries": message.map(|message| message.received),
            "reason": entry.get("requestId").and_then(Value::as_str).and_then(|id| causes.get(id)),
        })),
        _ => None,
    });
    shown.collect()
}

fn id_in(message: &QueueMessage) -> Option<String> {
    let body: Value = serde_json::from_str(&message.body).ok()?;
    Some(body.get("id")?.as_str()?.to_owned())
}

fn waits(message: &QueueMessage) -> Value {
    let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
    let QueueMessage { id, sent, due, received, .. } = message;
    json!({ "id": id, "row": { "pk": body.get("pk"), "sk": body.get("sk") }, "sent": sent, "due": due, "tries": received })
}

/// The functions that have processes now, with how many.
fn functions(state: &state::State) -> Vec<Value> {
    let mut count = BTreeMap::<_, u32>::new();
    for victim in function_processes::of(state.processes.ministack.pid) {
        *count.entry(name_in_template(&victim.function).to_owned()).or_default() += 1;
    }
    count.into_iter().map(|(name, processes)| json!({ "name": name, "processes": processes })).collect()
}

/// Why the deliveries of each request failed last, as the functions' logs say.
fn causes(console: &Console) -> Result<HashMap<String, String>> {
    let lines: Vec<Value> = Reader::of(&console.logs(), FUNCTIONS).read()?;
    Ok(causes_in(&lines))
}

fn causes_in(lines: &[Value]) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for line in lines {
        let text = line.get("text").and_then(Value::as_str).unwrap_or_default();
        // Most lines say that all is well, and are not worth reading.
        if !text.contains("\"causes\"") {
            continue;
        }
        let line: Value = serde_json::from_str(text).unwrap_or_default();
        let causes = line.get("causes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let causes = causes.collect::<Vec<_>>().join("; ");
        let tried = line.get("deliveries").and_then(Value::as_array).into_iter().flatten();
        for request in tried.filter_map(|delivery| delivery.get(0)?.as_str()) {
            found.insert(request.to_owned(), causes.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_entry_is_shown_with_its_message_and_its_reason() {
        let outbox = json!({
            "owed": [{ "id": "a", "at": 1, "requestId": "r-1", "tried": true, "kind": "push", "user": "ben" }],
            "queue": { "id": "q-1", "until": 9 },
        });
        let row = json!({ "pk": { "S": "USER#ben" }, "sk": { "S": "N" }, "outbox": { "S": outbox.to_string() } });
        let message = QueueMessage {
            id: "m".to_owned(),
            body: json!({ "pk": "USER#ben", "sk": "N", "id": "q-1" }).to_string(),
            sent: 1,
            due: 5,
            received: 2,
            attributes: Value::Null,
        };
        let causes = HashMap::from([("r-1".to_owned(), "Pusher did not answer".to_owned())]);
        let shown = entries(row.as_object().unwrap(), &[message], &causes);
        assert_eq!(shown.len(), 1);
        let shown = shown.first().unwrap();
        assert_eq!((&shown["queued"], &shown["due"], &shown["tries"]), (&json!(true), &json!(5), &json!(2)));
        assert_eq!((&shown["reason"], &shown["what"]), (&json!("Pusher did not answer"), &json!("push to ben")));
        let alone = entries(row.as_object().unwrap(), &[], &HashMap::new());
        assert_eq!(alone.first().unwrap()["queued"], json!(false));
    }

    #[test]
    fn posts_are_taken_late_or_refused() {
        for (faults, expected) in [
            (json!({}), "up"),
            (json!({ "posts": { "refused": 0, "heldMs": 0 } }), "up"),
            (json!({ "posts": { "refused": 0, "heldMs": 900 } }), "frozen"),
            (json!({ "posts": { "refused": 0.5, "heldMs": 900 }, "seed": 1 }), "gone"),
        ] {
            assert_eq!(standing_of_posts(faults.as_object().unwrap()), expected, "{faults}");
        }
    }

    #[test]
    fn the_last_cause_of_a_request_counts() {
        let line = |cause: &str| {
            let text = json!({ "causes": [cause], "deliveries": [["r-1", "pusher", "postponed"]] }).to_string();
            json!({ "at": 1, "function": "f", "text": text })
        };
        let found = causes_in(&[line("first"), line("last"), json!({ "text": "no JSON with \"causes\"" })]);
        assert_eq!(found.get("r-1").map(String::as_str), Some("last"));
    }
}

//! Dead letters: what each is about, and replaying them as docs/OPERATIONS.md says.

use anyhow::{Context, Result};
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::entry::describe;
use super::failure::{Answer, Failure};
use super::parts::Console;
use crate::services::aws::{Aws, QueueMessage, text};
use crate::state;
use crate::state::function_names::name_in_template;

/// The five kinds, and how each is replayed.
#[derive(Debug, PartialEq)]
enum Letter {
    /// Moved back to the retry queue.
    GivenUp { reason: String, what: String },
    /// A row that was tried too often: moved back to the retry queue.
    Row,
    /// A batch of the stream that grew too old: the rows that still owe something go to the retry queue.
    Batch,
    /// An event that a function could not handle: the function is invoked with it again.
    Invocation { function: String, payload: Value, reason: String },
    /// An event that EventBridge could not hand to the function: the function is invoked with it.
    Unheard { payload: Value, reason: String },
    /// None of these.
    Unknown,
}

impl Letter {
    fn of(message: &QueueMessage) -> Self {
        let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
        if let Some(entry) = body.get("given_up").and_then(Value::as_object) {
            let reason = body.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Self::GivenUp { reason, what: describe(entry) };
        }
        if body.get("DDBStreamBatchInfo").is_some() {
            return Self::Batch;
        }
        if let Some(payload) = body.get("requestPayload") {
            let arn = body.pointer("/requestContext/functionArn").and_then(Value::as_str).unwrap_or_default();
            let function = arn.split(':').nth(6).unwrap_or_default().to_owned();
            let said = body.pointer("/responsePayload/errorMessage").and_then(Value::as_str);
            let reason = said.map_or_else(|| body["requestContext"]["condition"].to_string(), str::to_owned);
            return Self::Invocation { function, payload: payload.clone(), reason };
        }
        if body.get("detail-type").is_some() {
            let code = message.attributes.pointer("/ERROR_CODE/StringValue").and_then(Value::as_str);
            return Self::Unheard {
                payload: body,
                reason: code.unwrap_or("EventBridge could not deliver it").to_owned(),
            };
        }
        if body.get("pk").is_some() && body.get("sk").is_some() { Self::Row } else { Self::Unknown }
    }
}

/// A letter, as the page shows it.
pub(super) fn show(message: &QueueMessage) -> Value {
    let body: Value = serde_json::from_str(&message.body).unwrap_or_else(|_| json!(message.body));
    let letter = Letter::of(message);
    let (title, reason) = match &letter {
        Letter::GivenUp { reason, what } => (what.clone(), reason.clone()),
        Letter::Row => {
            ("a row that owes something".to_owned(), "it could not be delivered in any of 14 tries".to_owned())
        }
        Letter::Batch => ("a batch of the table's stream".to_owned(), "it was 24 hours old".to_owned()),
        Letter::Invocation { reason, .. } => ("an event that could not be stored".to_owned(), reason.clone()),
        Letter::Unheard { reason, .. } => ("an event that no function was given".to_owned(), reason.clone()),
        Letter::Unknown => ("a message".to_owned(), "unknown".to_owned()),
    };
    json!({
        "id": message.id, "title": title, "reason": reason, "sent": message.sent, "body": body,
        "replays": letter != Letter::Unknown,
    })
}

/// Replays a letter, and takes it out of the queue. It comes twice rather than never.
pub(super) async fn replay(State(console): State<Console>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let state = console.state()?;
    let aws = Aws::of(&state);
    let dead = &state.outputs.dead_letter_queue_url;
    let letters = aws.peek(dead).await?;
    let Some(message) = letters.iter().find(|message| message.id == id) else {
        return Err(Failure::gone("This dead letter is not in the queue any more"));
    };
    match Letter::of(message) {
        Letter::GivenUp { .. } | Letter::Row => aws.send_message(&state.outputs.retry_queue_url, &message.body).await?,
        Letter::Batch => send_all_owing(&aws, &state).await?,
        Letter::Invocation { function, payload, .. } => aws.invoke(&function, &payload).await?,
        Letter::Unheard { payload, .. } => aws.invoke(&listener(&aws, &payload).await?, &payload).await?,
        Letter::Unknown => return Err(Failure::unusable("Nobody knows how to replay this message")),
    }
    aws.remove(dead, &id).await?;
    Ok(Json(json!({})))
}

async fn send_all_owing(aws: &Aws, state: &state::State) -> Result<()> {
    for row in aws.owing().await? {
        let key = json!({ "pk": text(&row, "pk"), "sk": text(&row, "sk") });
        aws.send_message(&state.outputs.retry_queue_url, &key.to_string()).await?;
    }
    Ok(())
}

/// The function that EventBridge would have handed the event to.
async fn listener(aws: &Aws, event: &Value) -> Result<String> {
    let name = listener_in_template(event);
    let functions = aws.functions().await?;
    let found = functions.into_iter().find(|function| name_in_template(function) == name);
    found.with_context(|| format!("The function {name} is not deployed"))
}

/// Its name in the template: SES's events about e-mails have a rule of their own.
fn listener_in_template(event: &Value) -> &'static str {
    if event.get("source").and_then(Value::as_str) == Some("aws.ses") { "EmailUnsubscribe" } else { "Notifications" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &Value) -> QueueMessage {
        let attributes = json!({ "ERROR_CODE": { "StringValue": "NO_PERMISSIONS", "DataType": "String" } });
        QueueMessage { id: "m".to_owned(), body: body.to_string(), sent: 1, due: 1, received: 0, attributes }
    }

    #[test]
    fn each_kind_of_letter_is_told_apart() {
        let given_up =
            json!({ "pk": "a", "sk": "b", "given_up": { "kind": "push", "user": "ben" }, "reason": "too long" });
        let expected = Letter::GivenUp { reason: "too long".to_owned(), what: "push to ben".to_owned() };
        assert_eq!(Letter::of(&message(&given_up)), expected);
        assert_eq!(Letter::of(&message(&json!({ "pk": "a", "sk": "b", "id": "c" }))), Letter::Row);
        assert_eq!(Letter::of(&message(&json!({ "DDBStreamBatchInfo": {} }))), Letter::Batch);
        let record = json!({
            "requestContext": { "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:carillon-local-X-1:$LATEST", "condition": "RetriesExhausted" },
            "requestPayload": { "id": "e" },
            "responsePayload": { "errorMessage": "no such user" },
        });
        let expected = Letter::Invocation {
            function: "carillon-local-X-1".to_owned(),
            payload: json!({ "id": "e" }),
            reason: "no such user".to_owned(),
        };
        assert_eq!(Letter::of(&message(&record)), expected);
        let event = json!({ "detail-type": "NotificationRequested", "detail": {} });
        let expected = Letter::Unheard { payload: event.clone(), reason: "NO_PERMISSIONS".to_owned() };
        assert_eq!(Letter::of(&message(&event)), expected);
        assert_eq!(Letter::of(&message(&json!("text"))), Letter::Unknown);
    }

    #[test]
    fn an_event_is_replayed_to_the_function_whose_rule_it_matches() {
        let of_ses = json!({ "source": "aws.ses", "detail-type": "Email Bounced", "detail": {} });
        assert_eq!(listener_in_template(&of_ses), "EmailUnsubscribe");
        let of_app = json!({ "source": "my-app", "detail-type": "NotificationRequested", "detail": {} });
        assert_eq!(listener_in_template(&of_app), "Notifications");
        let template = include_str!("../../../template.yaml");
        for name in ["EmailUnsubscribe", "Notifications"] {
            let (_, function) = template.split_once(&format!("\n  {name}:\n")).unwrap();
            assert!(function.split("\n\n").next().unwrap().contains("Type: EventBridgeRule"), "{name}");
        }
    }

    #[test]
    fn an_unknown_letter_is_shown_and_cannot_be_replayed() {
        let shown = show(&message(&json!("text")));
        assert_eq!((&shown["replays"], &shown["body"]), (&json!(false), &json!("text")));
    }
}

//! `/console/requests/{id}`: the story of one request: its answer, what it wrote, each attempt to deliver, each wait for a retry, and each
//! arrival, in the order of time.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::entry::describe;
use super::failure::{Answer, Failure};
use super::parts::Console;
use crate::files::journal::{FUNCTIONS, Reader, TRAFFIC};
use crate::state::function_names::name_in_template;

/// Longest id; those of API Gateway have 16 characters, those of the local stack 36.
const ID: usize = 64;

/// A line that a function printed.
#[derive(Deserialize)]
struct LogLine {
    /// Milliseconds since 1970.
    at: f64,
    function: String,
    text: String,
}

/// A moment of the story.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Step {
    /// Milliseconds since 1970.
    at: f64,
    kind: Kind,
    what: String,
    detail: String,
    /// Whether it failed.
    bad: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    /// It reached a function.
    Request,
    /// A row owes deliveries of it.
    Write,
    /// The function responded.
    Answer,
    /// A function tried to deliver.
    Attempt,
    /// Its row waits in the retry queue.
    Retry,
    /// A client's server, a client or the event bus has an event.
    Arrival,
    /// A row owes a delivery no more.
    Done,
}

/// Its steps, and how many deliveries are still owed.
pub(super) async fn show(State(console): State<Console>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_=+/".contains(letter);
    if id.is_empty() || id.len() > ID || !id.chars().all(is_letter) {
        return Err(Failure::unusable("This is not the id of a request: copy the header x-request-id of a response"));
    }
    console.state()?;
    let logs = console.logs();
    let lines: Vec<LogLine> = Reader::of(&logs, FUNCTIONS).read()?;
    let traffic: Vec<Value> = Reader::of(&logs, TRAFFIC).read()?;
    let (steps, owed) = story(&id, &lines, &traffic, &console.0.feed.of_request(&id));
    Ok(Json(json!({ "id": id, "steps": steps, "owed": owed })))
}

fn story(id: &str, lines: &[LogLine], traffic: &[Value], arrivals: &[Value]) -> (Vec<Step>, usize) {
    let mut steps: Vec<Step> = lines.iter().flat_map(|line| of_line(id, line)).collect();
    let (writes, owed) = of_rows(id, traffic);
    steps.extend(writes);
    steps.extend(of_arrivals(arrivals));
    begin_with_the_request(&mut steps);
    steps.sort_by(|one, other| one.at.total_cmp(&other.at).then(one.kind.cmp(&other.kind)));
    (steps, owed)
}

/// A line is read a moment after it was printed, and a longer one on a busy machine. Its request began before all that it caused.
fn begin_with_the_request(steps: &mut [Step]) {
    let earliest = |steps: &mut dyn Iterator<Item = f64>| steps.min_by(f64::total_cmp);
    let first = earliest(&mut steps.iter().map(|step| step.at));
    let request = earliest(&mut steps.iter().filter(|step| step.kind == Kind::Request).map(|step| step.at));
    let late = request.zip(first).map_or(0.0, |(request, first)| request - first);
    for step in steps.iter_mut().filter(|step| matches!(step.kind, Kind::Request | Kind::Answer)) {
        step.at -= late;
    }
}

/// The steps that a function's line tells of.
fn of_line(id: &str, line: &LogLine) -> Vec<Step> {
    let LogLine { at, function, text } = line;
    let parsed = text.contains(id).then(|| serde_json::from_str::<Value>(text).ok()).flatten();
    let Some(Value::Object(said)) = parsed else { return Vec::new() };
    let word = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| said.get(name).and_then(Value::as_f64);
    let function = name_in_template(function);
    let began = at - number("durationMs").unwrap_or_default();
    let causes = said.get("causes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let causes = causes.collect::<Vec<_>>().join("; ");
    let mut steps = Vec::new();
    if word("requestId") == id {
        let what = word("route").to_owned();
        steps.push(Step { at: began, kind: Kind::Request, what, detail: format!("to {function}"), bad: false });
        if let Some(status) = number("status") {
            let bad = status >= 400.0;
            let answered = began + number("answeredMs").or(number("durationMs")).unwrap_or_default();
            let detail = if bad { causes.clone() } else { String::new() };
            steps.push(Step { at: answered, kind: Kind::Answer, what: format!("{status}"), detail, bad });
        }
    }
    // Such as ["…", "pusher", "delivered"]: the request, the transport, the outcome.
    let mut outcomes = BTreeMap::<(&str, &str), usize>::new();
    for delivery in said.get("deliveries").and_then(Value::as_array).into_iter().flatten() {
        let part = |index: usize| delivery.get(index).and_then(Value::as_str).unwrap_or_default();
        if part(0) == id {
            *outcomes.entry((part(1), part(2))).or_default() += 1;
        }
    }
    if !outcomes.is_empty() {
        let bad = outcomes.keys().any(|(_, outcome)| matches!(*outcome, "postponed" | "given-up"));
        let words = outcomes.iter().map(|((transport, outcome), count)| match count {
            1 => format!("{transport} {outcome}"),
            several => format!("{transport} {outcome} ({several})"),
        });
        let by = if word("requestId") == id { "the writer".to_owned() } else { word("route").to_owned() };
        let because = if bad && !causes.is_empty() { format!(", because: {causes}") } else { String::new() };
        let what = words.collect::<Vec<_>>().join(", ");
        steps.push(Step { at: *at, kind: Kind::Attempt, what, detail: format!("{function}, {by}{because}"), bad });
    }
    steps
}

/// The steps of the rows that owe something for it, and how much is still owed.
fn of_rows(id: &str, traffic: &[Value]) -> (Vec<Step>, usize) {
    let mut steps = Vec::new();
    let mut owed = BTreeSet::new();
    for line in traffic {
        let (Some(at), Some(wrote)) = (line.get("at").and_then(Value::as_f64), line.get("wrote")) else { continue };
        let outbox = |name: &str| -> Value {
            let text = wrote.get(name).and_then(Value::as_str).unwrap_or_default();
            serde_json::from_str(text).unwrap_or_default()
        };
        let (was, now) = (outbox("was"), outbox("now"));
        let (before, after) = (entries(id, &was), entries(id, &now));
        if before.is_empty() && after.is_empty() {
            continue;
        }
        let key = |name: &str| wrote.get(name).and_then(Value::as_str).unwrap_or_default();
        let row = format!("{} / {}", key("pk"), key("sk"));
        let mut push = |kind, what: String| steps.push(Step { at, kind, what, detail: row.clone(), bad: false });
        let only_in = |some: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
            let entries = some.iter().filter(|(entry, _)| !other.contains_key(*entry));
            entries.map(|(_, what)| what.clone()).collect::<Vec<_>>()
        };
        let (added, gone) = (only_in(&after, &before), only_in(&before, &after));
        if !added.is_empty() {
            push(Kind::Write, format!("owes {}", added.join(", ")));
        }
        if !gone.is_empty() {
            push(Kind::Done, format!("owes no more: {}", gone.join(", ")));
        }
        let queue = |outbox: &Value| outbox.pointer("/queue/id").cloned();
        if !after.is_empty() && queue(&now).is_some() && queue(&now) != queue(&was) {
            push(Kind::Retry, "waits in the retry queue".to_owned());
        }
        owed.extend(after.into_keys());
        for entry in before.keys().filter(|entry| !entries(id, &now).contains_key(*entry)) {
            owed.remove(entry);
        }
    }
    (steps, owed.len())
}

/// The request's entries in an outbox: their ids, and what each is.
fn entries(id: &str, outbox: &Value) -> BTreeMap<String, String> {
    let owed = outbox.get("owed").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let of_it = |entry: &&Map<String, Value>| entry.get("requestId").and_then(Value::as_str) == Some(id);
    let named = |entry: &Map<String, Value>| Some((entry.get("id")?.as_str()?.to_owned(), describe(entry)));
    owed.filter(of_it).filter_map(named).collect()
}

/// The arrivals. An event for many connections is one step, at the first of them.
fn of_arrivals(arrivals: &[Value]) -> Vec<Step> {
    let mut found = Vec::<(Step, usize)>::new();
    for seen in arrivals {
        let word = |name: &str| seen.get(name).and_then(Value::as_str).unwrap_or_default();
        let at = seen.get("at").and_then(Value::as_f64).unwrap_or_default();
        let to = if word("way") == "fact" {
            format!("the event bus {}", word("channel"))
        } else {
            word("channel").to_owned()
        };
        let step = Step { at, kind: Kind::Arrival, what: word("event").to_owned(), detail: to, bad: false };
        match found.iter_mut().find(|(other, _)| (&other.what, &other.detail) == (&step.what, &step.detail)) {
            Some((_, count)) => *count += 1,
            None => found.push((step, 1)),
        }
    }
    let counted = |(step, count): (Step, usize)| match count {
        1 => step,
        several => Step { detail: format!("{}, {several} times", step.detail), ..step },
    };
    found.into_iter().map(counted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: f64, function: &str, text: &Value) -> LogLine {
        LogLine { at, function: format!("carillon-local-{function}-A3691961FEC16"), text: text.to_string() }
    }

    fn wrote(at: f64, was: &Value, now: &Value) -> Value {
        let text = |outbox: &Value| if outbox.is_null() { Value::Null } else { json!(outbox.to_string()) };
        json!({ "at": at, "wrote": { "pk": "KUDOS#1", "sk": "KUDOS", "was": text(was), "now": text(now) } })
    }

    fn kudos() -> Value {
        json!({ "id": "a", "requestId": "r-1", "kind": "pusher", "channel": "private-user-ben", "name": "kudos:received", "data": "{}" })
    }

    fn told(steps: &[Step]) -> Vec<(f64, Kind, &str)> {
        steps.iter().map(|step| (step.at, step.kind, step.what.as_str())).collect()
    }

    #[test]
    fn the_story_of_a_retried_delivery_goes_from_the_request_to_the_arrival() {
        let lines = [
            line(
                1020.0,
                "KudosCreate",
                &json!({
                    "requestId": "r-1", "route": "POST /kudos", "status": 201, "durationMs": 20.0, "answeredMs": 8.0,
                    "causes": ["API Gateway refused a post with 429"], "deliveries": [["r-1", "pusher", "postponed"]],
                }),
            ),
            line(
                3010.0,
                "Delivery",
                &json!({
                    "requestId": "r-9", "route": "retry queue", "durationMs": 9.0,
                    "deliveries": [["r-1", "pusher", "delivered"], ["r-2", "pusher", "delivered"]],
                }),
            ),
            line(
                4000.0,
                "Delivery",
                &json!({ "requestId": "r-3", "route": "stream", "deliveries": [["r-4", "fact", "delivered"]] }),
            ),
        ];
        let (owes, waits) =
            (json!({ "owed": [kudos()] }), json!({ "owed": [kudos()], "queue": { "id": "q", "until": 9 } }));
        let traffic =
            [wrote(1005.0, &Value::Null, &owes), wrote(1030.0, &owes, &waits), wrote(3009.0, &waits, &Value::Null)];
        let arrival = json!({ "at": 3008.0, "way": "pusher", "channel": "private-user-ben", "event": "kudos:received", "requestId": "r-1" });
        let (steps, owed) = story("r-1", &lines, &traffic, &[arrival.clone(), arrival]);
        assert_eq!(
            told(&steps),
            [
                (1000.0, Kind::Request, "POST /kudos"),
                (1005.0, Kind::Write, "owes kudos:received to private-user-ben"),
                (1008.0, Kind::Answer, "201"),
                (1020.0, Kind::Attempt, "pusher postponed"),
                (1030.0, Kind::Retry, "waits in the retry queue"),
                (3008.0, Kind::Arrival, "kudos:received"),
                (3009.0, Kind::Done, "owes no more: kudos:received to private-user-ben"),
                (3010.0, Kind::Attempt, "pusher delivered"),
            ]
        );
        assert_eq!(owed, 0);
        let failed = &steps[3];
        assert_eq!(
            (failed.bad, failed.detail.as_str()),
            (true, "KudosCreate, the writer, because: API Gateway refused a post with 429")
        );
        assert_eq!(steps[5].detail, "private-user-ben, 2 times");
        assert_eq!(story("r-1", &lines, &traffic[..2], &[]).1, 1, "it is still owed");
    }

    #[test]
    fn a_request_comes_before_its_write_also_where_its_line_was_read_late() {
        let text =
            json!({ "requestId": "r-1", "route": "POST /kudos", "status": 201, "durationMs": 20.0, "answeredMs": 8.0 });
        let traffic = [wrote(1005.0, &Value::Null, &json!({ "owed": [kudos()] }))];
        let (steps, _) = story("r-1", &[line(1050.0, "KudosCreate", &text)], &traffic, &[]);
        let kinds: Vec<_> = steps.iter().map(|step| (step.at, step.kind)).collect();
        assert_eq!(kinds, [(1005.0, Kind::Request), (1005.0, Kind::Write), (1013.0, Kind::Answer)]);
    }

    #[test]
    fn the_story_of_a_refused_request_has_the_reason() {
        let text = json!({ "requestId": "r-1", "route": "POST /kudos", "status": 422, "durationMs": 3.0, "causes": ["to oneself"] });
        let (steps, owed) = story("r-1", &[line(1003.0, "KudosCreate", &text)], &[], &[]);
        assert_eq!(told(&steps), [(1000.0, Kind::Request, "POST /kudos"), (1003.0, Kind::Answer, "422")]);
        assert_eq!((steps[1].bad, steps[1].detail.as_str(), owed), (true, "to oneself", 0));
    }

    #[test]
    fn other_requests_have_no_part_in_it() {
        let text = json!({ "requestId": "r-2", "route": "POST /kudos", "status": 201, "deliveries": [["r-2", "pusher", "delivered"]] });
        let mut other = kudos();
        other["requestId"] = json!("r-2");
        let traffic = [wrote(1.0, &Value::Null, &json!({ "owed": [other] }))];
        assert_eq!(story("r-1", &[line(2.0, "KudosCreate", &text)], &traffic, &[]), (Vec::new(), 0));
    }
}

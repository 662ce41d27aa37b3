//! One log line per invocation, in JSON, from which CloudWatch also reads metrics (embedded metric format).
//!
//! A line holds nothing secret: no token, key, signature, body or query.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Map, Value, json};

use crate::contract::time::Millis;

/// CloudWatch namespace of every metric.
pub const NAMESPACE: &str = "Carillon";
const OLDEST_UNDELIVERED: &str = "OldestUndeliveredAge";

tokio::task_local! {
    static CURRENT: Record;
}

/// The facts of one invocation, collected until its line is written.
#[derive(Debug, Clone)]
pub struct Record(Arc<Mutex<Fields>>);

#[derive(Debug)]
struct Fields {
    request_id: String,
    route: String,
    started: Instant,
    /// The status, and the microseconds until it was known.
    responded: Option<(u16, u128)>,
    outcome: Option<String>,
    token_refused: Option<&'static str>,
    notes: Map<String, Value>,
    causes: Vec<String>,
    counts: BTreeMap<String, u64>,
    deliveries: Vec<Value>,
    oldest_undelivered: Option<i64>,
    is_routine: bool,
}

impl Record {
    /// Starts the record of an invocation. `route` is a `routeKey`, or the name of a function without routes.
    #[must_use]
    pub fn new(request_id: &str, route: &str) -> Self {
        Self(Arc::new(Mutex::new(Fields {
            request_id: request_id.to_owned(),
            route: route.to_owned(),
            started: Instant::now(),
            responded: None,
            outcome: None,
            token_refused: None,
            notes: Map::new(),
            causes: Vec::new(),
            counts: BTreeMap::new(),
            deliveries: Vec::new(),
            oldest_undelivered: None,
            is_routine: false,
        })))
    }

    /// Runs `work` as part of this invocation: what it counts and notes goes into this record.
    pub async fn scope<T>(&self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), work).await
    }

    /// Notes the response's status, and the time until it was known.
    pub fn responded(&self, status: u16) {
        self.with(|fields| fields.responded = Some((status, fields.started.elapsed().as_micros())));
    }

    /// Notes the error message that the client received, without what may quote the request.
    pub fn refusal(&self, message: &str) {
        self.with(|fields| fields.outcome = Some(message.to_owned()));
    }

    /// Notes why the caller's token was refused, in more detail than the client gets, and without any part of the token.
    pub fn token_refused(&self, cause: &'static str) {
        self.with(|fields| fields.token_refused = Some(cause));
    }

    /// Notes an error that no client sees.
    pub fn cause(&self, cause: &str) {
        self.with(|fields| fields.causes.push(cause.to_owned()));
    }

    /// Writes the line to standard error, which Lambda sends to CloudWatch.
    pub fn print(&self) {
        if !self.has_line() {
            return;
        }
        let mut line = self.line(&STAGE);
        line.push('\n');
        // One string, so that the line is one write.
        eprint!("{line}");
    }

    /// False for a [`routine`] invocation in which nothing failed and nothing was counted.
    #[must_use]
    pub fn has_line(&self) -> bool {
        self.with(|fields| !fields.is_routine || !fields.causes.is_empty() || !fields.counts.is_empty())
    }

    /// The line, without a line break.
    #[must_use]
    pub fn line(&self, stage: &str) -> String {
        self.with(|fields| {
            serde_json::to_string(&Line { fields, stage }).expect("a line is made of strings and numbers")
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Fields) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The line, serialized straight from the fields: building a tree of values first would be slow.
struct Line<'a> {
    fields: &'a Fields,
    stage: &'a str,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Fields { causes, outcome, notes, counts, deliveries, .. } = self.fields;
        let failed = !causes.is_empty();
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("level", if failed { "error" } else { "info" })?;
        line.serialize_entry("requestId", &self.fields.request_id)?;
        line.serialize_entry("route", &self.fields.route)?;
        let default = if failed { "failed" } else { "ok" };
        line.serialize_entry("outcome", outcome.as_deref().unwrap_or(default))?;
        if let Some(cause) = self.fields.token_refused {
            line.serialize_entry("tokenRefused", cause)?;
        }
        if let Some((status, micros)) = self.fields.responded {
            line.serialize_entry("status", &status)?;
            line.serialize_entry("answeredMs", &milliseconds(micros))?;
        }
        line.serialize_entry("durationMs", &milliseconds(self.fields.started.elapsed().as_micros()))?;
        if failed {
            line.serialize_entry("causes", causes)?;
        }
        for (name, note) in notes {
            line.serialize_entry(name, note)?;
        }
        if !deliveries.is_empty() {
            line.serialize_entry("deliveries", deliveries)?;
        }
        for (name, count) in counts {
            line.serialize_entry(name, count)?;
        }
        if let Some(age) = self.fields.oldest_undelivered {
            line.serialize_entry(OLDEST_UNDELIVERED, &age)?;
        }
        let directive = Directive::of(self.fields);
        if !directive.metrics.is_empty() {
            line.serialize_entry("Stage", self.stage)?;
            let directives = Directives { timestamp: Millis::now(), cloud_watch_metrics: [directive] };
            line.serialize_entry("_aws", &directives)?;
        }
        line.end()
    }
}

/// CloudWatch's embedded metric format: a `_aws` member says which of the line's members are metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directives<'a> {
    timestamp: Millis,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'static str,
    dimensions: [[&'static str; 1]; 1],
    metrics: Vec<Metric<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric<'a> {
    name: &'a str,
    unit: &'static str,
}

impl<'a> Directive<'a> {
    fn of(fields: &'a Fields) -> Self {
        let counts = fields.counts.keys().map(|name| Metric { name, unit: "Count" });
        let age = fields.oldest_undelivered.map(|_| Metric { name: OLDEST_UNDELIVERED, unit: "Milliseconds" });
        Self { namespace: NAMESPACE, dimensions: [["Stage"]], metrics: counts.chain(age).collect() }
    }
}

fn milliseconds(micros: u128) -> f64 {
    // Exact up to 2^52 µs, and an invocation is far shorter.
    micros as f64 / 1000.0
}

/// The environment variable `STAGE`, read once.
static STAGE: LazyLock<String> = LazyLock::new(|| std::env::var("STAGE").unwrap_or_else(|_| "dev".to_owned()));

fn current(change: impl FnOnce(&mut Fields)) {
    // Outside an invocation (in a unit test, say) there is no record.
    let _ = CURRENT.try_with(|record| record.with(change));
}

fn count(name: String, by: u64) {
    current(|fields| *fields.counts.entry(name).or_default() += by);
}

/// Leaves out the line of this invocation, unless something fails: of a thousand connections that answer every ping, the lines alone
/// would cost more than the writes.
pub fn routine() {
    current(|fields| fields.is_routine = true);
}

/// Notes that a frame was refused, which no response says: the client's message, and why the token was refused, if it was.
pub fn refused(message: &str, token_refused: Option<&'static str>) {
    current(|fields| {
        fields.outcome = Some(message.to_owned());
        fields.token_refused = token_refused;
    });
}

/// Counts a subscription that was granted.
pub fn authorization_granted() {
    count("AuthorizationsGranted".to_owned(), 1);
}

/// Counts a subscription that was refused, by reason: `unauthenticated`, `malformed`, `forbidden`, `throttled` or
/// `failed`.
pub fn authorization_refused(reason: &str) {
    count(format!("AuthorizationsRefused.{reason}"), 1);
}

/// Counts a user whose e-mail is turned off by what SES says: a `bounce` or a `complaint`.
pub fn email_turned_off(reason: &str) {
    count(format!("EmailTurnedOff.{reason}"), 1);
}

/// Counts an e-mail that SES did not send, because the address is on a suppression list.
pub fn email_suppressed() {
    count("EmailSuppressed".to_owned(), 1);
}

/// Counts a delivery by kind (`pusher`, `push`, …) and outcome, and logs it by the request that caused it: all lines about one
/// event name that request's id.
pub fn delivery(request_id: Option<&str>, kind: &str, outcome: &str) {
    count(format!("Deliveries.{kind}.{outcome}"), 1);
    current(|fields| fields.deliveries.push(json!([request_id.unwrap_or_default(), kind, outcome])));
}

/// The places in namespaces that the last heartbeat of this run found taken. Not a count: a further call replaces it.
pub fn connections(found: usize) {
    let found = found.try_into().unwrap_or(u64::MAX);
    current(|fields| {
        fields.counts.insert("Sockets.connections".to_owned(), found);
    });
}

/// Counts the connections that had ended without a word.
pub fn connections_gone(gone: usize) {
    count("Sockets.gone".to_owned(), gone.try_into().unwrap_or(u64::MAX));
}

/// Counts a device whose token belongs to another Firebase project.
pub fn other_sender() {
    count("Pushes.other-sender".to_owned(), 1);
}

/// Notes a refusal that lasts until an operator mends credentials, permissions or an account, and counts it as `OperatorErrors`.
/// `OperatorErrorAlarm` rings within a minute. The refused request is tried again.
pub fn operator_error(text: String) {
    count("OperatorErrors".to_owned(), 1);
    failure(text);
}

/// Counts elements of another service's list that were left out because they do not parse.
pub fn foreign_elements_skipped(elements: usize) {
    if elements > 0 {
        count("ForeignElements.skipped".to_owned(), elements.try_into().unwrap_or(u64::MAX));
    }
}

/// Notes the age of something that is not delivered yet, in milliseconds. The line holds the largest.
pub fn undelivered(age: i64) {
    current(|fields| fields.oldest_undelivered = Some(fields.oldest_undelivered.map_or(age, |oldest| oldest.max(age))));
}

/// Adds a member to the invocation's line.
pub fn note(name: &str, value: impl Into<Value>) {
    current(|fields| {
        fields.notes.insert(name.to_owned(), value.into());
    });
}

/// Notes an error that no client sees.
pub fn cause(error: &(dyn std::error::Error + 'static)) {
    failure(chain(error));
}

/// Notes a failure that no client sees. The same text is noted only once.
pub fn failure(text: String) {
    current(|fields| {
        if !fields.causes.contains(&text) {
            fields.causes.push(text);
        }
    });
}

/// An error and its causes, on one line.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_says_what_happened_and_declares_its_metrics() {
        let record = Record::new("r-1", "POST /kudos");
        record
            .scope(async {
                authorization_refused("forbidden");
                delivery(Some("r-0"), "pusher", "delivered");
                delivery(None, "pusher", "delivered");
                undelivered(5);
                undelivered(3);
                connections(3);
                connections(2);
                connections_gone(3);
                connections_gone(2);
            })
            .await;
        record.responded(201);
        let line: Value = serde_json::from_str(&record.line("dev")).unwrap();
        assert_eq!(line["requestId"], "r-1");
        assert_eq!(line["route"], "POST /kudos");
        assert_eq!(line["outcome"], "ok");
        assert_eq!(line["status"], 201);
        assert_eq!(line["Deliveries.pusher.delivered"], 2);
        assert_eq!(line["deliveries"], json!([["r-0", "pusher", "delivered"], ["", "pusher", "delivered"]]));
        assert_eq!(line["OldestUndeliveredAge"], 5);
        assert_eq!(
            (&line["Sockets.connections"], &line["Sockets.gone"]),
            (&json!(2), &json!(5)),
            "the last, and the sum"
        );
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Carillon");
        let names: Vec<_> =
            directive["Metrics"].as_array().unwrap().iter().map(|m| m["Name"].as_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "AuthorizationsRefused.forbidden",
                "Deliveries.pusher.delivered",
                "Sockets.connections",
                "Sockets.gone",
                "OldestUndeliveredAge"
            ]
        );
        for name in names {
            assert!(line[name].is_number(), "{name} is declared and has a value");
        }
    }

    #[test]
    fn a_line_without_metrics_declares_none() {
        let line: Value = serde_json::from_str(&Record::new("r", "x").line("dev")).unwrap();
        assert!(line.get("_aws").is_none());
    }

    #[tokio::test]
    async fn a_routine_invocation_has_a_line_only_when_something_fails() {
        let record = Record::new("r", "$default");
        record.scope(async { routine() }).await;
        assert!(!record.has_line());
        record.cause("the table does not respond");
        assert!(record.has_line());
    }

    #[test]
    fn an_unseen_error_makes_the_line_an_error() {
        let record = Record::new("r", "x");
        record.cause("the table does not respond");
        let line: Value = serde_json::from_str(&record.line("dev")).unwrap();
        assert_eq!((&line["level"], &line["outcome"]), (&json!("error"), &json!("failed")));
    }
}

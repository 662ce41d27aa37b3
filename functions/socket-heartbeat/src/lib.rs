//! Pings all WebSocket connections every `HEARTBEAT_SECONDS`; runs every minute.

use std::time::{Duration, Instant};

use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use shared::App;
use shared::contract::time::Millis;
use shared::gateway;
use shared::sockets::beats::{self, Beat};
use shared::sockets::framing::PING_TIMEOUT_MILLISECONDS;
use shared::sockets::heartbeat::{self, HeartbeatReport, Round};
use shared::telemetry::{self, Record};

/// The part of the function's time-out that is kept for finishing the pings that were begun.
const RESERVE: Duration = Duration::from_secs(5);

/// The time for a run where nobody says when the function will be stopped.
const DEFAULT_BUDGET: Duration = Duration::from_secs(70);

/// When this run was due: the schedule's own time. A run by hand is due now.
fn due(event: &Value) -> Millis {
    event["time"].as_str().and_then(Millis::parse).unwrap_or_else(Millis::now)
}

/// Does this run's heartbeats; returns the report of each. A run without one, where the interval is over a minute, only ends the
/// connections that are to be ended. Where nobody is connected, it ends at the first.
///
/// # Errors
/// When the connections cannot be listed. The next run tries again.
pub async fn handle(app: &App, event: LambdaEvent<Value>) -> Result<Value, String> {
    let record = Record::new(&event.context.request_id, "socket-heartbeat");
    let left = match event.context.deadline {
        0 => DEFAULT_BUDGET,
        stop => Millis::now().until(Millis(i64::try_from(stop).unwrap_or(i64::MAX))),
    };
    let deadline = Instant::now() + left.saturating_sub(RESERVE);
    // Boxed, because the nested futures are too large for the compiler to lay out.
    let work = Box::pin(run(app, due(&event.payload), &event.context.request_id, deadline));
    let done = record.scope(work).await;
    record.print();
    done
}

async fn run(app: &App, due: Millis, request_id: &str, deadline: Instant) -> Result<Value, String> {
    let (beats, ()) = tokio::join!(beats(app, due, request_id, deadline), keep_alive(app, request_id, deadline));
    beats
}

/// Keeps the connections of clients of Pusher alive, where this stack serves them. Its failure is in the log alone: the next run tries
/// again.
async fn keep_alive(app: &App, request_id: &str, deadline: Instant) {
    if !app.settings.serves_channels {
        return;
    }
    let kept = match app.gateway() {
        Ok(gateway) => gateway::keep_alive(&gateway, &app.writer(request_id), deadline).await,
        Err(error) => return telemetry::failure(error.to_string()),
    };
    match kept {
        Ok(report) => telemetry::note("keptAlive", json!(report)),
        Err(error) => telemetry::cause(&error),
    }
}

async fn beats(app: &App, due: Millis, request_id: &str, deadline: Instant) -> Result<Value, String> {
    let mut past = beats::past(&app.table, due).await.map_err(failed)?;
    let mut plan = beats::plan(due, app.settings.heartbeat_seconds, past.first().map(|beat| beat.due));
    // A run that began late leaves out those that the next one has overtaken.
    let overtaken = plan.iter().filter(|beat| **beat <= Millis::now()).count().saturating_sub(1);
    plan.drain(..overtaken);
    let mut reports: Vec<HeartbeatReport> = Vec::new();
    for due in plan.iter().copied() {
        let pause = Millis::now().until(due);
        if Instant::now() + pause > deadline {
            break;
        }
        tokio::time::sleep(pause).await;
        let (report, beat) = one(app, due, &past, request_id, deadline).await?;
        if !report.cut {
            past.insert(0, beat);
        }
        let is_empty = report.connections == 0 && report.waiting == 0;
        reports.push(report);
        if is_empty {
            break;
        }
    }
    if plan.is_empty() {
        reports.push(round(app, false, &past, request_id, deadline).await?);
    }
    if let Some(last) = reports.last() {
        telemetry::connections(last.connections);
    }
    let reports = json!(reports);
    telemetry::note("heartbeats", reports.clone());
    Ok(reports)
}

fn failed(error: impl std::error::Error + 'static) -> String {
    telemetry::cause(&error);
    error.to_string()
}

/// The heartbeat that was due at this time, after these.
///
/// # Errors
/// In words, when the connections cannot be listed.
pub async fn one(
    app: &App,
    due: Millis,
    past: &[Beat],
    request_id: &str,
    deadline: Instant,
) -> Result<(HeartbeatReport, Beat), String> {
    let begun = Millis::now();
    let report = round(app, true, past, request_id, deadline).await?;
    let beat = Beat { due, begun, ended: Millis::now() };
    // One that was cut off did not ping everybody: nobody need answer it, and the next one is due at once.
    if !report.cut {
        beats::keep(&app.table, beat).await.map_err(failed)?;
    }
    Ok((report, beat))
}

async fn round(
    app: &App,
    pings: bool,
    past: &[Beat],
    request_id: &str,
    deadline: Instant,
) -> Result<HeartbeatReport, String> {
    let (connections, writer) = (app.connections().map_err(|error| error.to_string())?, app.writer(request_id));
    let heard_since = beats::to_be_answered(past, i64::from(PING_TIMEOUT_MILLISECONDS), Millis::now());
    let round = Round { pings, heard_since };
    let beat = heartbeat::beat(&app.table, connections, &writer, round, deadline);
    let (report, pending) = beat.await.map_err(failed)?;
    app.deliver(pending).await;
    telemetry::connections_gone(report.gone);
    Ok(report)
}

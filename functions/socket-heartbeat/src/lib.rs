//! Pings all WebSocket connections every `HEARTBEAT_SECONDS`; runs every minute.

use std::time::{Duration, Instant};

use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use shared::App;
use shared::contract::time::Millis;
use shared::sockets::heartbeat::{self, Report};
use shared::telemetry::{self, Record};

/// From one run to the next.
const MINUTE_MILLISECONDS: i64 = 60_000;
/// The part of the function's time-out that is kept for finishing the pings that were begun.
const RESERVE: Duration = Duration::from_secs(5);

/// The time for a run where nobody says when the function will be stopped.
const DEFAULT_BUDGET: Duration = Duration::from_secs(70);

/// The moments of this run's heartbeats: the multiples of the interval in the minute that begins now. An interval longer than
/// a minute leaves some runs without any.
fn beats(now: Millis, seconds: u32) -> Vec<Millis> {
    let interval = i64::from(seconds) * 1000;
    let first = (now.0 + interval - 1).div_euclid(interval) * interval;
    std::iter::successors(Some(first), |beat| Some(beat + interval))
        .take_while(|beat| *beat < now.0 + MINUTE_MILLISECONDS)
        .map(Millis)
        .collect()
}

/// Does this minute's heartbeats; returns the report of each. Where nobody is connected, it ends at the first.
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
    let work = Box::pin(async {
        let mut reports: Vec<Report> = Vec::new();
        for beat in beats(Millis::now(), app.settings.heartbeat_seconds) {
            // The first one is due at once: a run begins where the one before ended, give or take a second.
            let pause = if reports.is_empty() { Duration::ZERO } else { Millis::now().until(beat) };
            if Instant::now() + pause > deadline {
                break;
            }
            tokio::time::sleep(pause).await;
            let report = one(app, &event.context.request_id, deadline).await?;
            let is_empty = report.connections == 0;
            reports.push(report);
            if is_empty {
                break;
            }
        }
        let reports = json!(reports);
        telemetry::note("heartbeats", reports.clone());
        Ok(reports)
    });
    let done = record.scope(work).await;
    record.print();
    done
}

/// One heartbeat.
///
/// # Errors
/// In words, when the connections cannot be listed.
pub async fn one(app: &App, request_id: &str, deadline: Instant) -> Result<Report, String> {
    let connections = app.connections().map_err(|problem| problem.to_string())?;
    let writer = app.writer(request_id);
    let (report, owed) = heartbeat::beat(&app.table, connections, &writer, deadline).await.map_err(|error| {
        telemetry::cause(&error);
        error.to_string()
    })?;
    app.deliver(owed).await;
    telemetry::connections(report.connections, report.gone);
    Ok(report)
}

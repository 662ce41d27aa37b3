//! Corrects the rooms after a missed webhook; runs every minute.

use std::time::Duration;

use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use shared::App;
use shared::contract::time::Millis;
use shared::rooms::reconcile::{self, ReconcileError};
use shared::telemetry::{self, Record};

/// The part of the function's time-out that is kept for finishing the rooms that were begun.
const RESERVE: Duration = Duration::from_secs(10);

/// Compares as many rooms as there is time for; returns a report.
///
/// # Errors
/// When the rooms cannot be listed. The next run tries again.
pub async fn handle(app: &App, event: LambdaEvent<Value>) -> Result<Value, ReconcileError> {
    let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
    let left = Duration::from_millis(deadline.saturating_sub(Millis::now().0).try_into().unwrap_or_default());
    let record = Record::new(&event.context.request_id, "presence-reconcile");
    // Boxed, because the nested futures are too large for the compiler to lay out.
    let work = Box::pin(async {
        let budget = left.saturating_sub(RESERVE);
        let writer = app.writer(&event.context.request_id);
        let report = reconcile::run(&app.table, &writer, app.channels()?, |rows| app.deliver(rows), budget).await;
        let report = json!(report.inspect_err(|error| telemetry::cause(error))?);
        telemetry::note("report", report.clone());
        Ok(report)
    });
    let done = record.scope(work).await;
    record.print();
    done
}

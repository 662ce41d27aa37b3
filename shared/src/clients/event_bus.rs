//! Amazon EventBridge, through the AWS SDK (EventBridge API, `PutEvents`).
//!
//! One attempt per call: a request that timed out may have been processed, so the outbox decides about the next attempt.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};

use super::aws::AwsError;
use crate::contract::facts::SOURCE;
use crate::contract::time::Millis;

/// Most entries of a request (EventBridge API, `PutEvents`).
pub(crate) const MAX_ENTRIES: usize = 10;
/// Most bytes of a request (EventBridge user guide, "Calculating PutEvents event entry size"), less some for each entry's own fields.
pub(crate) const MAX_BYTES: usize = 240 * 1024;

/// An event to put on the bus.
#[derive(Debug, Clone)]
pub(crate) struct BusEvent {
    pub(crate) name: String,
    pub(crate) time: Millis,
    /// JSON text of an object.
    pub(crate) detail: String,
}

/// How a request, or one of its entries, ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BusOutcome {
    Taken,
    /// It never will be taken.
    Refused(String),
    /// It may be taken later: too many at once, or an outage.
    Later(String),
    /// It will be once an operator has mended a permission or the bus.
    Operator(String),
}

/// The stage's bus.
#[derive(Debug, Clone)]
pub(crate) struct EventBus {
    client: aws_sdk_eventbridge::Client,
    name: String,
}

impl EventBus {
    /// The bus of this name.
    pub(crate) fn new(config: &SdkConfig, name: &str) -> Self {
        let config = aws_sdk_eventbridge::config::Builder::from(config).retry_config(RetryConfig::disabled()).build();
        Self { client: aws_sdk_eventbridge::Client::from_conf(config), name: name.to_owned() }
    }

    /// Puts up to ten events, of 240 KB together. Each has its own result.
    ///
    /// # Errors
    /// [`AwsError::NoResponse`] if the events may have been taken, [`AwsError::Refused`] if none was.
    pub(crate) async fn put(&self, events: &[BusEvent]) -> Result<Vec<BusOutcome>, AwsError> {
        let entry = |event: &BusEvent| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.name)
                .source(SOURCE)
                .detail_type(&event.name)
                .time(DateTime::from_millis(event.time.0))
                .detail(&event.detail)
                .build()
        };
        let request = self.client.put_events().set_entries(Some(events.iter().map(entry).collect()));
        let sent = Box::pin(request.send()).await.map_err(|error| AwsError::new("EventBridge PutEvents", error))?;
        let mut results: Vec<_> = sent.entries().iter().map(result).collect();
        // An entry without a result may not have been taken.
        results.resize(events.len(), BusOutcome::Later("no result".to_owned()));
        Ok(results)
    }
}

fn result(entry: &PutEventsResultEntry) -> BusOutcome {
    match entry.error_code() {
        None => BusOutcome::Taken,
        Some(code) => BusOutcome::of_error(400, code),
    }
}

impl BusOutcome {
    /// Reads an error's code (EventBridge API, `PutEvents` and "Common Errors"). The message is left out: it may quote the event.
    pub(crate) fn of_error(status: u16, code: &str) -> Self {
        let code = code.to_owned();
        match code.as_str() {
            "InvalidArgument"
            | "InvalidArgumentException"
            | "MalformedDetail"
            | "ValidationException"
            | "ValidationError"
            | "NotAuthorizedForSourceException"
            | "NotAuthorizedForDetailTypeException" => Self::Refused(code),
            "AccessDeniedException"
            | "ResourceNotFoundException"
            | "OperationDisabledException"
            | "InvalidSignatureException"
            | "UnrecognizedClientException"
            | "ExpiredTokenException" => Self::Operator(code),
            _ if matches!(status, 401 | 403) => Self::Operator(code),
            _ if status == 413 => Self::Refused(code),
            _ => Self::Later(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permanent_refusal_differs_from_a_fault_that_passes_and_from_an_operators() {
        let code = |status, code| BusOutcome::of_error(status, code);
        assert!(matches!(code(400, "MalformedDetail"), BusOutcome::Refused(_)));
        assert!(matches!(code(413, "RequestEntityTooLarge"), BusOutcome::Refused(_)));
        for passing in ["ThrottlingException", "InternalFailure", "InternalException", "ServiceUnavailable"] {
            assert!(matches!(code(400, passing), BusOutcome::Later(_)), "{passing}");
        }
        assert!(matches!(code(400, "AccessDeniedException"), BusOutcome::Operator(_)));
        assert!(matches!(code(403, "IncompleteSignature"), BusOutcome::Operator(_)));
    }
}

//! A line of the report: what became of the events of one kind.

use std::time::Duration;

/// A line of the report.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ReportLine {
    pub(super) name: &'static str,
    pub(super) accepted: u64,
    pub(super) delivered: u64,
    pub(super) duplicated: u64,
    /// `None` if events of this kind have no order.
    pub(super) out_of_order: Option<u64>,
    /// Not delivered to whom it had to be, not pending, and no dead letter.
    pub(super) lost: u64,
    /// Not heard by any connection, and none had to hear it; `None` with a Pusher server.
    pub(super) unheard: Option<u64>,
    /// How many times a connection had to hear an event of this kind; `None` with a Pusher server.
    pub(super) duties: Option<usize>,
    /// From acceptance to the first delivery.
    pub(super) longest_wait: Option<Duration>,
}

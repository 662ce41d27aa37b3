//! The faults that a stand-in may have, and the rest that both of its APIs share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tokio::sync::broadcast;

pub(super) const MEMBER: &str = "member.of.token";
pub(super) const SERVICE: &str = "service.of.token";
pub(super) const EXPIRED: &str = "expired.of.token";
pub(super) const ORIGIN: &str = "https://app.example";
/// The member's id.
pub(super) const USER: &str = "ada";

/// The one thing that is wrong with the stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    None,
    /// It answers one request otherwise. The request is named by its caller, method and path, and by its origin or channel.
    Answers {
        request: &'static str,
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    },
    /// It does not answer this request.
    Hangs(&'static str),
    /// Its WebSocket API does this.
    Socket(&'static str),
    /// Its first response about its health says that Pusher is out of reach.
    SlowStart,
    /// It repeats the token of every request.
    Echoes,
}

impl Fault {
    pub(super) const fn answers(request: &'static str, status: u16, body: &'static str) -> Self {
        Self::Answers { request, status, headers: &[], body }
    }

    /// Whether it is this fault of the WebSocket API.
    pub(super) fn is(self, name: &str) -> bool {
        matches!(self, Self::Socket(fault) if fault == name)
    }
}

/// Shared by both APIs.
#[derive(Clone)]
pub(super) struct ServerState {
    pub(super) fault: Fault,
    /// Events for dashboards: the channel and the frame.
    pub(super) events: broadcast::Sender<(String, Value)>,
    pub(super) looks_at_health: Arc<AtomicU32>,
}

impl ServerState {
    /// How often the health was asked for before.
    pub(super) fn look(&self) -> u32 {
        self.looks_at_health.fetch_add(1, Ordering::Relaxed)
    }
}

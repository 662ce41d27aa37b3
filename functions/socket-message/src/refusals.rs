//! How a client learns that its frame was refused: by an `error` event, an acknowledgement, or Socket.IO's `connect_error`.

use serde_json::{Value, json};
use shared::contract::sockets::Outgoing;
use shared::contract::time::Millis;
use shared::sockets::{Answer, Asked, FrameOutcome, Incoming, Socket, direct, replies};
use shared::{ApiError, telemetry};

use super::Frame;

/// The outcome of a refused frame. Only a frame that breaks the protocol closes the connection: a client of Socket.IO reconnects
/// by itself, and with `retries` it sends the same frame again.
pub(crate) fn refusal(socket: &Socket, frame: &Frame, error: &ApiError) -> FrameOutcome {
    let (asked, closes) = match answer(frame) {
        Answer::Refusal(namespace) => return FrameOutcome::replies([connect_error(&namespace, error)]),
        Answer::Error(asked) => (asked, false),
        Answer::End => (Asked::default(), true),
    };
    let data = replies::error(error, &asked, Millis::now());
    let mut replies = replies::error_events(socket, asked.namespace, &data);
    if let (true, Some(namespace)) = (replies.is_empty(), asked.namespace) {
        // A connection in no namespace gets no events.
        replies.push(connect_error(&format!("/{namespace}"), error));
    }
    if let (Ok(Incoming::Event(event)), ApiError::TooManyRequests(_)) = (frame, error)
        && direct::is_ephemeral(&event.name)
    {
        replies.clear();
    }
    if let (Some(id), Some(namespace)) = (asked.acknowledge, asked.namespace) {
        replies.push(Outgoing::Acknowledgement { namespace, id, data: json!({ "error": data }) });
    }
    FrameOutcome { closes, ..FrameOutcome::replies(replies) }
}

pub(crate) fn connect_error(namespace: &str, error: &ApiError) -> Outgoing {
    let data = match (error.retry_after(), error.status().as_u16()) {
        (Some(seconds), _) => json!({ "retryAfter": seconds }),
        // Another token may help.
        (None, status @ (401 | 403)) => json!({ "status": status }),
        _ => Value::Null,
    };
    Outgoing::Refused { namespace: namespace.to_owned(), message: error.to_string(), data }
}

/// Notes in the log why a sign-in was refused, as that of a handshake is.
pub(crate) fn note(error: &ApiError) {
    if !matches!(error, ApiError::Internal(_)) {
        telemetry::refused(&error.log_text(), error.token_refused());
    }
}

fn answer(frame: &Frame) -> Answer {
    match frame {
        Ok(Incoming::Event(event)) => Answer::Error(event.asked()),
        Ok(Incoming::Join(Ok(join))) => Answer::Refusal(format!("/{}", join.namespace)),
        Ok(Incoming::Join(Err(name))) => Answer::Refusal(name.clone()),
        Ok(_) => Answer::Error(Asked::default()),
        Err(unreadable) => unreadable.answer.clone(),
    }
}

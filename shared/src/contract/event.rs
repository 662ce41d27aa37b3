//! What all events have in common. An event is a struct that serializes as its payload; what it is not sent with, such as
//! the id that names its channel, is skipped.

use serde::Serialize;

use super::channel::Channel;

/// Most bytes of an event's data (Pusher Channels docs, "Publishing events": 10 KB).
pub const MAX_EVENT_BYTES: usize = 10 * 1024;

/// Something that happened, for whoever listens on its channel.
pub trait Event: Serialize {
    /// The name that clients bind to.
    const NAME: &'static str;

    /// The channel that it is sent on.
    fn channel(&self) -> Channel;

    /// The payload, as JSON text.
    fn data(&self) -> String {
        serde_json::to_string(self).expect("events are strings, booleans and maps with string keys")
    }
}

//! The trait of all events. An event is a struct that serializes as its payload. Fields that are not in the
//! payload, such as the id in the channel's name, are skipped.

use serde::Serialize;

use crate::channel::Channel;

/// Most bytes of an event's data (Pusher Channels docs, "Publishing events": 10 KB).
pub const MAX_EVENT_BYTES: usize = 10 * 1024;

/// Longest name of an event that is not the contract's, in characters (Pusher Channels docs, "HTTP API reference").
pub const MAX_EVENT_NAME: usize = 200;

/// Something that happened, sent to the subscribers of a channel.
pub trait Event: Serialize {
    /// The name that clients bind to.
    const NAME: &'static str;

    fn channel(&self) -> Channel;

    /// The payload, as JSON text.
    fn data(&self) -> String {
        serde_json::to_string(self).expect("events are strings, booleans and maps with string keys")
    }
}

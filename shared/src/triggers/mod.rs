//! Pusher's HTTP API, for other back ends: their server libraries send here what they would send to Pusher.
//!
//! A request to trigger events is one row, which owes them. So it is answered once they are stored, and delivered as all others: in their
//! order, again while Pusher is away, and as dead letters in the end. Sources: Pusher Channels docs, "HTTP API reference", "Channel naming
//! conventions", "Sending events to authenticated users".
//!
//! | file | what it is |
//! |---|---|
//! | `request` | what may be asked for, by Pusher's rules |
//! | `accept` | the row |
//! | `counts` | how many are subscribed (`info`) |
//! | `questions` | what is passed on to Pusher |

mod accept;
mod counts;
mod questions;
mod request;

pub use accept::{accept, terminate};
pub use counts::{of_batch, of_event};
pub use questions::{channel, channels, users};
pub use request::{MAX_BODY_BYTES, NewAppEvent, NewBatch, Triggered};

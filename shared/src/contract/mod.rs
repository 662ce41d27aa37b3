//! What clients rely on, word for word: ids, channels, times, and the events that they bind to, a file a system.
//!
//! `docs/asyncapi.yaml` says the same for machines; a test holds the two together.

pub mod channel;
pub mod event;
pub mod id;
pub mod notifications;
pub mod parties;
pub mod person;
pub mod quiet_hours;
pub mod rooms;
pub mod socket_id;
pub mod time;

//! The contract with clients, and the keys of the table: ids, channels, times, the events of each system, keys.
//!
//! `docs/asyncapi.yaml` has the events in machine-readable form; a test compares the two. A crate of its own, so that `cargo local`
//! builds this and not the AWS SDK before anything starts. `shared` re-exports it.

pub mod any_channel;
pub mod channel;
pub mod chats;
pub mod email;
pub mod event;
pub mod id;
pub mod key;
pub mod leases;
pub mod notifications;
pub mod parties;
pub mod person;
pub mod quiet_hours;
pub mod rooms;
pub mod socket_id;
pub mod sockets;
pub mod text;
pub mod time;

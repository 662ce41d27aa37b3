//! The contract with clients: ids, channels, times, and the events of each system.
//!
//! `docs/asyncapi.yaml` is the same in machine-readable form; a test compares the two.

pub mod channel;
pub mod chats;
pub mod email;
pub mod event;
pub mod id;
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

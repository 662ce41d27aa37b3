//! Clients of other services: how to reach them, and what their responses mean.

pub mod aws;
pub mod breaker;
pub mod bucket;
pub mod connections;
pub(crate) mod event_bus;
pub mod fcm;
pub mod https;
pub mod pusher;
pub mod secrets_manager;
pub mod ses;
pub mod socket_io;
pub mod webhook_endpoint;

//! Clients of other services: how to reach them, and what their responses mean.

pub mod aws;
pub mod breaker;
pub mod fcm;
pub mod https;
pub mod pusher;
pub mod ses;

//! The clients of others: how they are reached, and what their responses mean.

pub mod aws;
pub mod fcm;
pub mod https;
pub mod pusher;

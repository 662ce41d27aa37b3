//! What every Carillon function is made of.
//!
//! A function's handler says what happens; the modules here say how. Dependencies between them point one way:
//!
//! ```text
//! authorization, kudos, presence, reconcile, notification, party   what the product does
//!   -> outbox, delivery, store, idempotency                    how a write carries its events, and how they arrive
//!     -> pusher, fcm, device                                    the clients of others, and whom they reach
//!       -> contract, channel, socket_id, id, time               the names and shapes that clients rely on
//! http, identity, settings, telemetry, app                      who calls, what they are told, what we log
//! aws, https, jws                                               how others are reached, and tokens read
//! ```

pub mod app;
pub mod authorization;
pub mod aws;
pub mod book;
pub mod channel;
pub mod contract;
pub mod delivery;
pub mod device;
pub mod fcm;
pub mod http;
pub mod https;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod jws;
pub mod key;
pub mod kudos;
pub mod notification;
pub mod outbox;
mod page;
pub mod party;
pub mod presence;
pub mod profile;
pub mod push;
pub mod pusher;
pub mod quiet_hours;
pub mod rate_limit;
pub mod reconcile;
pub mod settings;
pub mod socket_id;
pub mod store;
pub mod telemetry;
pub mod time;
mod tries;

pub use app::App;

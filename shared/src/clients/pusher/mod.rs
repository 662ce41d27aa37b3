//! Pusher Channels: signatures, the HTTP API, encrypted channels, webhooks.
//!
//! Written here because the crates for it lack batches, TLS or a usable licence.

mod client;
mod encryption;
mod signature;
mod webhook;

pub(crate) use client::MAX_BATCH;
pub use client::{ChannelInfo, PusherClient, PusherError, PusherEvent};
pub use encryption::{EncryptionError, SharedSecret};
pub use signature::{ApiRequest, Signer};
pub use webhook::{Webhook, WebhookEvent};

pub(crate) use webhook::verify as verify_webhook;

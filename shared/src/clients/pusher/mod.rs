//! Pusher Channels: signatures, the HTTP API, encrypted channels, webhooks.
//!
//! Written here because the crates for it lack batches, TLS or a usable licence.

mod app_webhook;
mod caller;
mod client;
mod encryption;
mod event;
pub mod frames;
mod signature;
mod webhook;

pub use app_webhook::{AppWebhook, ReportedEvent};
pub(crate) use client::MAX_BATCH;
pub(crate) use client::sealed;
pub use client::{ChannelInfo, PusherClient, PusherError};
pub use encryption::{EncryptionError, SharedSecret};
pub use event::{AppEvent, PusherEvent, check_channel, check_event};
pub use signature::{ApiRequest, ReceivedRequest, Signer};
pub use webhook::{MEMBER_ADDED, MEMBER_REMOVED, Webhook, WebhookEvent};

pub(crate) use caller::verify as verify_caller;
pub(crate) use webhook::verify as verify_webhook;

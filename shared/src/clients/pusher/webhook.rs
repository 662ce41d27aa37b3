//! Webhooks: Pusher's reports of what happened in channels.

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::Signer;
use crate::api_error::ApiError;
use crate::contract::time::Millis;
use crate::json::{self, Part};
use crate::lenient::Lenient;

/// Oldest webhook that is accepted, in milliseconds: Pusher stops retrying one after five minutes.
const MAX_AGE_MILLIS: i64 = 5 * 60 * 1000;
/// How far a webhook's time may be ahead of this clock, in milliseconds.
const MAX_AHEAD_MILLIS: i64 = 60 * 1000;

/// The name of the event of a user who entered a presence channel.
pub const MEMBER_ADDED: &str = "member_added";
/// The name of the event of a user who left it.
pub const MEMBER_REMOVED: &str = "member_removed";

/// A verified webhook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Webhook {
    /// When Pusher created it, in milliseconds since 1970. A retry keeps this time.
    pub time_ms: i64,
    /// In the order in which they happened. An event that does not parse is left out, such as one of another back end's channel
    /// with a number as `user_id`.
    pub events: Lenient<WebhookEvent>,
}

/// Something that happened in a channel. The further fields of some kinds are not used here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// `member_added`, `member_removed`, `channel_occupied`, …
    pub name: String,
    #[serde(default)]
    pub channel: String,
    /// The user who entered or left; presence channels only.
    #[serde(default)]
    pub user_id: Option<String>,
}

/// Reads a webhook from a request's headers and body. Checks the signature over the raw body before anything else.
///
/// `signers` are that of the current key and, during a rotation, that of the previous one; `X-Pusher-Key` says which
/// applies.
///
/// # Errors
/// 401 for a webhook that Pusher did not sign or that is too old, 400 for a signed body that is not a webhook.
pub(crate) fn verify(headers: &HeaderMap, body: &[u8], signers: &[&Signer], now: Millis) -> Result<Webhook, ApiError> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(key), Some(signature)) = (header("x-pusher-key"), header("x-pusher-signature")) else {
        return Err(ApiError::Unsigned("Webhooks need the headers X-Pusher-Key and X-Pusher-Signature"));
    };
    let signer = signers.iter().find(|signer| signer.key() == key);
    if !signer.is_some_and(|signer| signer.signed(body, signature)) {
        return Err(ApiError::Unsigned("The webhook's signature does not match; check the app's key and secret"));
    }
    let webhook: Webhook = json::from_slice(Part::Webhook, body)?;
    let age = now.0.saturating_sub(webhook.time_ms);
    if !(-MAX_AHEAD_MILLIS..=MAX_AGE_MILLIS).contains(&age) {
        return Err(ApiError::Unsigned("The webhook is not from the last five minutes"));
    }
    Ok(webhook)
}

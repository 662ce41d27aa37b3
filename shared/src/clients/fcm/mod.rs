//! Firebase Cloud Messaging, HTTP v1: pushes to phones and browsers.
//!
//! A service account signs an assertion (`assertion`). Google's token endpoint exchanges it for an access token
//! (`access`). Each device's message is one request, and all requests share one HTTP/2 connection (`client`).
//!
//! Written here because the crates for it bring HTTP and token clients of their own, and do not tell a device's fault from a
//! message's.

mod access;
mod assertion;
mod client;
mod message;
mod response;
mod token;

use std::time::{Duration, Instant};

pub use client::FcmClient;
pub use message::{FcmMessage, MAX_MESSAGE_BYTES};
pub use response::{Failure, Refusal, failure, retry_after};
pub use token::{DeviceToken, InvalidToken};

/// Time-out of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(4);
/// Most bytes of a response. The documented ones of both servers have less than 4 KB.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// Google's servers, unless `FCM_ENDPOINT` names a stand-in.
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";
const FCM_ADDRESS: &str = "https://fcm.googleapis.com";

/// Sends a request. If its connection turns out to be dead before the time-out, sends it once more over a new one: a
/// connection may die unnoticed while Lambda has the process frozen.
async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    let (started, again) = (Instant::now(), request.try_clone());
    match (request.send().await, again) {
        // A connection whose pings get no response is closed before the request times out.
        (Err(error), Some(again)) if !error.is_connect() && started.elapsed() < REQUEST_TIMEOUT => again.send().await,
        (sent, _) => sent,
    }
}

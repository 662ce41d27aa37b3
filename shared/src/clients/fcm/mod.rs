//! Firebase Cloud Messaging, HTTP v1: pushes to phones and browsers.
//!
//! A service account signs an assertion (`assertion`), Google's token endpoint gives an access token for it (`access`), and
//! each device's message is a request of its own over one HTTP/2 connection (`client`).

mod access;
mod answer;
mod assertion;
mod client;
mod message;
mod token;

use std::time::{Duration, Instant};

pub use answer::Refusal;
pub use client::Client;
pub use message::{MAX_MESSAGE_BYTES, Message};
pub use token::{InvalidToken, Token};

/// One request's time-out.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Google's servers, unless `FCM_ENDPOINT` names a stand-in.
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";
const FCM_ADDRESS: &str = "https://fcm.googleapis.com";

/// Sends a request; once more over a new connection when its own turns out to be dead before the request's time is up. Lambda
/// freezes processes, and a connection may have died meanwhile without a word.
async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    let (asked, again) = (Instant::now(), request.try_clone());
    match (request.send().await, again) {
        // A connection whose pings are not answered ends before the request's own time is up.
        (Err(error), Some(again)) if !error.is_connect() && asked.elapsed() < TIMEOUT => again.send().await,
        (sent, _) => sent,
    }
}

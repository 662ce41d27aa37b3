//! Firebase Cloud Messaging, HTTP v1: pushes to phones and browsers.
//!
//! A service account signs an assertion (`assertion`), Google's token endpoint gives an access token for it (`access`), and
//! each device's message is a request of its own over one HTTP/2 connection (`client`).

mod access;
mod answer;
mod assertion;
mod client;
mod message;

pub use answer::Refusal;
pub use client::Client;
pub use message::{Message, TooLarge};

/// Google's servers, unless `FCM_ENDPOINT` names a stand-in.
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";
const FCM_ADDRESS: &str = "https://fcm.googleapis.com";

/// Sends a request, and once more when its connection is lost: that may have happened long ago, unnoticed.
async fn ask(request: reqwest::RequestBuilder) -> Result<reqwest::Response, reqwest::Error> {
    let again = request.try_clone();
    match (request.send().await, again) {
        (Err(error), Some(again)) if !error.is_timeout() && !error.is_connect() => again.send().await,
        (outcome, _) => outcome,
    }
}

//! Firebase Cloud Messaging, HTTP v1: pushes to phones and browsers.
//!
//! A service account signs an assertion (`assertion`), Google's token endpoint gives an access token for it (`access`), and
//! each device's message is a request of its own over one HTTP/2 connection (`client`).

mod access;
mod answer;
mod assertion;
mod client;
mod connection;
mod message;

use std::time::Duration;

pub use answer::Refusal;
pub use client::Client;
pub use message::{Message, TooLarge};

/// One request's time-out.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Google's servers, unless `FCM_ENDPOINT` names a stand-in.
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";
const FCM_ADDRESS: &str = "https://fcm.googleapis.com";

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

/// What Google's answers are read with; Google's servers, or the stand-in of `FCM_ENDPOINT`.
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";
const FCM_ADDRESS: &str = "https://fcm.googleapis.com";

//! Signatures of Pusher's.

/// Any socket id: nothing is sent to it.
pub(super) const SOCKET_ID: &str = "1234.5678";

/// Whether it has the shape of a signature of Pusher's: the app's key and an HMAC-SHA256 in hexadecimal.
pub(super) fn is_signature(text: &str) -> bool {
    let digits = |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    text.split_once(':').is_some_and(|(key, signature)| !key.is_empty() && digits(signature))
}

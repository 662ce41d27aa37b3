//! FCM's responses other than 200. A token is forgotten only for a fault of the device.
#![no_main]

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use shared::clients::fcm::{Failure, Refusal, failure, retry_after};
use shared::contract::time::Millis;

// Three digits of the status, `Retry-After` up to a line feed, then the body.
fuzz_target!(|input: &[u8]| {
    let Some((status, rest)) = input.split_at_checked(3) else { return };
    let Some(status) = std::str::from_utf8(status).ok().and_then(|digits| digits.parse::<u16>().ok()) else { return };
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let (header, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());

    let now = Millis(1_764_579_600_000);
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(header) {
        headers.insert(RETRY_AFTER, value);
    }
    let after = retry_after(&headers, now);
    let refusal = match failure(status, after, body) {
        Failure::AccessToken => return assert_eq!(status, 401, "only 401 is about the access token"),
        Failure::Refused(refusal) => refusal,
    };
    let is_temporary = matches!(status, 408 | 429 | 500..=599);
    assert!(!matches!(refusal, Refusal::UnknownToken) || matches!(status, 400..=499), "{status}: {refusal}");
    assert!(!is_temporary || matches!(refusal, Refusal::Later { .. }), "{status}: {refusal}");
    if let Refusal::Later { after: told, .. } | Refusal::Operator { after: told, .. } = refusal {
        assert_eq!(told, after, "a retry waits as long as FCM says");
    }
});

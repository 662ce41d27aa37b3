//! The cursors of pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::api_error::ApiError;

/// The cursor of an id. Clients must not interpret it, so its format may change.
pub(crate) fn cursor(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// Longest cursor, in bytes. The longest id in one has two keys of at most three ids, far below DynamoDB's limits for keys (2,048
/// and 1,024 bytes), over which it refuses a request.
const MAX_CURSOR: usize = 1_000;

/// The id of a cursor, parsed by `parse`.
///
/// # Errors
/// 400 for anything that [`cursor`] did not return.
pub(crate) fn parse_cursor<T>(text: &str, parse: impl FnOnce(String) -> Option<T>) -> Result<T, ApiError> {
    let bounded = Some(text).filter(|text| text.len() <= MAX_CURSOR);
    let id = bounded.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
    id.and_then(parse).ok_or_else(|| {
        ApiError::field(
            "cursor",
            "must be the nextCursor of an earlier page, as it was; leave it out for the first page",
        )
    })
}

//! Where a list goes on, as clients see it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::problem::Problem;

/// An id as a cursor: opaque to clients, so that it may become something else.
pub(crate) fn cursor(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// The id that a cursor stands for, as `parse` takes it.
///
/// # Errors
/// 400 for anything that [`cursor`] has not made.
pub(crate) fn parse_cursor<T>(text: &str, parse: impl FnOnce(String) -> Option<T>) -> Result<T, Problem> {
    let id = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    id.and_then(parse).ok_or_else(|| Problem::field("cursor", "must be the nextCursor of an earlier page"))
}

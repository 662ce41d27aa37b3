//! Tells whether a request of Pusher's HTTP API is from a back end that has the app's key and secret.

use md5::{Digest as _, Md5};

use super::{ReceivedRequest, Signer};
use crate::api_error::ApiError;
use crate::contract::time::Millis;

/// How far `auth_timestamp` may be from the server's time, in seconds (Pusher Channels docs, "HTTP API reference", "Authentication").
const MAX_AGE_SECONDS: i64 = 600;
/// `auth_version`
const VERSION: &str = "1.0";

/// Checks the signature of a request. Before the signature is verified, a refusal tells nothing but how to sign.
///
/// `signers` are that of the current key and, during a rotation, that of the previous one.
///
/// # Errors
/// 401 for a request that is not signed with one of these secrets, whose body is another than the signed one, or that was signed more
/// than ten minutes before or after `now`.
pub(crate) fn verify(request: &ReceivedRequest<'_>, signers: &[&Signer], now: Millis) -> Result<(), ApiError> {
    let key = request.parameter("auth_key");
    if key.is_none() || request.parameter("auth_signature").is_none() {
        return Err(ApiError::Unsigned(
            "Sign the request as Pusher's server libraries do: auth_key, auth_timestamp, auth_version, body_md5 and auth_signature in its query",
        ));
    }
    let signer = signers.iter().find(|signer| Some(signer.key()) == key);
    if !signer.is_some_and(|signer| signer.signed_request(request)) {
        return Err(ApiError::Unsigned(
            "The request's signature does not match: check the app's key and secret. The signed path begins with /apps/",
        ));
    }
    if request.parameter("auth_version") != Some(VERSION) {
        return Err(ApiError::Unsigned("auth_version must be 1.0"));
    }
    let timestamp = request.parameter("auth_timestamp").and_then(|text| text.parse::<i64>().ok());
    if timestamp.is_none_or(|timestamp| timestamp.abs_diff(now.seconds()) > MAX_AGE_SECONDS.unsigned_abs()) {
        return Err(ApiError::Unsigned("auth_timestamp is not within 600 s of the server's time: check your clock"));
    }
    // A request without a body needs no hash.
    let is_of_body = match request.parameter("body_md5") {
        Some(hash) => hash.eq_ignore_ascii_case(&hex::encode(Md5::digest(request.body))),
        None => request.body.is_empty(),
    };
    if !is_of_body {
        return Err(ApiError::Unsigned("body_md5 must be the MD5 of the body, in hexadecimal"));
    }
    Ok(())
}

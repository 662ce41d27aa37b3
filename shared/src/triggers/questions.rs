//! Questions about channels and their users. Pusher answers them.

use serde_json::Value;

use crate::api_error::ApiError;
use crate::clients::pusher::{PusherClient, PusherError, check_channel};
use crate::contract::channel::is_name;
use crate::telemetry;

/// Longest `info`, in bytes; Pusher has three attributes.
const MAX_INFO: usize = 100;

/// The occupied channels. `filter_by_prefix` asks for those whose names begin so, `info` for counts of each.
///
/// # Errors
/// 400 for what Pusher refuses, 503 when it does not answer.
pub async fn channels(pusher: &PusherClient, prefix: Option<&str>, info: Option<&str>) -> Result<Value, ApiError> {
    let prefix = prefix.filter(|prefix| !prefix.is_empty());
    if !prefix.is_none_or(is_name) {
        return Err(ApiError::field("filter_by_prefix", "must be the beginning of a channel's name"));
    }
    let prefix = prefix.map(|prefix| ("filter_by_prefix", prefix));
    let parameters: Vec<_> = prefix.into_iter().chain(attributes(info)?).collect();
    answer(pusher.ask("/channels", &parameters).await)
}

/// The state of a channel.
///
/// # Errors
/// As [`channels`].
pub async fn channel(pusher: &PusherClient, channel: &str, info: Option<&str>) -> Result<Value, ApiError> {
    let parameters: Vec<_> = attributes(info)?.into_iter().collect();
    answer(pusher.ask(&format!("/channels/{}", named(channel)?), &parameters).await)
}

/// The users of a presence channel.
///
/// # Errors
/// As [`channels`].
pub async fn users(pusher: &PusherClient, channel: &str) -> Result<Value, ApiError> {
    answer(pusher.ask(&format!("/channels/{}/users", named(channel)?), &[]).await)
}

fn named(channel: &str) -> Result<&str, ApiError> {
    check_channel("A channel's name", channel)
}

/// `info` as Pusher gets it. It needs no escaping.
fn attributes(info: Option<&str>) -> Result<Option<(&str, &str)>, ApiError> {
    let Some(info) = info.filter(|info| !info.is_empty()) else { return Ok(None) };
    if info.len() <= MAX_INFO && info.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b',')) {
        return Ok(Some(("info", info)));
    }
    Err(ApiError::field("info", "must be names such as user_count, with commas between"))
}

fn answer(asked: Result<Value, PusherError>) -> Result<Value, ApiError> {
    let error = match asked {
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    if let PusherError::Refused { status: 400, reason } = &error {
        return Err(ApiError::Unreadable { told: format!("Pusher refuses this: {reason}"), logged: error.log_text() });
    }
    if error.is_operators() {
        telemetry::operator_error(error.log_text());
    } else {
        telemetry::failure(error.log_text());
    }
    Err(ApiError::Unavailable("Pusher does not answer this now: ask again later".to_owned()))
}

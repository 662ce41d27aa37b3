//! Questions about channels and their users. The server of the channels answers them.

use serde_json::Value;

use crate::api_error::ApiError;
use crate::channel_server::{ChannelServer, ChannelServerError};
use crate::clients::pusher::check_channel;
use crate::contract::channel::is_name;
use crate::telemetry;

/// Longest `info`, in bytes; there are three attributes.
const MAX_INFO: usize = 100;

/// The occupied channels. `filter_by_prefix` asks for those whose names begin so, `info` for counts of each.
///
/// # Errors
/// 400 for what Pusher refuses, 503 when it does not answer.
pub async fn channels(server: &ChannelServer, prefix: Option<&str>, info: Option<&str>) -> Result<Value, ApiError> {
    let prefix = prefix.filter(|prefix| !prefix.is_empty());
    if !prefix.is_none_or(is_name) {
        return Err(ApiError::field("filter_by_prefix", "must be the beginning of a channel's name"));
    }
    answer(server.list(prefix, attributes(info)?).await)
}

/// The state of a channel.
///
/// # Errors
/// As [`channels`].
pub async fn channel(server: &ChannelServer, channel: &str, info: Option<&str>) -> Result<Value, ApiError> {
    answer(server.state(named(channel)?, attributes(info)?).await)
}

/// The users of a presence channel.
///
/// # Errors
/// As [`channels`].
pub async fn users(server: &ChannelServer, channel: &str) -> Result<Value, ApiError> {
    answer(server.list_users(named(channel)?).await)
}

fn named(channel: &str) -> Result<&str, ApiError> {
    check_channel("A channel's name", channel)
}

/// `info` as the server gets it. It needs no escaping.
fn attributes(info: Option<&str>) -> Result<Option<&str>, ApiError> {
    let Some(info) = info.filter(|info| !info.is_empty()) else { return Ok(None) };
    if info.len() <= MAX_INFO && info.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b',')) {
        return Ok(Some(info));
    }
    Err(ApiError::field("info", "must be names such as user_count, with commas between"))
}

fn answer(asked: Result<Value, ChannelServerError>) -> Result<Value, ApiError> {
    let error = match asked {
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    if let Some(told) = error.refusal() {
        return Err(ApiError::Unreadable { told, logged: error.log_text() });
    }
    if error.is_operators() {
        telemetry::operator_error(error.log_text());
    } else {
        telemetry::failure(error.log_text());
    }
    Err(ApiError::Unavailable("The server of the channels does not answer this now: ask again later".to_owned()))
}

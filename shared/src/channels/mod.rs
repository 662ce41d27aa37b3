//! Channels of dashboards: who may subscribe to which.
//!
//! A channel is open to a user by any of three:
//!
//! | rule | who says so | ends |
//! |---|---|---|
//! | it is public | the operator: `DASHBOARD_PUBLIC_CHANNELS` | with a deployment |
//! | the token's claim `channels` names it | the issuer | when the token expires |
//! | a row grants it | a service: `PUT /dashboard/channels/{channel}/members/{userId}` | with `DELETE`, at once |
//!
//! The claim opens channels of the app's own, too ([`own`]).
//!
//! Names of the first two may end with `*`, for all channels that begin so. A grant is a row in the user's partition: a subscription
//! reads all of them in one request, and erasing the user erases them.

pub mod own;

use std::collections::BTreeSet;

use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::table::{Action, Key, Table, TableError, item};

/// Longest name of a channel, in characters.
pub const MAX_NAME: usize = 100;

/// Checks the name of a channel.
///
/// # Errors
/// 400 for a name that is empty, longer than 100 characters or has control characters.
pub fn name(name: &str) -> Result<&str, ApiError> {
    if (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    Err(ApiError::Malformed(format!(
        "A channel's name must have 1 to {MAX_NAME} characters, and no control characters"
    )))
}

/// Whether any of these names is the channel's, or ends with `*` and begins as the channel's does.
#[must_use]
pub fn includes(names: &[String], channel: &str) -> bool {
    names.iter().any(|name| match name.strip_suffix('*') {
        Some(beginning) => channel.starts_with(beginning),
        None => name == channel,
    })
}

/// Lets a user subscribe to a channel. Doing it twice is the same.
///
/// # Errors
/// 400 for a bad name, 500 when DynamoDB fails.
pub async fn grant(table: &Table, channel: &str, user: &UserId) -> Result<(), ApiError> {
    let key = Key::channel_grant(user, self::name(channel)?);
    table.write(Action::put(item(&key, &serde_json::json!({}))?)).await?;
    Ok(())
}

/// Takes a grant back. It ends no subscription; `sockets::revoke` does.
///
/// # Errors
/// 400 for a bad name, 500 when DynamoDB fails.
pub async fn revoke(table: &Table, channel: &str, user: &UserId) -> Result<(), ApiError> {
    table.write(Action::delete(&Key::channel_grant(user, self::name(channel)?))).await?;
    Ok(())
}

/// Which of these channels are granted to a user by a row, by one consistent request for up to a hundred.
///
/// # Errors
/// When DynamoDB fails.
pub async fn granted<'a>(
    table: &Table,
    user: &UserId,
    channels: &BTreeSet<&'a str>,
) -> Result<BTreeSet<&'a str>, TableError> {
    let keys: Vec<Key> = channels.iter().map(|channel| Key::channel_grant(user, channel)).collect();
    let found = table.get_many(&keys, true).await?;
    Ok(channels.iter().zip(&keys).filter(|(_, key)| found.contains_key(key)).map(|(channel, _)| *channel).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_stands_for_any_rest_and_nowhere_else() {
        let names = ["referrals", "team-*", "a*b"].map(str::to_owned);
        for (channel, included) in [
            ("referrals", true),
            ("referral", false),
            ("referrals2", false),
            ("team-", true),
            ("team-1", true),
            ("team", false),
            ("axb", false),
            ("a*b", true),
        ] {
            assert_eq!(includes(&names, channel), included, "{channel}");
        }
        assert!(includes(&["*".to_owned()], "anything") && !includes(&[], "anything"));
    }
}

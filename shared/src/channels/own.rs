//! Channels of the app's own: `private-orders-1`, `presence-lobby`. A user may subscribe to one if the token's claim `channels` names
//! it, or if a service made the user a member: `PUT /channels/{channel}/members/{userId}`.

use super::includes;
use crate::api_error::ApiError;
use crate::contract::channel::OwnChannel;
use crate::contract::id::UserId;
use crate::identity::Identity;
use crate::outbox::membership;
use crate::outbox::{Done, WriteContext};
use crate::table::{Key, Table, TableError};

/// Checks that a caller may subscribe: by the token, or else by one consistent read of the member's row.
///
/// # Errors
/// 403 that says what is missing, 500 when DynamoDB fails.
pub async fn must_be_open(table: &Table, channel: &OwnChannel, caller: &Identity) -> Result<(), ApiError> {
    if includes(&caller.channels, channel.as_str()) || is_member(table, channel, &caller.user).await? {
        return Ok(());
    }
    Err(ApiError::Forbidden(format!(
        "Neither does the token's claim channels (or JWT_CLAIM_CHANNELS) name {channel}, nor is its user a member: add the name to the claim, or have your back end send PUT /channels/{channel}/members/{user} as a service",
        channel = channel.as_str(),
        user = caller.user,
    )))
}

/// Whether a service made the user a member: one consistent read.
///
/// # Errors
/// When DynamoDB fails.
pub async fn is_member(table: &Table, channel: &OwnChannel, user: &UserId) -> Result<bool, TableError> {
    let row = table.get(&Key::channel_member(user, channel), true).await?;
    Ok(row.is_some_and(|row| membership::is_member(&row)))
}

/// Makes a user a member. Doing it twice is the same.
///
/// # Errors
/// When DynamoDB fails.
pub async fn put_member(table: &Table, channel: &OwnChannel, user: &UserId) -> Result<(), TableError> {
    membership::put(table, &Key::channel_member(user, channel), None).await
}

/// Removes a member, and with `terminate` ends the user's connections, since they are still subscribed. Removing a user who is not a
/// member succeeds.
///
/// # Errors
/// When DynamoDB fails.
pub async fn remove_member(
    table: &Table,
    writer: &WriteContext,
    channel: &OwnChannel,
    user: &UserId,
    terminate: bool,
) -> Result<Done<()>, TableError> {
    membership::remove(table, writer, &Key::channel_member(user, channel), user, terminate).await
}

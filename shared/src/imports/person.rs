//! A user's profile, preferences and devices.

use super::job::{ImportJob, ReadJob};
use super::line::LineFields;
use crate::api_error::ApiError;
use crate::clients::fcm::DeviceToken;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::notifications;
use crate::table::{Key, LineDigest, key};
use crate::users::device::OldDevice;
use crate::users::profile::OldProfile;

/// `{"kind": "profile", "userId", "displayName"?, "avatarUrl"?, "email"?, "updatedAt"?}`
pub(super) fn profile(mut fields: LineFields, _: &LineDigest, now: Millis) -> Result<ReadJob, ApiError> {
    let (user, at): (UserId, _) = (fields.parsed("userId")?, fields.optional_time("updatedAt")?);
    let sequence = format!("{} profile", key::user(&user));
    let old = OldProfile::checked(user.clone(), fields.rest()?, at.unwrap_or(now))?;
    Ok(ReadJob::new(user, sequence, ImportJob::Profile(Box::new(old))))
}

/// `{"kind": "preferences", "userId", "locale"?, "quietHours"?, "pushWhileConnected"?, "types"?}`
pub(super) fn preferences(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let user: UserId = fields.parsed("userId")?;
    let action = notifications::imported_preferences(&user, fields.rest()?)?;
    Ok(ReadJob::row(user.as_str(), &Key::preferences(&user), action))
}

/// `{"kind": "device", "userId", "token", "platform"?, "registeredAt"}`
pub(super) fn device(mut fields: LineFields, _: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let user: UserId = fields.parsed("userId")?;
    let token = DeviceToken::parse(fields.text("token")?)?;
    let (platform, registered_at) = (fields.part("platform")?, fields.time("registeredAt")?);
    fields.end()?;
    let sequence = format!("{} devices", key::user(&user));
    // A token is a secret, so its last characters name it.
    let id = format!("{user}/…{}", token.end());
    Ok(ReadJob::new(id, sequence, ImportJob::Device(OldDevice { user, token, platform, registered_at })))
}

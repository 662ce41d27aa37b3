//! Notifications.

use super::job::{ImportJob, ReadJob};
use super::line::{LineFields, made_of};
use crate::api_error::ApiError;
use crate::contract::time::Millis;
use crate::notifications::{NewNotification, OldNotification, Recipients};
use crate::table::{LineDigest, key};

/// `{"kind": "notification", "id", "userId", "type", "title"?, "body"?, "data"?, "priority"?, "push"?, "createdAt", "readAt"?}`
pub(super) fn notification(mut fields: LineFields, line: &LineDigest, _: Millis) -> Result<ReadJob, ApiError> {
    let (own, created_at) = (fields.own_id("id")?, fields.time("createdAt")?);
    let read_at = fields.optional_time("readAt")?;
    let (recipients, content) = fields.rest::<NewNotification>()?.check()?;
    let Recipients::One(user) = recipients else {
        return Err(ApiError::field("userId", "must name one user: send a line for each"));
    };
    let unique = made_of("notification", user.as_str(), &own);
    let old = OldNotification { content, created_at, read_at, unique, line: line.clone() };
    let (id, sequence) = (old.id(), format!("{} notifications", key::user(&user)));
    Ok(ReadJob::new(own, sequence, ImportJob::Notification(user, Box::new(old))).stored_as(id))
}

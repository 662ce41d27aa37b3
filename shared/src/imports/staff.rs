//! A hotel's staff.

use super::job::ReadJob;
use super::line::LineFields;
use crate::api_error::ApiError;
use crate::contract::id::{HotelSlug, UserId};
use crate::contract::time::Millis;
use crate::hotels;
use crate::table::{Key, LineDigest};

/// `{"kind": "staff", "hotelSlug", "userId", "since"?}`
pub(super) fn staff(mut fields: LineFields, _: &LineDigest, now: Millis) -> Result<ReadJob, ApiError> {
    let (hotel, user): (HotelSlug, UserId) = (fields.parsed("hotelSlug")?, fields.parsed("userId")?);
    let since = fields.optional_time("since")?.unwrap_or(now);
    fields.end()?;
    let action = hotels::imported_staff(&hotel, &user, since, now)?;
    Ok(ReadJob::row(format!("{hotel}/{user}"), &Key::staff(&hotel, &user), action))
}

//! Quiet hours, as clients write them.

use serde::{Deserialize, Serialize};

/// `{"from": "22:00", "to": "07:00", "timeZone": "Europe/Paris"}`. Parsing them needs the time zone database
/// (`users::quiet_hours`). Functions that only pass them on use this type, which keeps it out of their binaries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuietHoursText {
    pub from: String,
    pub to: String,
    pub time_zone: String,
}

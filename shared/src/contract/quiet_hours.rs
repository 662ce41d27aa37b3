//! Quiet hours, as clients write them.

use serde::{Deserialize, Serialize};

/// `{"from": "22:00", "to": "07:00", "timeZone": "Europe/Paris"}`. Reading them takes all time zones of the world
/// (`users::quiet_hours`), so whoever only passes them on leaves them so, and has no time zones in its binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuietHoursText {
    pub from: String,
    pub to: String,
    pub time_zone: String,
}

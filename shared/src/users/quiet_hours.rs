//! Hours in which a user gets no pushes, in the user's local time.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::contract::quiet_hours::QuietHoursText;
use crate::contract::time::Millis;

/// From one time of day to another. They span midnight if `to` is earlier than `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "QuietHoursText", into = "QuietHoursText")]
pub struct QuietHours {
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// Why a text does not describe quiet hours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("quietHours.from and quietHours.to must be times of day such as 22:00")]
    Time,
    /// `from` and `to` are equal.
    #[error("quietHours.from and quietHours.to must differ; to hear nothing ever, turn push off")]
    Empty,
    #[error("quietHours.timeZone must be a name of the IANA database such as Europe/Paris")]
    Zone,
}

impl TryFrom<QuietHoursText> for QuietHours {
    type Error = Invalid;

    fn try_from(written: QuietHoursText) -> Result<Self, Invalid> {
        let (from, to) = (time(&written.from)?, time(&written.to)?);
        if from == to {
            return Err(Invalid::Empty);
        }
        let zone = TimeZone::get(&written.time_zone).map_err(|_| Invalid::Zone)?;
        if zone.iana_name().is_none() {
            return Err(Invalid::Zone);
        }
        Ok(Self { from, to, zone })
    }
}

impl From<QuietHours> for QuietHoursText {
    fn from(hours: QuietHours) -> Self {
        let text = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        let time_zone = hours.zone.iana_name().unwrap_or("UTC").to_owned();
        Self { from: text(hours.from), to: text(hours.to), time_zone }
    }
}

fn time(text: &str) -> Result<Time, Invalid> {
    let two = |digits: &str| match digits.len() {
        2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    let (hour, minute) = text.split_once(':').ok_or(Invalid::Time)?;
    let (hour, minute) = two(hour).zip(two(minute)).ok_or(Invalid::Time)?;
    Time::new(hour, minute, 0, 0).map_err(|_| Invalid::Time)
}

impl QuietHours {
    /// Parses stored quiet hours, which were checked when they were stored; `None` if they are not valid after all.
    #[must_use]
    pub fn read(written: &QuietHoursText) -> Option<Self> {
        Self::try_from(written.clone()).ok()
    }

    /// Whether this moment is within the quiet hours.
    #[must_use]
    pub fn cover(&self, now: Millis) -> bool {
        let Ok(moment) = Timestamp::from_millisecond(now.0) else {
            return false;
        };
        let clock = self.zone.to_datetime(moment).time();
        if self.from < self.to { self.from <= clock && clock < self.to } else { self.from <= clock || clock < self.to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn hours(from: &str, to: &str, zone: &str) -> Result<QuietHours, String> {
        let written: Value = json!({ "from": from, "to": to, "timeZone": zone });
        serde_json::from_value(written).map_err(|error| error.to_string())
    }

    fn at(moment: &str) -> Millis {
        Millis(moment.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn quiet_hours_follow_the_local_time_of_their_zone() {
        let night = hours("22:00", "07:00", "Europe/Paris").unwrap();
        for (moment, quiet) in [
            // Paris is an hour ahead of UTC in winter, two in summer.
            ("2026-01-15T20:59:59Z", false),
            ("2026-01-15T21:00:00Z", true),
            ("2026-01-16T05:59:59Z", true),
            ("2026-01-16T06:00:00Z", false),
            ("2026-07-15T20:00:00Z", true),
            ("2026-07-15T19:59:00Z", false),
            // The night in which the clock is set forward: 02:00 to 03:00 does not exist.
            ("2026-03-29T01:30:00Z", true),
            ("2026-03-29T04:59:00Z", true),
            ("2026-03-29T05:00:00Z", false),
        ] {
            assert_eq!(night.cover(at(moment)), quiet, "{moment}");
        }
        let noon = hours("12:00", "13:30", "America/New_York").unwrap();
        assert!(noon.cover(at("2026-01-15T17:00:00Z")));
        assert!(!noon.cover(at("2026-01-15T18:30:00Z")));
    }

    #[test]
    fn an_invalid_field_is_named() {
        for (from, to, zone, field) in [
            ("24:00", "07:00", "UTC", "from"),
            ("22:60", "07:00", "UTC", "from"),
            ("+2:00", "07:00", "UTC", "from"),
            ("22:00:00", "07:00", "UTC", "from"),
            ("10 pm", "07:00", "UTC", "from"),
            ("22:00", "22:00", "UTC", "differ"),
            ("22:00", "07:00", "Mars/Olympus", "timeZone"),
            ("22:00", "07:00", "", "timeZone"),
        ] {
            let message = hours(from, to, zone).unwrap_err();
            assert!(message.contains(field), "{from} {to} {zone}: {message}");
        }
    }

    #[test]
    fn quiet_hours_are_written_as_they_were_read() {
        let written = json!({ "from": "22:05", "to": "07:00", "timeZone": "Europe/Paris" });
        let read: QuietHours = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(json!(read), written);
    }
}

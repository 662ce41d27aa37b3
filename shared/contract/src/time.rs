//! Times as the contract prints them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// The first moment of 1970.
    #[must_use]
    pub const fn epoch() -> Self {
        Self(0)
    }

    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// ISO 8601 in UTC with exactly three decimals, like `2026-11-20T05:18:15.123Z`: what JavaScript's
    /// `toISOString()` prints, and so what clients parse.
    #[must_use]
    pub fn iso(self) -> String {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        format!("{moment:.3}")
    }

    /// Parses ISO 8601 with a zone, like `2026-11-20T05:18:15Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_millisecond()))
    }

    /// The rule of a time that [`Millis::parse_past`] reads.
    pub const RULE: &str =
        "must be a time with its zone, since 1970 and not in the future, such as 2026-11-20T05:18:15.123Z";

    /// As [`Millis::parse`], for what has happened: from 1970 up to now, or a day later, since clocks differ.
    #[must_use]
    pub fn parse_past(text: &str) -> Option<Self> {
        let latest = Self::now().plus_seconds(24 * 3600);
        Self::parse(text).filter(|moment| (Self::epoch()..=latest).contains(moment))
    }

    /// The moment that [`Millis::iso`] printed; `None` for any other text.
    #[must_use]
    pub fn parse_iso(text: &str) -> Option<Self> {
        Self::parse(text).filter(|moment| moment.iso() == text)
    }

    /// Whole seconds since 1970, as DynamoDB's TTL wants them.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds from `earlier` to this moment; 0 when it lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }

    /// The time from this moment to a later one; zero when that is past.
    #[must_use]
    pub fn until(self, later: Self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(later.since(self)).unwrap_or_default())
    }

    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_like_javascript_prints_them() {
        assert_eq!(Millis(0).iso(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Millis(1_764_579_600_120).iso(), "2025-12-01T09:00:00.120Z");
        assert_eq!(Millis(i64::MAX).iso(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Millis::parse("2025-12-01T09:00:00Z"), Some(Millis(1_764_579_600_000)));
        assert_eq!(Millis::parse("2025-12-01T10:00:00.120+01:00"), Some(Millis(1_764_579_600_120)));
        assert_eq!(Millis::parse("tomorrow"), None);
        assert_eq!(Millis::parse_past("1970-01-01T00:00:00Z"), Some(Millis(0)));
        for never in ["1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "2025-12-01 09:00:00"] {
            assert_eq!(Millis::parse_past(never), None, "{never}");
        }
        assert_eq!(Millis::parse_iso("2025-12-01T09:00:00.120Z"), Some(Millis(1_764_579_600_120)));
        for other in ["", "2025-12-01T09:00:00Z", "2025-12-01T10:00:00.120+01:00", "yesterday"] {
            assert_eq!(Millis::parse_iso(other), None, "{other}");
        }
    }
}

//! Places in the index by time.

use crate::contract::time::Millis;

/// When something was, and its id, which tells apart what was at the same moment. As text, the later place is the greater.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ByTime {
    pub(crate) at: Millis,
    pub(crate) id: String,
}

impl ByTime {
    pub(crate) fn new(at: Millis, id: impl Into<String>) -> Self {
        Self { at, id: id.into() }
    }

    /// `0001795150800000#id`
    pub(crate) fn text(&self) -> String {
        format!("{:0DIGITS$}#{}", self.at.0, self.id)
    }

    /// Reads what [`ByTime::text`] returned; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('#')?;
        let is_time = at.len() == DIGITS && at.bytes().all(|byte| byte.is_ascii_digit());
        is_time.then(|| Some(Self::new(Millis(at.parse().ok()?), id)))?
    }
}

/// Enough for every moment until the year 318857.
const DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_is_read_as_it_was_written_and_sorts_by_its_time(
            a in 0_i64..10_000_000_000_000, b in 0_i64..10_000_000_000_000, id in "[-a-zA-Z0-9_=@,.;]{1,20}",
        ) {
            let (first, second) = (ByTime::new(Millis(a), id.clone()), ByTime::new(Millis(b), id));
            prop_assert_eq!(ByTime::parse(&first.text()), Some(first.clone()));
            prop_assert_eq!(first.text() < second.text(), a < b);
        }

        #[test]
        fn no_other_text_is_a_place(text in ".{0,40}") {
            if let Some(place) = ByTime::parse(&text) {
                prop_assert_eq!(place.text(), text);
            }
        }
    }
}

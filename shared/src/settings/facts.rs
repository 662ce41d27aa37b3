//! `FACTS`: what other systems hear of, on the event bus.

use super::{SettingsError, Variables};
use crate::contract::facts::Fact;

/// The facts that the operator asked for. They are off by default: each costs a write and an event on the bus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FactsWanted {
    /// Whether there are any.
    on: bool,
    /// Whether `message.sent` has the text.
    text: bool,
    /// Whether entering and leaving a room are facts, too.
    presence: bool,
}

impl FactsWanted {
    pub(super) fn read(env: &Variables<'_>) -> Result<Self, SettingsError> {
        let named = env.get("FACTS").unwrap_or_default();
        let names: Vec<_> = named.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let has = |name| names.contains(&name);
        let is_known = |name: &&str| matches!(*name, "on" | "text" | "presence");
        match names.as_slice() {
            [] | ["off"] => Ok(Self::default()),
            names if names.iter().all(is_known) && has("on") => {
                Ok(Self { on: true, text: has("text"), presence: has("presence") })
            }
            _ => Err(SettingsError::Malformed("FACTS", "off, or on with any of text and presence, as in on,text")),
        }
    }

    /// The fact as it is to be sent; `None` if nobody asked for it.
    pub(crate) fn of(self, fact: Fact) -> Option<Fact> {
        let is_wanted = self.on && (self.presence || !fact.is_presence());
        is_wanted.then(|| if self.text { fact } else { fact.without_text() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FactsWanted, SettingsError> {
        FactsWanted::read(&Variables(&|name| (name == "FACTS").then(|| text.to_owned())))
    }

    #[test]
    fn facts_are_off_unless_they_are_turned_on() {
        for off in ["", "off"] {
            assert_eq!(read(off), Ok(FactsWanted::default()));
        }
        assert_eq!(read("on"), Ok(FactsWanted { on: true, text: false, presence: false }));
        assert_eq!(read("presence, on ,text"), Ok(FactsWanted { on: true, text: true, presence: true }));
        for bad in ["text", "presence", "off,on", "on,names", "true"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

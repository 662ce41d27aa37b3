//! `NOTIFICATIONS_OF`: the changes that their receiver gets a notification about, beside the event.

use super::{SettingsError, Variables};

/// The changes that their receiver gets a notification about: one in the list, and a push, as the receiver's preferences have it. So a
/// receiver who is away hears of them, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotificationsOf {
    pub kudos: bool,
    /// Invitations to parties.
    pub invitations: bool,
}

impl NotificationsOf {
    pub(super) fn read(env: &Variables<'_>) -> Result<Self, SettingsError> {
        let mut of = Self::default();
        let named = env.get("NOTIFICATIONS_OF").unwrap_or_default();
        for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "kudos" => of.kudos = true,
                "invitations" => of.invitations = true,
                _ => {
                    let rule = "kudos, invitations, or both with a comma between them";
                    return Err(SettingsError::Malformed("NOTIFICATIONS_OF", rule));
                }
            }
        }
        Ok(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NotificationsOf, SettingsError> {
        NotificationsOf::read(&Variables(&|name| (name == "NOTIFICATIONS_OF").then(|| text.to_owned())))
    }

    #[test]
    fn each_change_is_named() {
        assert_eq!(read(""), Ok(NotificationsOf::default()));
        assert_eq!(read("kudos"), Ok(NotificationsOf { kudos: true, invitations: false }));
        assert_eq!(read(" invitations,kudos "), Ok(NotificationsOf { kudos: true, invitations: true }));
        assert!(read("messages").is_err());
    }
}

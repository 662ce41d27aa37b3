//! The developer's choices at a start.

use crate::net::origin::Origin;
use crate::state::firebase::Firebase;
use crate::state::issuer::Issuer;

/// The settings of a stack; the default is a stack that needs nothing of anybody.
#[derive(Default)]
pub(crate) struct Settings {
    /// Further origins whose pages may call the API.
    pub(crate) origins: Vec<Origin>,
    /// The issuer of accepted tokens.
    pub(crate) issuer: Issuer,
    /// Where pushes go.
    pub(crate) pushes: Pushes,
}

/// Where pushes go.
#[derive(Default)]
pub(crate) enum Pushes {
    /// Nowhere: push is off.
    #[default]
    Off,
    /// Through a project of the developer's, to real devices.
    Google(Firebase),
    /// To the stack's own stand-in, which the end-to-end tests tell what to answer.
    Tests(Firebase),
    /// To the stack's own stand-in, which shows them.
    Shown(Firebase),
}

impl Pushes {
    pub(crate) fn firebase(&self) -> Option<&Firebase> {
        match self {
            Self::Off => None,
            Self::Google(firebase) | Self::Tests(firebase) | Self::Shown(firebase) => Some(firebase),
        }
    }

    /// The project, if it is that of the tests: the key of a real one must not be in the state file.
    pub(crate) fn of_tests(&self) -> Option<&Firebase> {
        match self {
            Self::Tests(firebase) => Some(firebase),
            _ => None,
        }
    }
}

impl Settings {
    /// The template's `AllowedOrigins`, with the front door's own. The front door adds every port of this machine.
    pub(crate) fn origins(&self, port: u16) -> Vec<String> {
        let own = format!("http://localhost:{port}");
        std::iter::once(own).chain(self.origins.iter().map(ToString::to_string)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_given_the_front_doors_origin_and_the_further_ones() {
        let settings = Settings { origins: vec!["https://app.example".parse().unwrap()], ..Settings::default() };
        assert_eq!(settings.origins(3000), ["http://localhost:3000", "https://app.example"]);
    }
}

//! The developer's choices at a start.

use std::str::FromStr;

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::files::release::Release;
use crate::files::variables::Variables;
use crate::net::origin::Origin;
use crate::state::firebase::Firebase;
use crate::state::issuer::Issuer;
use crate::state::pusher_app::HostedApp;

/// The server that clients of Pusher's protocol connect to.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PusherServer {
    /// Carillon itself, on the WebSocket API: nothing else is installed or started
    #[default]
    Gateway,
    /// sockudo, an independent server of the protocol, which is built once
    Sockudo,
    /// Pusher, with your app: PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET and PUSHER_CLUSTER in the --env-file
    Hosted,
}

/// The servers that run on this machine, where tests can look at them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LocalServer {
    /// Carillon itself, on the WebSocket API: nothing else is installed or started
    #[default]
    Gateway,
    /// sockudo, an independent server of the protocol, which is built once
    Sockudo,
}

impl From<LocalServer> for PusherServer {
    fn from(server: LocalServer) -> Self {
        match server {
            LocalServer::Gateway => Self::Gateway,
            LocalServer::Sockudo => Self::Sockudo,
        }
    }
}

/// The same with the app of the developer's.
#[derive(Default)]
pub(crate) enum Channels {
    #[default]
    Gateway,
    Sockudo,
    Hosted(HostedApp),
}

impl From<LocalServer> for Channels {
    fn from(server: LocalServer) -> Self {
        match server {
            LocalServer::Gateway => Self::Gateway,
            LocalServer::Sockudo => Self::Sockudo,
        }
    }
}

impl Channels {
    /// Reads the app, if there is one.
    pub(crate) fn read(server: PusherServer, variables: &Variables) -> Result<Self> {
        Ok(match server {
            PusherServer::Gateway => Self::Gateway,
            PusherServer::Sockudo => Self::Sockudo,
            PusherServer::Hosted => Self::Hosted(HostedApp::read(variables)?),
        })
    }

    pub(crate) fn server(&self) -> PusherServer {
        match self {
            Self::Gateway => PusherServer::Gateway,
            Self::Sockudo => PusherServer::Sockudo,
            Self::Hosted(_) => PusherServer::Hosted,
        }
    }

    pub(crate) fn hosted(&self) -> Option<&HostedApp> {
        match self {
            Self::Hosted(app) => Some(app),
            Self::Gateway | Self::Sockudo => None,
        }
    }
}

/// The settings of a stack; the default is a stack that needs nothing of anybody.
#[derive(Default)]
pub(crate) struct Settings {
    /// Further origins whose pages may call the API.
    pub(crate) origins: Vec<Origin>,
    /// The issuer of accepted tokens.
    pub(crate) issuer: Issuer,
    /// Where pushes go.
    pub(crate) pushes: PushTarget,
    /// Where clients of Pusher's protocol connect.
    pub(crate) channels: Channels,
    /// Where webhooks go, with [`Channels::Gateway`].
    pub(crate) webhook_url: Option<WebhookAddress>,
    /// Whether subscribers get their number, with [`PusherServer::Gateway`].
    pub(crate) subscription_counts: bool,
    /// The release whose functions it runs, in place of those of the clone.
    pub(crate) release: Option<Release>,
}

/// The address of a server of the developer's that gets webhooks: https, or http to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookAddress(String);

impl WebhookAddress {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebhookAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "must be an http address on localhost, or an https address";
        let url: http::Uri = text.parse().map_err(|_| WANTED)?;
        let is_here = matches!(url.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match url.scheme_str() {
            Some("https") => Ok(Self(text.to_owned())),
            Some("http") if is_here => Ok(Self(text.to_owned())),
            _ => Err(WANTED),
        }
    }
}

/// The warnings about names in the file of `--env-file`, once the settings are read. A misspelled name would otherwise have no effect.
pub(crate) fn warnings(variables: &Variables, channels: &Channels) -> Vec<String> {
    let unused = |name| format!("{name} in the --env-file does nothing here; --pusher hosted takes your Pusher app");
    let unknown = |name: &str| {
        format!("{name} in the --env-file is no setting of Carillon's; `cargo local --help` lists those that it reads")
    };
    let of_pusher = variables.unknown(&["PUSHER_"]).into_iter().map(|name| match channels {
        Channels::Hosted(_) => unknown(name),
        Channels::Gateway | Channels::Sockudo => unused(name),
    });
    of_pusher.chain(variables.unknown(&["JWT_", "FIREBASE_"]).into_iter().map(unknown)).collect()
}

/// Where pushes go.
#[derive(Default)]
pub(crate) enum PushTarget {
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

impl PushTarget {
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
    fn webhooks_leave_this_machine_over_tls_alone() {
        for good in
            ["http://localhost:8080/hooks", "http://127.0.0.1:8080", "http://[::1]/", "https://app.example/hooks"]
        {
            assert!(good.parse::<WebhookAddress>().is_ok(), "{good}");
        }
        for bad in ["http://app.example/hooks", "localhost:8080", "ftp://localhost/", "http://localhost.example/"] {
            assert!(bad.parse::<WebhookAddress>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_without_effect_is_warned_of() {
        let names = [
            "JWT_SECRET",
            "JWT_ISSUR",
            "JWT_CLAIM_ROLES",
            "FIREBASE_PRIVATE_KEY",
            "FIREBASE_PROJEKT_ID",
            "PUSHER_KEY",
            "PORT",
        ];
        let variables = Variables::of(&names.map(|name| (name, "a value that has 32 bytes, or more")));
        Issuer::read(&variables).unwrap();
        assert!(Firebase::read(&variables).is_none());
        let warned: Vec<_> = warnings(&variables, &Channels::Gateway);
        let first: Vec<_> = warned.iter().filter_map(|warning| warning.split(' ').next()).collect();
        assert_eq!(first, ["PUSHER_KEY", "FIREBASE_PROJEKT_ID", "JWT_ISSUR"]);
        assert!(warned.iter().all(|warning| !warning.contains("32 bytes")), "a value may be secret: {warned:?}");
        assert!(warned.iter().any(|warning| warning.ends_with("--pusher hosted takes your Pusher app")), "{warned:?}");
    }

    #[test]
    fn the_variables_of_an_app_at_pusher_are_taken_and_a_misspelled_one_is_warned_of() {
        let names = ["PUSHER_APP_ID", "PUSHER_KEY", "PUSHER_SECRET", "PUSHER_CLUSTER", "PUSHER_CLUSTR"];
        let variables = Variables::of(&names.map(|name| (name, "eu")));
        let channels = Channels::read(PusherServer::Hosted, &variables).unwrap();
        assert_eq!((channels.server(), channels.hosted().is_some()), (PusherServer::Hosted, true));
        let [warning] = &warnings(&variables, &channels)[..] else { panic!("one is misspelled") };
        assert!(warning.starts_with("PUSHER_CLUSTR in the --env-file is no setting"), "{warning}");
        assert!(Channels::read(PusherServer::Hosted, &Variables::of(&[])).is_err());
    }

    #[test]
    fn the_template_is_given_the_front_doors_origin_and_the_further_ones() {
        let settings = Settings { origins: vec!["https://app.example".parse().unwrap()], ..Settings::default() };
        assert_eq!(settings.origins(3000), ["http://localhost:3000", "https://app.example"]);
    }
}

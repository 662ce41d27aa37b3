//! The app by which clients and server libraries name a stack: its own, or a developer's at Pusher.

use anyhow::{Result, bail};

use crate::files::variables::Variables;

/// Where the functions find the server of the stack's own app, and clients that of sockudo.
pub(crate) const HOST: &str = "127.0.0.1";
/// Digits: Pusher's library for Python takes no other id.
pub(crate) const APP_ID: &str = "1000";
pub(crate) const KEY: &str = "carillon-local";
/// pusher-js requires a cluster, and ignores it if it has a host.
pub(crate) const ANY_CLUSTER: &str = "mt1";

/// The variables without which there is no app.
const REQUIRED: [&str; 4] = ["PUSHER_APP_ID", "PUSHER_KEY", "PUSHER_SECRET", "PUSHER_CLUSTER"];
/// Longest value of a variable, in bytes. Pusher's own have at most twenty.
const MAX_BYTES: usize = 128;

/// A developer's app, at Pusher or at another server of its protocol. It has a secret, so it is not for printing.
#[derive(Clone)]
pub(crate) struct HostedApp {
    /// `PUSHER_APP_ID`
    pub(crate) app_id: String,
    /// `PUSHER_KEY`
    pub(crate) key: String,
    /// `PUSHER_SECRET`
    pub(crate) secret: String,
    /// `PUSHER_CLUSTER`, such as `eu`; with another server, any.
    pub(crate) cluster: String,
    /// Absent for Pusher itself.
    pub(crate) server: Option<AppServer>,
}

/// Another server than Pusher's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AppServer {
    /// `PUSHER_HOST`
    pub(crate) host: String,
    /// `PUSHER_PORT`; 443, or 80 without TLS, if not set.
    pub(crate) port: u16,
    /// `PUSHER_SCHEME`: `https`, or `http`.
    pub(crate) tls: bool,
}

impl HostedApp {
    /// Reads the variables. An error names those that are missing or malformed, and shows no value.
    pub(crate) fn read(variables: &Variables) -> Result<Self> {
        let server = AppServer::read(variables)?;
        let is_required = |name: &&str| server.is_none() || *name != "PUSHER_CLUSTER";
        let missing: Vec<_> =
            REQUIRED.into_iter().filter(is_required).filter(|name| variables.get(name).is_none()).collect();
        if !missing.is_empty() {
            bail!(
                "{} {} not set. --pusher hosted takes PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET and PUSHER_CLUSTER from the --env-file or \
                 the environment; Pusher's dashboard shows them under App Keys",
                missing.join(" and "),
                if missing.len() == 1 { "is" } else { "are" }
            );
        }
        let value = |name: &str, is_fine: fn(char) -> bool, rule: &str| match variables.get(name) {
            Some(value) if value.len() <= MAX_BYTES && value.chars().all(is_fine) => Ok(value),
            _ => bail!(
                "{name} must be {rule}, at most {MAX_BYTES} characters; Pusher's dashboard shows it under App Keys"
            ),
        };
        let of_name = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        Ok(Self {
            app_id: value("PUSHER_APP_ID", of_name, "digits, such as 1234567")?,
            key: value("PUSHER_KEY", of_name, "letters and digits")?,
            secret: value("PUSHER_SECRET", |character| character.is_ascii_graphic(), "letters and digits")?,
            cluster: match variables.get("PUSHER_CLUSTER") {
                None => ANY_CLUSTER.to_owned(),
                Some(_) => {
                    let of_cluster = |character: char| {
                        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
                    };
                    value("PUSHER_CLUSTER", of_cluster, "a name such as eu, mt1 or us2")?
                }
            },
            server,
        })
    }

    /// Where clients connect: host, port, and whether by TLS. Pusher's own is that of the cluster (Pusher Channels docs, "Connection").
    pub(crate) fn of_clients(&self) -> AppServer {
        let of_cluster = || AppServer { host: format!("ws-{}.pusher.com", self.cluster), port: 443, tls: true };
        self.server.clone().unwrap_or_else(of_cluster)
    }
}

impl AppServer {
    fn read(variables: &Variables) -> Result<Option<Self>> {
        let (port, scheme) = (variables.get("PUSHER_PORT"), variables.get("PUSHER_SCHEME"));
        let Some(host) = variables.get("PUSHER_HOST") else {
            // Laravel's .env has PUSHER_HOST= with the port and the scheme of Pusher's own hosts (Laravel docs, "Broadcasting").
            for (name, value, own) in [("PUSHER_PORT", port, "443"), ("PUSHER_SCHEME", scheme, "https")] {
                if value.is_some_and(|value| value != own) {
                    bail!(
                        "{name} is not {own}, and PUSHER_HOST is not set: set the host, too, or neither for Pusher's own"
                    );
                }
            }
            return Ok(None);
        };
        let of_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        if host.len() > MAX_BYTES || !host.bytes().all(of_host) {
            bail!("PUSHER_HOST must be a host without a scheme and a port, such as pusher.example.com");
        }
        let tls = match scheme.as_deref() {
            None | Some("https") => true,
            Some("http") => false,
            Some(_) => bail!("PUSHER_SCHEME must be https or http"),
        };
        let port = match port.map(|port| port.parse()) {
            None => {
                if tls {
                    443
                } else {
                    80
                }
            }
            Some(Ok(port @ 1..)) => port,
            Some(_) => bail!("PUSHER_PORT must be a number from 1 to 65535"),
        };
        Ok(Some(Self { host, port, tls }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: [(&str, &str); 4] = [
        ("PUSHER_APP_ID", "1234567"),
        ("PUSHER_KEY", "0a1b2c3d4e5f6a7b8c9d"),
        ("PUSHER_SECRET", "a-secret-of-pushers"),
        ("PUSHER_CLUSTER", "eu"),
    ];

    fn read(pairs: &[(&str, &str)]) -> Result<HostedApp, String> {
        HostedApp::read(&Variables::of(pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn an_app_at_pusher_has_four_variables_and_the_clusters_host() {
        let app = read(&APP).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((app.app_id.as_str(), app.cluster.as_str(), &app.server), ("1234567", "eu", &None));
        assert_eq!(app.of_clients(), AppServer { host: "ws-eu.pusher.com".to_owned(), port: 443, tls: true });
    }

    #[test]
    fn the_variables_that_laravel_writes_are_those_of_an_app_at_pusher() {
        let laravel = [("PUSHER_HOST", ""), ("PUSHER_PORT", "443"), ("PUSHER_SCHEME", "https")];
        let app = read(&[&APP[..], &laravel].concat()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(app.server, None);
        let message = read(&[&APP[..], &[("PUSHER_HOST", ""), ("PUSHER_SCHEME", "http")]].concat()).err().unwrap();
        assert!(message.starts_with("PUSHER_SCHEME is not https, and PUSHER_HOST is not set"), "{message}");
    }

    #[test]
    fn an_error_names_what_is_missing_or_malformed_and_shows_no_value() {
        let message = read(&APP[..2]).err().unwrap();
        assert!(message.starts_with("PUSHER_SECRET and PUSHER_CLUSTER are not set. "), "{message}");
        let message = read(&APP[..3]).err().unwrap();
        assert!(message.starts_with("PUSHER_CLUSTER is not set. "), "{message}");
        for (name, wrong) in [
            ("PUSHER_APP_ID", "12 34"),
            ("PUSHER_KEY", "https://key"),
            ("PUSHER_SECRET", "a secret"),
            ("PUSHER_SECRET", &*"x".repeat(129)),
            ("PUSHER_CLUSTER", "EU"),
            ("PUSHER_HOST", "https://pusher.example"),
            ("PUSHER_HOST", "pusher.example:8080"),
            ("PUSHER_PORT", "6001"),
        ] {
            let pairs: Vec<_> = APP.into_iter().filter(|(of, _)| *of != name).chain([(name, wrong)]).collect();
            let message = read(&pairs).err().unwrap();
            assert!(message.starts_with(name), "{message}");
            assert!(!message.contains(wrong) && !message.contains("a-secret-of-pushers"), "{message}");
        }
        let with_host = |name: &'static str, wrong: &'static str| {
            read(&[&APP[..], &[("PUSHER_HOST", "pusher.example"), (name, wrong)]].concat()).err().unwrap()
        };
        assert!(with_host("PUSHER_PORT", "0").starts_with("PUSHER_PORT must be a number"));
        assert!(with_host("PUSHER_SCHEME", "ws").starts_with("PUSHER_SCHEME must be https or http"));
    }

    #[test]
    fn another_server_of_the_protocol_needs_no_cluster() {
        let server = |more: &[(&str, &str)]| {
            let app = read(&[&APP[..3], &[("PUSHER_HOST", "127.0.0.1")], more].concat());
            app.unwrap_or_else(|error| panic!("{error}")).of_clients()
        };
        let at = |port, tls| AppServer { host: "127.0.0.1".to_owned(), port, tls };
        assert_eq!(server(&[]), at(443, true));
        assert_eq!(server(&[("PUSHER_SCHEME", "http")]), at(80, false));
        assert_eq!(server(&[("PUSHER_SCHEME", "http"), ("PUSHER_PORT", "6001")]), at(6001, false));
    }
}

//! The stack that is checked: a deployed one, or the running local one.

use std::env;

use anyhow::{Context, Result, bail};

use super::address::Address;
use super::options::SmokeOptions;
use super::secret::Secret;
use crate::files::workspace::Workspace;
use crate::net::origin::Origin;
use crate::state::State;
use crate::state::token;

/// The user as whom the local stack is checked.
const LOCAL_USER: &str = "carillon-smoke";
/// Pages of this machine may call the local stack, on every port.
const LOCAL_ORIGIN: &str = "http://localhost:5173";

pub(super) struct Target {
    pub(super) http: Address,
    pub(super) sockets: Address,
    pub(super) tokens: Tokens,
    /// An origin whose pages may call the API.
    pub(super) origin: Option<Origin>,
}

pub(super) struct Tokens {
    pub(super) member: Secret,
    pub(super) service: Option<Secret>,
    pub(super) expired: Option<Secret>,
}

/// A token as it is given: as an argument, or by an environment variable.
struct Given<'a> {
    argument: Option<&'a str>,
    variable: &'static str,
}

impl Given<'_> {
    fn token(&self, environment: &impl Fn(&str) -> Option<String>) -> Option<Secret> {
        let of_environment = || environment(self.variable).and_then(|token| Secret::new(&token));
        self.argument.and_then(Secret::new).or_else(of_environment)
    }
}

impl Target {
    /// Reads the options, the environment and, without `--url`, the state of the local stack.
    ///
    /// # Errors
    /// For an address that cannot be used, a token that is missing, and a local stack that does not run.
    pub(super) fn read(workspace: &Workspace, options: &SmokeOptions) -> Result<Self> {
        let environment = |name: &str| env::var(name).ok();
        match &options.url {
            Some(url) => Self::deployed(url, options, &environment),
            None => Self::local(&State::of_running(&workspace.running())?, options, &environment),
        }
    }

    fn deployed(url: &str, options: &SmokeOptions, environment: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let http = Address::of_http(url).context("--url")?;
        let sockets = match &options.socket_url {
            Some(url) => Address::of_sockets(url).context("--socket-url")?,
            None => http.sockets_beside().context(
                "The WebSocket API has another address than the HTTP API: give the stack's output SocketUrl as --socket-url",
            )?,
        };
        let member = member(options).token(environment).context(
            "Give the token of a member who may be tried with, in the environment variable CARILLON_TOKEN or as --token",
        )?;
        let tokens = Tokens {
            member,
            service: service(options).token(environment),
            expired: expired(options).token(environment),
        };
        Self { http, sockets, tokens, origin: options.origin.clone() }.checked(options)
    }

    fn local(state: &State, options: &SmokeOptions, environment: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        // Node and browsers resolve localhost to both of its addresses; the stack has one.
        let http = Address::of_http(&state.url.replace("localhost", "127.0.0.1"))?;
        let sockets = http.sockets_beside().context("The local stack has both APIs on one address")?;
        let signed = |token: Result<String>| token.map(|token| Secret::new(&token));
        let member = match member(options).token(environment) {
            Some(given) => Some(given),
            None => signed(token::of_person(state, LOCAL_USER, "Smoke", None))?,
        };
        // An issuer with keys of its own signs only what it wants to.
        let service = service(options).token(environment);
        let service = service.or_else(|| {
            let role = Some("service");
            signed(token::of_person(state, LOCAL_USER, "Smoke", role)).ok().flatten()
        });
        let expired = expired(options).token(environment);
        let expired = expired.or_else(|| signed(token::expired(state, LOCAL_USER)).ok().flatten());
        let origin = options.origin.clone().or_else(|| LOCAL_ORIGIN.parse().ok());
        let tokens = Tokens { member: member.context("The token is empty")?, service, expired };
        Self { http, sockets, tokens, origin }.checked(options)
    }

    fn checked(self, options: &SmokeOptions) -> Result<Self> {
        if options.write && self.tokens.service.is_none() {
            bail!("--write needs a token with the role service, in CARILLON_SERVICE_TOKEN or as --service-token");
        }
        Ok(self)
    }
}

fn member(options: &SmokeOptions) -> Given<'_> {
    Given { argument: options.token.as_deref(), variable: "CARILLON_TOKEN" }
}

fn service(options: &SmokeOptions) -> Given<'_> {
    Given { argument: options.service_token.as_deref(), variable: "CARILLON_SERVICE_TOKEN" }
}

fn expired(options: &SmokeOptions) -> Given<'_> {
    Given { argument: options.expired_token.as_deref(), variable: "CARILLON_EXPIRED_TOKEN" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::cli::{Cli, Command};
    use clap::Parser;

    fn read(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Target> {
        let cli = Cli::try_parse_from([&["local", "smoke"], arguments].concat())?;
        let Some(Command::Smoke(options)) = cli.command else { panic!("{arguments:?} are no arguments of smoke") };
        let environment =
            |name: &str| variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned());
        Target::deployed(options.url.as_deref().unwrap(), &options, &environment)
    }

    fn refusal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
        read(arguments, variables).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    const API: &str = "https://abc.execute-api.eu-west-1.amazonaws.com";
    const SOCKETS: &str = "wss://def.execute-api.eu-west-1.amazonaws.com";

    #[test]
    fn tokens_come_from_the_environment_unless_they_are_arguments() {
        let variables = [("CARILLON_TOKEN", "a"), ("CARILLON_SERVICE_TOKEN", "b"), ("CARILLON_EXPIRED_TOKEN", "")];
        let of_environment = read(&["--url", API, "--socket-url", SOCKETS], &variables).unwrap();
        let Tokens { member, service, expired } = of_environment.tokens;
        assert_eq!((member.reveal(), service.as_ref().map(Secret::reveal)), ("a", Some("b")));
        assert!(expired.is_none());
        let of_arguments = read(&["--url", API, "--socket-url", SOCKETS, "--token", "c"], &variables).unwrap();
        assert_eq!(of_arguments.tokens.member.reveal(), "c");
    }

    #[test]
    fn the_address_of_the_sockets_is_guessed_or_asked_for() {
        let token = [("CARILLON_TOKEN", "a")];
        let target = read(&["--url", "https://app.example"], &token).unwrap();
        assert_eq!(target.sockets.to_string(), "wss://app.example");
        let target = read(&["--url", API, "--socket-url", SOCKETS], &token).unwrap();
        assert_eq!(target.sockets.to_string(), SOCKETS);
        assert!(refusal(&["--url", API], &token).contains("output SocketUrl as --socket-url"));
    }

    #[test]
    fn a_missing_option_is_asked_for_by_name() {
        let token = [("CARILLON_TOKEN", "a")];
        assert!(refusal(&["--url", "https://app.example"], &[]).contains("CARILLON_TOKEN"));
        assert!(refusal(&["--url", "https://app.example", "--write"], &token).contains("CARILLON_SERVICE_TOKEN"));
        assert!(refusal(&["--url", "app.example"], &token).starts_with("--url: "));
        assert!(refusal(&["--url", API, "--socket-url", API], &token).starts_with("--socket-url: "));
        assert!(Cli::try_parse_from(["local", "smoke", "--socket-url", SOCKETS]).is_err());
        assert!(Cli::try_parse_from(["local", "smoke", "--timeout", "0"]).is_err());
    }
}

//! The command line.

use clap::{Args, Parser, Subcommand};

/// Carillon on this machine: without a command, starts everything and prints what to try.
#[derive(Parser)]
#[command(bin_name = "cargo local", args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) ports: Ports,
}

/// The ports on 127.0.0.1 that the stack listens on.
#[derive(Args, Clone, Copy)]
pub(crate) struct Ports {
    /// Port of the front door, the one address that clients use
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Port of ministack, which stands in for AWS
    #[arg(long, default_value_t = 4566)]
    pub(crate) ministack_port: u16,
    /// Port of sockudo, which stands in for Pusher
    #[arg(long, default_value_t = 6001)]
    pub(crate) sockudo_port: u16,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs every test: unit tests, then the end-to-end tests against a stack of their own
    Test(Test),
    /// Prints a token for a user of the running stack
    Token(Token),
    /// Prints every event that a user of the running stack receives
    Listen(Listen),
    /// Stops the children of a stack that was killed
    #[command(hide = true)]
    Watchdog,
}

#[derive(Args)]
pub(crate) struct Test {
    /// Skip the unit tests
    #[arg(long)]
    pub(crate) e2e_only: bool,
    /// Further arguments for `node --test`, for example --test-name-pattern=kudos
    #[arg(last = true)]
    pub(crate) extra: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Token {
    /// The user id, the token's `sub`
    pub(crate) user_id: String,
    /// The display name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Address of the user's picture
    #[arg(long)]
    pub(crate) avatar: Option<String>,
    /// A role, for example `service`; may be given more than once
    #[arg(long = "role")]
    pub(crate) roles: Vec<String>,
    /// How long the token is good for
    #[arg(long, default_value_t = 12)]
    pub(crate) hours: u64,
}

#[derive(Args)]
pub(crate) struct Listen {
    /// The user id to listen as
    pub(crate) user_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_follows_the_dashes_is_for_the_test_runner() {
        let cli = Cli::parse_from(["local", "test", "--e2e-only", "--", "--test-only"]);
        let Some(Command::Test(test)) = cli.command else {
            panic!("not parsed as the test command");
        };
        assert!(test.e2e_only);
        assert_eq!(test.extra, ["--test-only"]);
    }
}

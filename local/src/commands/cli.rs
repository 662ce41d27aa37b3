//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, value_parser};

use crate::chaos;
use crate::commands::{import, smoke};
use crate::net::origin::Origin;
use crate::net::ports::Ports;
use crate::state::settings::{LocalServer, PusherServer, WebhookAddress};
use crate::state::token::LASTING;

/// Carillon on this machine: without a command, starts everything and prints its addresses.
#[derive(Parser)]
#[command(bin_name = "cargo local", args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: Run,
}

/// How the stack is started.
#[derive(Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) ports: Ports,
    /// A further origin whose pages may call the API, such as http://192.168.1.20:5173; may be given more than once. Pages of
    /// http://localhost and http://127.0.0.1 may on every port
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<Origin>,
    /// File with your app's JWT_SECRET or JWT_JWKS_URL, JWT_ISSUER, JWT_AUDIENCE, JWT_CLAIM_USER_ID (_NAME, _PICTURE, _ROLES,
    /// _CHANNELS), FIREBASE_PROJECT_ID, FIREBASE_CLIENT_EMAIL and FIREBASE_PRIVATE_KEY; for --pusher hosted PUSHER_APP_ID, PUSHER_KEY,
    /// PUSHER_SECRET and PUSHER_CLUSTER, and for another server than Pusher's PUSHER_HOST, PUSHER_PORT and PUSHER_SCHEME. The environment
    /// overrides it
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// The server that clients of Pusher's protocol connect to
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pusher: PusherServer,
    /// Server of your app that gets webhooks of every type (not with another --pusher): http://localhost:8080/pusher/webhooks
    #[arg(long, value_name = "URL")]
    pub(crate) webhook_url: Option<WebhookAddress>,
    /// Tell the subscribers of a channel how many they are (not with another --pusher)
    #[arg(long)]
    pub(crate) subscription_counts: bool,
    /// The unpacked folder of a release, whose functions are then run in place of this clone's: nothing is compiled for them
    #[arg(long, value_name = "DIR")]
    pub(crate) release_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs every test: unit tests, then the end-to-end tests and schemathesis against a stack of their own
    Test(Test),
    /// Puts a stack of its own under load, makes its parts fail, and counts which events arrive
    ///
    /// The columns and lines of its report:
    ///
    /// accepted: events that commands with a successful response caused.
    ///
    /// delivered: those that a client heard; with --pusher sockudo, those that sockudo took, even if the function had stopped waiting.
    ///
    /// duplicated: deliveries of an event to a client, or to sockudo, after its first one.
    ///
    /// out of order: deliveries of a party's event after a later one of that party, repetitions included.
    ///
    /// lost: accepted, or found in the table, but neither delivered, nor pending, nor a dead letter. Without sockudo, an event is
    /// also lost if a client that was subscribed throughout did not hear it: before the table had the event, and two seconds after its row
    /// owed it no more.
    ///
    /// unheard: without sockudo, accepted events that no client heard, and none had to, as none was subscribed throughout.
    ///
    /// longest wait: from the command's response to the first delivery.
    ///
    /// room presence: joins and departures may cancel out, so only the last word on each user in a room counts. It must be the
    /// table's.
    ///
    /// rows with a wrong last word: parties whose last delivered event is not their newest.
    ///
    /// without a clear response: commands that got 5xx or no response. Their events may arrive, and must if their row is in the table.
    ///
    /// fault: why the run exits with 1. Without sockudo, a run also fails if it has a dead letter, if a connection ends in a run with
    /// --calm, if a client is not subscribed again a minute after the last failure, or if no client had to hear any event of a kind.
    Chaos(chaos::Options),
    /// Checks a deployed stack, or the running local one, from outside. A pipeline calls it after a deployment
    ///
    /// It asks as a member, and as another back end where it has the token of one. Without --write it stores nothing but the counts of
    /// its requests and a member's profile. It connects directly, without a proxy. It exits with 1 if a check fails.
    Smoke(smoke::SmokeOptions),
    /// Sends a file of another system's data to a deployed stack, or the running local one. docs/MIGRATE.md has how to write it
    ///
    /// Stopped and called again, it goes on where it was. Lines that failed are in FILE.failed.ndjson, the reasons in FILE.failed.txt. FILE.ids.ndjson
    /// has the ids of rows that have another one here. It exits with 1 if a line failed.
    Import(import::ImportOptions),
    /// Prints a token for a user of the running stack
    Token(Token),
    /// Prints every event that a user of the running stack receives on their own channel and in the room of the demo's book
    /// (the-left-hand), which this joins as the user; or with --facts, every fact on the event bus
    Listen(Listen),
    /// Prints what the functions of the running stack logged
    Logs(Logs),
    /// Prints what the running stack pushed to phones; it plays FCM where no Firebase project is named
    Pushes(Pushes),
    /// Prints the e-mails that the running stack sent; they reach nobody
    Mails(Mails),
    /// Tells whether the stack is up and well, and what it has not delivered yet
    Status,
    /// Prints requests and clients to try on the running stack, with tokens
    Try,
    /// Empties the running stack: no row, message or log is left, and what is connected stays connected
    Reset,
    /// Sends the requests of docs/bruno to the running stack
    Bruno(Bruno),
    /// Serves a page of parties and invitations for the running stack
    Page,
    /// Checks a call of `cargo local` and installs its tools, beside the build of a first start (`local/launch`)
    #[command(hide = true)]
    Install(Install),
    /// Stops the children of a stack that was killed
    #[command(hide = true)]
    Watchdog,
}

#[derive(Args)]
pub(crate) struct Test {
    /// Only these files of tests/e2e, for example tests/e2e/kudos.test.mjs or kudos; nothing else is run then
    #[arg(value_name = "FILE", conflicts_with = "schemathesis_only")]
    pub(crate) files: Vec<PathBuf>,
    /// The server that clients of Pusher's protocol connect to. With sockudo and without files, only the end-to-end tests are run that a
    /// Pusher server can decide differently
    #[arg(long, value_enum, default_value_t)]
    pub(crate) pusher: LocalServer,
    /// Skip the unit tests
    #[arg(long)]
    pub(crate) e2e_only: bool,
    /// Run schemathesis alone
    #[arg(long, conflicts_with = "e2e_only")]
    pub(crate) schemathesis_only: bool,
    /// Further arguments for `node --test`, for example --test-name-pattern=kudos; schemathesis is then left out. After
    /// --schemathesis-only, arguments for `schemathesis run`, for example --max-examples=200
    #[arg(last = true)]
    pub(crate) extra: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Install {
    /// The arguments of the call that it is for
    #[arg(last = true)]
    pub(crate) call: Vec<OsString>,
}

#[derive(Args)]
pub(crate) struct Token {
    /// The user id, the token's `sub`
    #[arg(required_unless_present = "hotel", conflicts_with = "hotel")]
    pub(crate) user_id: Option<String>,
    /// For a guest's token: the hotel's slug
    #[arg(long, requires = "booking", conflicts_with_all = ["avatar", "roles", "channels"])]
    pub(crate) hotel: Option<String>,
    /// For a guest's token: the booking
    #[arg(long, requires = "hotel")]
    pub(crate) booking: Option<String>,
    /// The display name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Address of the user's picture
    #[arg(long)]
    pub(crate) avatar: Option<String>,
    /// A role. Carillon knows one, that of another back end
    #[arg(long = "role", value_parser = ["service"])]
    pub(crate) roles: Vec<String>,
    /// A channel that the token opens, such as private-orders-1; a * at the end stands for any rest
    #[arg(long = "channel", value_name = "NAME")]
    pub(crate) channels: Vec<String>,
    /// How long the token is good for; at most a year
    #[arg(long, default_value_t = 12, value_parser = value_parser!(u64).range(LASTING))]
    pub(crate) hours: u64,
}

#[derive(Args)]
pub(crate) struct Listen {
    /// The user id to listen as
    #[arg(required_unless_present = "facts")]
    pub(crate) user_id: Option<String>,
    /// Print the facts that pass on the event bus, which your other systems hear, until Ctrl-C
    #[arg(long, conflicts_with = "user_id")]
    pub(crate) facts: bool,
    /// Print each fact as an event of EventBridge, a line of JSON, as the scripts `docs/migrate/*_back.py` read them
    #[arg(long, requires = "facts")]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Logs {
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only functions whose name begins so, for example delivery, kudos-create or PusherAuth
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
    /// Only what is about the request with this id (the response's x-request-id), deliveries that it caused included
    #[arg(long, value_name = "ID", value_parser = request_id)]
    pub(crate) request: Option<String>,
    /// Only errors, and requests that were refused
    #[arg(long)]
    pub(crate) errors: bool,
    /// The lines as the functions wrote them, in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The local API Gateway's ids are UUIDs.
fn request_id(text: &str) -> Result<String, &'static str> {
    let parts: Vec<_> = text.split('-').collect();
    let is_one = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_one {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("take the x-request-id of a response, such as 7f0c2a9e-5b1d-4a43-9d2e-1c6b8f3e0a57 (`curl -i` shows it)")
    }
}

#[derive(Args)]
pub(crate) struct Pushes {
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Args)]
pub(crate) struct Mails {
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Args)]
pub(crate) struct Bruno {
    /// Files or folders of docs/bruno, for example parties or kudos.bru; all, if none is given
    pub(crate) requests: Vec<PathBuf>,
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
    fn further_origins_may_be_given() {
        let cli = Cli::parse_from(["local", "--origin", "https://a.example", "--origin", "http://b.example:81/"]);
        let origins: Vec<_> = cli.run.origins.iter().map(ToString::to_string).collect();
        assert_eq!(origins, ["https://a.example", "http://b.example:81"]);
        assert!(Cli::try_parse_from(["local", "--origin", "a.example"]).is_err());
    }

    #[test]
    fn webhooks_and_numbers_need_no_choice_of_a_server() {
        let cli =
            Cli::parse_from(["local", "--webhook-url", "http://localhost:8080/webhooks", "--subscription-counts"]);
        assert!(cli.run.webhook_url.is_some() && cli.run.subscription_counts);
    }

    #[test]
    fn arguments_after_the_dashes_are_for_the_test_runner() {
        let cli = Cli::parse_from(["local", "test", "--e2e-only", "--", "--test-only"]);
        let Some(Command::Test(test)) = cli.command else {
            panic!("not parsed as the test command");
        };
        assert!(test.e2e_only);
        assert_eq!(test.extra, ["--test-only"]);
    }

    #[test]
    fn the_server_of_pushers_protocol_is_carillon_itself_unless_another_is_named() {
        assert_eq!(Cli::parse_from(["local"]).run.pusher, PusherServer::Gateway);
        assert_eq!(Cli::parse_from(["local", "--pusher", "sockudo"]).run.pusher, PusherServer::Sockudo);
        let test = |arguments: &[&str]| match Cli::parse_from([&["local", "test"], arguments].concat()).command {
            Some(Command::Test(test)) => test,
            _ => panic!("not parsed as the test command"),
        };
        assert_eq!(test(&[]).pusher, LocalServer::Gateway);
        let some = test(&["--pusher", "sockudo", "kudos", "tests/e2e/rooms.test.mjs", "--", "--test-only"]);
        assert_eq!(some.pusher, LocalServer::Sockudo);
        assert_eq!(some.files, ["kudos", "tests/e2e/rooms.test.mjs"].map(PathBuf::from));
        assert_eq!(some.extra, ["--test-only"]);
        assert_eq!(Cli::parse_from(["local", "--pusher", "hosted"]).run.pusher, PusherServer::Hosted);
        let refusal =
            |arguments: &[&str]| Cli::try_parse_from([&["local"], arguments].concat()).err().unwrap().to_string();
        let refused = refusal(&["--pusher", "soketi"]);
        assert!(refused.contains("[possible values: gateway, sockudo, hosted]"), "{refused}");
        for command in ["test", "chaos"] {
            let refused = refusal(&[command, "--pusher", "hosted"]);
            assert!(refused.contains("[possible values: gateway, sockudo]"), "{refused}");
        }
    }

    #[test]
    fn a_token_is_a_users_or_a_guests() {
        let is_fine = |arguments: &[&str]| Cli::try_parse_from([&["local", "token"], arguments].concat()).is_ok();
        assert!(is_fine(&["ben", "--role", "service"]));
        assert!(is_fine(&["--hotel", "killarney", "--booking", "BK-2025-0123", "--name", "Grace"]));
        for wrong in [
            &[][..],
            &["--hotel", "killarney"],
            &["--booking", "BK-1"],
            &["ben", "--hotel", "killarney", "--booking", "BK-1"],
            &["--hotel", "killarney", "--booking", "BK-1", "--role", "service"],
        ] {
            assert!(!is_fine(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn arguments_without_a_meaning_are_refused_before_anything_is_done() {
        let refusal = |arguments: &[&str]| {
            Cli::try_parse_from([&["local"], arguments].concat()).err().map(|error| error.to_string())
        };
        for (arguments, told) in [
            (&["token", "ben", "--role", "admin"][..], "[possible values: service]"),
            (&["token", "ben", "--hours", "0"], "0 is not in 1..=8784"),
            (&["token", "ben", "--hours", "99999999999999999"], "is not in 1..=8784"),
            (&["logs", "--request", "123"], "x-request-id"),
            (&["tokne", "ben"], "'token'"),
            (&["logs", "--folow"], "'--follow'"),
        ] {
            let said = refusal(arguments).unwrap_or_default();
            assert!(said.contains(told), "{arguments:?}: {said}");
        }
        assert!(refusal(&["logs", "--request", "7F0C2A9E-5b1d-4a43-9d2e-1c6b8f3e0a57"]).is_none());
        assert!(refusal(&["token", "ben", "--role", "service", "--hours", "8784"]).is_none());
    }

    #[test]
    fn schemathesis_can_run_alone() {
        let cli = Cli::parse_from(["local", "test", "--schemathesis-only", "--", "--max-examples=200"]);
        let Some(Command::Test(test)) = cli.command else {
            panic!("not parsed as the test command");
        };
        assert!(test.schemathesis_only);
        assert_eq!(test.extra, ["--max-examples=200"]);
        assert!(Cli::try_parse_from(["local", "test", "--schemathesis-only", "--e2e-only"]).is_err());
    }

    #[test]
    fn chaos_lasts_for_seconds_or_for_minutes() {
        let lasting = |arguments: &[&str]| match Cli::try_parse_from([&["local", "chaos"], arguments].concat()) {
            Ok(Cli { command: Some(Command::Chaos(chaos)), .. }) => Some(chaos.lasting().as_secs()),
            _ => None,
        };
        assert_eq!(lasting(&[]), Some(30));
        assert_eq!(lasting(&["--seconds", "45"]), Some(45));
        assert_eq!(lasting(&["--minutes", "2"]), Some(120));
        assert_eq!(lasting(&["--minutes", "2", "--seconds", "45"]), None);
    }
}

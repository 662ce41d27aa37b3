//! Each function has the secrets that it uses, and no others. That it has all of them, every test proves: the functions of a [`World`] have
//! the variables of `template.yaml` alone (`tests/world/template.rs`).

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use futures_util::FutureExt as _;
use shared::contract::time::Millis;
use shared::settings::Need;
use shared::table::string;
use tests::{Mode, Request, World, binaries, environment_of, needs_of, token};

use crate::module_map;

/// The variables that not every function has, and the words by which a function's own code asks for them.
const ASKED_FOR_BY: &[(&str, &[&str])] = &[
    ("JWT_SECRET", &[".authenticate"]),
    // A function whose rows owe events to WebSockets alone delivers them without Pusher.
    (
        "PUSHER_SECRET",
        &[
            ".finish(",
            ".dispatcher(",
            ".authorizer(",
            ".webhook(",
            ".idempotency_key(",
            ".channels()",
            ".must_be_signed(",
            "Need::Gateway",
        ],
    ),
    ("PUSHER_PREVIOUS_SECRET", &[".webhook(", ".must_be_signed(", "Need::Gateway"]),
    ("PUSHER_PREVIOUS_KEY", &[".webhook(", ".must_be_signed(", "Need::Gateway"]),
    // Carillon's own events go to no encrypted channel.
    ("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", &[".authorizer(", ".trigger("]),
    ("EMAIL_LINK_KEY", &["start_with_senders(", "is_unsubscribe_signature("]),
    ("EMAIL_PREVIOUS_LINK_KEY", &["is_unsubscribe_signature("]),
    ("FIREBASE_CLIENT_EMAIL", &["start_with_senders("]),
    ("FIREBASE_PRIVATE_KEY", &["start_with_senders("]),
    ("FIREBASE_PROJECT_ID", &["start_with_senders(", "Notifier {"]),
    ("NOTIFICATION_DAYS", &["start_with_senders(", "Notifier {", "Importer {"]),
    ("RETRY_QUEUE_URL", &[".retry_queue("]),
    ("DEAD_LETTER_QUEUE_URL", &[".retry_queue("]),
    ("EMAIL_FROM", &["start_with_senders(", ".settings.email"]),
    ("GUEST_URL", &["start_with_senders(", ".settings.emails_guests("]),
    ("WEBHOOK_URL", &["start_with_senders("]),
    ("EVENT_BUS", &["start_with_senders("]),
    ("ATTACHMENTS_BUCKET", &["start_with_senders(", ".attachments(", ".attachment_store("]),
    ("ATTACHMENTS_ENDPOINT", &["start_with_senders(", ".attachments(", ".attachment_store("]),
    ("MAX_ATTACHMENT_BYTES", &["chats::upload("]),
    ("ATTACHMENT_TYPES", &["chats::upload("]),
    ("WEBHOOK_EVENTS", &["gateway::disconnect(", "gateway::handle(", "gateway::keep_alive("]),
    ("SUBSCRIPTION_COUNTS", &["gateway::disconnect(", "gateway::handle(", "gateway::keep_alive("]),
    ("HEARTBEAT_SECONDS", &[".settings.heartbeat_seconds"]),
    ("MAX_PARTY_MEMBERS", &[".settings.max_party_members", "Importer {"]),
    ("TERMINATE_REMOVED", &[".settings.terminate_removed"]),
    ("NOTIFICATIONS_OF", &["kudos::give(", "parties::invite("]),
    ("DASHBOARD_PUBLIC_CHANNELS", &[".settings.dashboard_public_channels"]),
];

/// The code of the function with this binary, without its comments.
fn code(binary: &str) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions").join(binary).join("src");
    let files = module_map::files_below(&directory);
    let text = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<Vec<_>>().join("\n");
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_program_of_the_local_stack_is_each_function() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../local/functions/src/main.rs");
    let program = std::fs::read_to_string(program).unwrap();
    for binary in binaries() {
        let line = format!(
            "    \"{binary}\" is {} in \"../../../functions/{binary}/src/main.rs\",\n",
            binary.replace('-', "_")
        );
        assert!(program.contains(&line), "add to local/functions/src/main.rs, and {binary} to its Cargo.toml:\n{line}");
        assert!(code(binary).contains("pub(crate) async fn main"), "local/functions calls {binary}'s main");
    }
}

#[test]
fn each_function_has_the_variables_that_its_code_asks_for_and_no_others() {
    for binary in binaries() {
        let needs_more = needs_of(binary).contains(&Need::Gateway);
        let mode = if needs_more { Mode::Gateway } else { Mode::Pusher };
        let (code, environment) = (code(binary), environment_of(binary, mode));
        for (variable, words) in ASKED_FOR_BY {
            let asks = words.iter().find(|word| code.contains(**word));
            assert_eq!(environment.contains(*variable), asks.is_some(), "{binary}, {variable}, asked for by {asks:?}");
        }
    }
}

#[test]
fn each_secret_of_the_template_is_one_that_some_code_asks_for() {
    let template = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap();
    let secrets = template.split("{{resolve:secretsmanager:${SecretName}:SecretString:").skip(1);
    let secrets: BTreeSet<_> = secrets.map(|rest| rest.split(':').next().unwrap()).collect();
    assert!(secrets.len() > 6, "{secrets:?}");
    let known: BTreeSet<_> = ASKED_FOR_BY.iter().map(|(variable, _)| *variable).collect();
    // EventBridge sends it with facts.
    let known = &known | &BTreeSet::from(["FACTS_KEY"]);
    assert_eq!(secrets.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "say who asks for it");
    let (globals, _) = template.split_once("\nResources:\n").unwrap();
    assert!(!globals.contains("{{resolve:"), "a secret in Globals is every function's");
}

/// A missing secret stops a function when it starts, and not when somebody calls it.
#[test]
fn each_function_starts_with_the_needs_whose_secrets_it_has() {
    for binary in binaries() {
        let code = code(binary);
        let (_, start) = code.split_once("= App::start").unwrap_or_else(|| panic!("{binary} starts otherwise"));
        let (needs, _) = start.split_once(")").unwrap();
        let expected: Vec<_> = needs_of(binary).into_iter().map(|need| format!("Need::{need:?}")).collect();
        assert_eq!(needs.split_once("&[").unwrap().1.trim_end_matches(']'), expected.join(", "), "{binary}");
    }
}

#[tokio::test]
async fn a_function_under_test_has_no_secret_of_another() {
    let world = World::new().await;
    assert!(world.app.channels().is_ok() && world.app_of("kudos-create").channels().is_ok());
    assert!(world.app_of("books").channels().is_err() && world.app_of("books").settings.pusher.is_none());
    let health = world.app_of("health");
    assert!(health.settings.tokens.is_none() && health.channels().is_ok());
    let error = health.authenticate(&Request::new("GET /health").bearer(&token("ada")).build()).await.unwrap_err();
    assert_eq!(error.status().as_u16(), 500);
}

#[tokio::test]
async fn the_functions_that_speak_pushers_protocol_have_its_secret_only_then() {
    let [with_pusher, with_gateway] = [World::new().await, World::with_gateway().await];
    for binary in ["socket-connect", "socket-message"] {
        assert!(with_pusher.app_of(binary).settings.pusher.is_none(), "{binary}");
        let credentials = &with_gateway.app_of(binary).settings.pusher().unwrap().credentials;
        assert_eq!(
            (credentials.key.as_str(), credentials.secret.bytes()),
            (tests::PUSHER.0, tests::PUSHER.1.as_bytes())
        );
    }
}

/// The fakes refuse what the template of the world's mode does not grant.
#[tokio::test]
async fn a_function_may_do_in_gateway_mode_what_it_may_not_otherwise() {
    let puts_a_row = async |world: &World| {
        let table = &world.app_of("socket-disconnect").table;
        let row = [("pk", "CHANNEL#a"), ("sk", "MEMBER#ada")].map(|(name, value)| (name.to_owned(), string(value)));
        world.as_function("socket-disconnect", table.create(row.into(), Millis::now())).await
    };
    assert!(puts_a_row(&World::with_gateway().await).await.is_ok());
    let world = World::new().await;
    let refused = AssertUnwindSafe(puts_a_row(&world)).catch_unwind().await.unwrap_err();
    let said = refused.downcast::<String>().unwrap();
    assert!(said.contains("dynamodb:PutItem") && said.contains("Channels=Pusher"), "{said}");
}

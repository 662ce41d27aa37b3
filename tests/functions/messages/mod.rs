//! Each message of Carillon is in docs/MESSAGES.md, and those that a newcomer meets are in docs/TROUBLESHOOTING.md.
//!
//! | file | what it is |
//! |---|---|
//! | `source` | the string literals of a Rust file |
//! | `found` | which of them are messages, and with which status they come |
//! | `page` | docs/MESSAGES.md |

mod found;
mod page;
mod source;

use std::collections::BTreeSet;

use found::{Message, all, of_source, root, with_gaps};
use page::{page, quoted};

/// Set this variable to write the page instead of comparing it.
const WRITE: &str = "WRITE_DOCS";

/// The files with what a newcomer meets: tokens, channels, connections, and what a stack needs to start.
const OF_NEWCOMERS: [&str; 15] = [
    "functions/socket-connect/src/",
    "local/src/install/prerequisites.rs",
    "local/src/net/ports.rs",
    "local/src/state/directory.rs",
    "shared/contract/src/channel.rs",
    "shared/contract/src/socket_id.rs",
    "shared/src/api_error.rs",
    "shared/src/authorization.rs",
    "shared/src/channels/own.rs",
    "shared/src/gateway/grant.rs",
    "shared/src/gateway/subscription.rs",
    "shared/src/identity/mod.rs",
    "shared/src/settings/mod.rs",
    "shared/src/sockets/connect.rs",
    "shared/src/sockets/not_entered.rs",
];

/// Further messages of these files. MESSAGES.md has each, and the page has the pattern of the first ones.
const BESIDES: [&str; 5] = [
    // One for each setting.
    "the environment variable ",
    // To Carillon's own developers.
    "the function uses what it does not start with",
    // After what is on the page.
    "… Then run `cargo local` again.",
    // On a machine where nothing works.
    "No port from … to … is free",
    "The lock of the local stack cannot be taken",
];
const PATTERN: &str = "the environment variable … must be …";

/// A page as its reader searches it: without line breaks.
fn searchable(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The messages that a newcomer meets and that this page does not have, word for word.
fn missing(messages: &BTreeSet<Message>, page: &str) -> Vec<String> {
    let page = searchable(page);
    let of_newcomers = messages.iter().filter(|message| OF_NEWCOMERS.iter().any(|file| message.file.starts_with(file)));
    let of_newcomers = of_newcomers.filter(|message| message.status != "log");
    let words = of_newcomers.map(|message| message.words.as_str());
    let words = words.filter(|words| *words == PATTERN || !BESIDES.iter().any(|besides| words.starts_with(besides)));
    words.filter(|words| !page.contains(&quoted(words))).map(str::to_owned).collect()
}

#[test]
fn the_page_of_messages_is_what_the_sources_say() {
    let path = root().join("docs/MESSAGES.md");
    let page = page(&all());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/MESSAGES.md is not what the sources say: run `{WRITE}=1 cargo test -p tests messages` and commit what it changes"
    );
}

#[test]
fn every_file_that_is_left_out_or_treated_apart_is_there() {
    for path in found::named_paths().chain(OF_NEWCOMERS) {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        let is_there = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(name);
        assert!(entries.map(Result::unwrap).any(is_there), "{path}");
    }
}

#[test]
fn each_message_that_a_newcomer_meets_is_in_the_troubleshooting() {
    let (messages, page) = (all(), std::fs::read_to_string(root().join("docs/TROUBLESHOOTING.md")).unwrap());
    let count =
        messages.iter().filter(|message| OF_NEWCOMERS.iter().any(|file| message.file.starts_with(file))).count();
    assert!(count > 40, "only {count} messages were found");
    let missing = missing(&messages, &page);
    assert!(missing.is_empty(), "docs/TROUBLESHOOTING.md does not quote these, in backticks: {missing:#?}");
}

#[test]
fn a_message_that_the_page_does_not_have_is_found() {
    let file = "shared/src/identity/mod.rs";
    let messages = of_source(r#"enum E { #[error("The token is {0} days too old; sign in again")] Old(u8) }"#, file);
    let messages: BTreeSet<_> = messages.into_iter().collect();
    assert_eq!(missing(&messages, "the token"), ["The token is … days too old; sign in again"]);
    let page = "It says `The token is … days\ntoo old; sign in again`.";
    assert_eq!(missing(&messages, page), Vec::<String>::new());
}

#[test]
fn a_message_has_the_words_and_the_status_that_a_client_receives() {
    let of = |text: &str| {
        let found = of_source(text, "shared/src/rooms/made_up.rs");
        found.into_iter().map(|message| (message.words, message.status)).collect::<Vec<_>>()
    };
    let one = |words: &str, status: &str| vec![(words.to_owned(), status.to_owned())];
    let text = r#"fn f() { Err(ApiError::NotFound("There is no such thing".to_owned())) }"#;
    assert_eq!(of(text), one("There is no such thing", "404"));
    let text = r#"fn f() { ApiError::field("limit", format!("must be a number from 1 to {max}")) }"#;
    assert_eq!(of(text), one("limit must be a number from 1 to …", "400"));
    assert_eq!(of(r#"fn f() { ApiError::field(name, "must be one line") }"#), one("… must be one line", "400"));
    let text = r#"fn f() { let told = format!("You have {} devices: say which", n); Err(ApiError::Conflict(told)) }"#;
    assert_eq!(of(text), one("You have … devices: say which", "409"));
    let text = r#"fn f() { SettingsError::Malformed("PORT", "a port number") }"#;
    assert_eq!(of(text), one("the environment variable PORT must be a port number", "400"));
    let text = r#"pub enum E { #[error("There are too many here")] Many, #[error("It has gone away")] Gone, #[error("Nobody knows it here")] No }
        impl From<E> for ApiError { fn from(error: E) -> Self { match error { E::Many => Self::LimitReached { told },
        E::Gone | E::Other => Self::Conflict(error.to_string()), other => Self::Forbidden(other.to_string()), } } }"#;
    let statuses: Vec<_> = of(text).into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, ["429", "409", "403"]);
    assert_eq!(of(r#"fn f() { x.expect("a reason for the reader") }"#), []);
}

#[test]
fn a_placeholder_is_a_gap_and_a_brace_of_json_stays() {
    for (text, shown) in [
        ("at most {MAX} in {} s", "at most … in … s"),
        (r#"send {{"a": 1}} to {0:?}"#, r#"send {"a": 1} to …"#),
        (r#"such as {"name": "Ada"}"#, r#"such as {"name": "Ada"}"#),
    ] {
        assert_eq!(with_gaps(text), shown);
    }
}

//! docs/MESSAGES.md: every message, by the section that helps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::found::Message;

const HEAD: &str = "\
# Messages

<!-- Generated from the sources. Do not edit: `WRITE_DOCS=1 cargo test -p tests messages` writes it. -->

Every message of Carillon, by the section that helps; `…` stands for what differs. [TROUBLESHOOTING.md](TROUBLESHOOTING.md) goes by symptom.
Beside each message is the status of its response, or where it comes:

- `frame`: in an error frame, which pusher-js logs with `Pusher.logToConsole = true`; before `4001`, pusher-js gives up
- `event`: in the event `error` or in `connect_error`, or in an acknowledgement; a refused handshake has it in its body
- `result`: in the result of a line of `POST /imports`
- `start`: in the log of a function that does not start
- `log`: in the log alone; the client gets another message
- `terminal`: in the terminal of `cargo local`
";

/// A group of messages: its title, what helps, and the beginnings of its files' paths.
struct Group {
    title: &'static str,
    help: &'static str,
    files: &'static [&'static str],
}

/// The groups. A file belongs to the first one that has the longest fitting beginning.
const GROUPS: [Group; 11] = [
    Group {
        title: "Tokens and callers",
        help: "[It says 401](TROUBLESHOOTING.md#it-says-401)",
        files: &["shared/src/identity/", "shared/src/app/callers.rs"],
    },
    Group {
        title: "Channels",
        help: "[It hears nothing](TROUBLESHOOTING.md#the-page-connects-and-hears-nothing), \
               [It does not connect](TROUBLESHOOTING.md#the-page-does-not-connect)",
        files: &[
            "shared/src/authorization",
            "shared/src/channels/",
            "shared/src/channel_server",
            "shared/src/gateway/",
            "shared/src/clients/pusher/frames",
            "shared/src/clients/pusher/encryption",
            "shared/contract/src/any_channel",
            "shared/contract/src/channel",
            "shared/contract/src/socket_id",
            "functions/channels/",
            "functions/socket-connect/src/pusher",
            "functions/socket-message/src/pusher",
        ],
    },
    Group {
        title: "Socket.IO and WebSockets",
        help: "[`connect_error`](TROUBLESHOOTING.md#connect_error)",
        files: &[
            "shared/src/sockets/",
            "shared/src/clients/socket_io/",
            "shared/src/http/socket",
            "shared/contract/src/sockets/",
            "functions/dashboard/",
            "functions/socket-",
        ],
    },
    Group {
        title: "Pusher's HTTP API and webhooks",
        help: "[Another status](TROUBLESHOOTING.md#another-status)",
        files: &[
            "shared/src/triggers/",
            "shared/src/clients/pusher/",
            "shared/src/clients/webhook_endpoint",
            "shared/src/delivery/app_webhook",
            "functions/pusher-",
        ],
    },
    Group {
        title: "Pushes and devices",
        help: "[No push arrives](TROUBLESHOOTING.md#no-push-arrives)",
        files: &["shared/src/clients/fcm/", "shared/src/users/device", "functions/device-tokens/"],
    },
    Group {
        title: "E-mails",
        help: "[E-mails do not arrive](OPERATIONS.md#e-mails-do-not-arrive)",
        files: &["shared/src/clients/ses", "functions/email-unsubscribe/", "shared/contract/src/email"],
    },
    Group {
        title: "Settings",
        help: "[The deployment fails](TROUBLESHOOTING.md#the-deployment-fails-or-everything-is-500)",
        files: &["shared/src/settings/", "shared/src/running", "shared/src/app", "shared/src/clients/secrets_manager"],
    },
    Group {
        title: "The local stack",
        help: "[`cargo local` does not start](TROUBLESHOOTING.md#cargo-local-does-not-start)",
        files: &["local/"],
    },
    Group {
        title: "Imports",
        help: "[MIGRATE.md](MIGRATE.md)",
        files: &[
            "functions/imports/",
            "shared/src/imports/",
            "shared/src/table/imported",
            "shared/src/chats/import",
            "shared/src/parties/import",
            "shared/src/notifications/import",
        ],
    },
    Group {
        title: "Deliveries",
        help: "[Messages arrive late](OPERATIONS.md#messages-arrive-late)",
        files: &["functions/delivery/", "shared/src/clients/", "shared/src/delivery/", "shared/src/outbox/"],
    },
    Group { title: "Requests", help: "[Another status](TROUBLESHOOTING.md#another-status)", files: &[""] },
];

fn group_of(file: &str) -> &'static str {
    let fitting = GROUPS.iter().flat_map(|group| group.files.iter().map(move |beginning| (*beginning, group.title)));
    let longest =
        fitting.filter(|(beginning, _)| file.starts_with(beginning)).max_by_key(|(beginning, _)| beginning.len());
    longest.expect("the last group has every file").1
}

/// The page of these messages.
pub(super) fn page(messages: &BTreeSet<Message>) -> String {
    // By group, then by the words: the statuses with which they come.
    let mut groups: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for message in messages {
        let words = groups.entry(group_of(&message.file)).or_default().entry(&message.words).or_default();
        words.insert(&message.status);
    }
    let mut page = HEAD.to_owned();
    for Group { title, help, .. } in GROUPS {
        let Some(rows) = groups.get(title) else { continue };
        write!(page, "\n## {title}\n\n{help}\n\n| message | status |\n|---|---|\n").unwrap();
        let mut rows: Vec<_> = rows.iter().collect();
        rows.sort_by_key(|(words, _)| words.trim_start_matches(['…', ' ', '\'']).to_lowercase());
        for (words, statuses) in rows {
            let statuses: Vec<_> = statuses.iter().copied().collect();
            writeln!(page, "| {} | {} |", quoted(words), statuses.join(", ")).unwrap();
        }
    }
    page
}

/// A message as code in a cell of a table.
pub(super) fn quoted(words: &str) -> String {
    let words = words.replace('|', "\\|");
    if words.contains('`') { format!("`` {words} ``") } else { format!("`{words}`") }
}

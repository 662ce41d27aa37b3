//! Which end-to-end tests run with which server of Pusher's protocol.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::commands::cli;
use crate::state::settings::LocalServer;

/// How the names of files begin whose tests need [`LocalServer::Gateway`].
const OF_GATEWAY: &str = "pusher-";

/// The files that run with sockudo, each with what a Pusher server decides there. It is the independent second opinion on that.
/// Everything else is Carillon's own code, the same with either server, and is tested with [`LocalServer::Gateway`].
pub(super) const OF_SOCKUDO: [(&str, &str); 15] = [
    ("authorization", "it verifies the signatures of subscriptions and of sign-ins"),
    ("channels", "it takes the app's own channels, and ends the connections of who is removed"),
    ("console", "the console records what it is sent, stops it and freezes it"),
    ("delivery", "it ends and hangs"),
    ("guest-chat", "it ends and hangs, and pages see it"),
    ("health", "it ends and hangs"),
    ("laravel-echo", "it speaks to a client that is not ours, and passes events of clients on"),
    ("lease-chat", "it says who is in a chat, and ends and hangs"),
    ("outage", "it is killed and started again, and a page's bell rings"),
    ("party-channels", "it ends the connections of a member who is removed"),
    ("push", "it says whether a user is subscribed, and ends"),
    ("reconciliation", "it lists who is in a room, and tells of no departure"),
    ("rooms", "it sends webhooks about who enters and leaves"),
    ("server-libraries", "it takes what other back ends trigger, and answers their questions"),
    ("webhook", "it signs webhooks"),
];

/// The files whose tests are run: those that are named, or all for this server.
pub(in crate::commands) fn chosen(directory: &Path, options: &cli::Test) -> Result<Vec<PathBuf>> {
    let all = all(directory)?;
    let needs_gateway = |path: &Path| name(path).starts_with(OF_GATEWAY);
    if options.files.is_empty() {
        let is_of_sockudo = |path: &Path| OF_SOCKUDO.iter().any(|(of, _)| name(path) == format!("{of}.test.mjs"));
        return Ok(match options.pusher {
            LocalServer::Gateway => all,
            LocalServer::Sockudo => all.into_iter().filter(|path| is_of_sockudo(path)).collect(),
        });
    }
    let mut named = Vec::new();
    for asked in &options.files {
        let asked = name(asked);
        let Some(path) = all.iter().find(|path| [asked.clone(), format!("{asked}.test.mjs")].contains(&name(path)))
        else {
            bail!("{} has no {asked} and no {asked}.test.mjs", directory.display());
        };
        if needs_gateway(path) && options.pusher != LocalServer::Gateway {
            bail!("{} needs --pusher gateway", name(path));
        }
        named.push(path.clone());
    }
    Ok(named)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn all(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(|| format!("{} cannot be read", directory.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!("There are no tests in {}", directory.display());
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Parser as _;

    use super::*;
    use crate::commands::cli::{Cli, Command};

    const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/e2e");

    fn of(arguments: &[&str]) -> Result<Vec<String>, String> {
        let Some(Command::Test(options)) = Cli::parse_from([&["local", "test"], arguments].concat()).command else {
            panic!("not parsed as the test command");
        };
        let files = chosen(Path::new(DIRECTORY), &options).map_err(|error| error.to_string())?;
        Ok(files.iter().map(|path| name(path)).collect())
    }

    #[test]
    fn all_files_run_and_with_sockudo_those_that_a_pusher_server_can_decide_differently() {
        let all = of(&[]).unwrap();
        assert!(all.len() > 40 && all.contains(&"pusher-gateway.test.mjs".to_owned()), "{all:?}");
        assert_eq!(of(&["--pusher", "gateway"]).unwrap(), all);
        let with_sockudo = of(&["--pusher", "sockudo"]).unwrap();
        assert_eq!(with_sockudo, OF_SOCKUDO.map(|(of, _)| format!("{of}.test.mjs")), "each is there");
        // A test that does something to the Pusher server would otherwise run nowhere.
        let has_outage = |name: &String| {
            let text = std::fs::read_to_string(Path::new(DIRECTORY).join(name)).unwrap();
            ["noPusherServer", "killPusher", "freezePusher", "outage.mjs"].iter().any(|word| text.contains(word))
        };
        let outages: BTreeSet<_> = all.iter().filter(|name| has_outage(name)).collect();
        assert!(outages.iter().all(|&name| with_sockudo.contains(name)), "{outages:?}");
    }

    #[test]
    fn files_are_named_by_path_by_name_or_by_what_they_are_about() {
        let named = ["tests/e2e/kudos.test.mjs", "rooms.test.mjs", "sockets"];
        let files: Vec<_> = ["kudos", "rooms", "sockets"].map(|name| format!("{name}.test.mjs")).into();
        assert_eq!(of(&named), Ok(files.clone()));
        assert_eq!(of(&[&["--pusher", "sockudo"], &named[..]].concat()), Ok(files));
        assert!(of(&["kudo"]).unwrap_err().contains("has no kudo and no kudo.test.mjs"));
        let refused = of(&["--pusher", "sockudo", "pusher-gateway"]).unwrap_err();
        assert_eq!(refused, "pusher-gateway.test.mjs needs --pusher gateway");
        assert_eq!(of(&["pusher-gateway"]), Ok(vec!["pusher-gateway.test.mjs".to_owned()]));
    }
}

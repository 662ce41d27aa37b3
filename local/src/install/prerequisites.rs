//! The programs that must be on the machine before anything can be installed.

use std::process::Stdio;

use anyhow::{Result, bail};
use tokio::process::Command;

use crate::state::settings::PusherServer;

const PYTHON: (u32, u32) = (3, 10);
const NODE: (u32, u32) = (20, 0);
const GET_PYTHON: &str = "https://www.python.org/downloads, or `uv python install 3.12`";
const GET_NODE: &str = "https://nodejs.org, or `nvm install 20`";

/// A required program, and the packages that contain it.
struct Prerequisite {
    name: &'static str,
    debian: &'static str,
    homebrew: &'static str,
    found: Found,
}

enum Found {
    Yes,
    No,
    /// The system's packages may have no later one.
    Old {
        version: String,
        get: &'static str,
    },
}

impl Found {
    fn any(output: Option<&String>) -> Self {
        if output.is_some() { Self::Yes } else { Self::No }
    }

    /// `version` is what the program printed; `get` says where a later one is.
    fn at_least(least: (u32, u32), version: Option<&String>, get: &'static str) -> Self {
        match version.and_then(|text| Some((text, numbers(text)?))) {
            None => Self::No,
            Some((_, numbers)) if numbers >= least => Self::Yes,
            Some((text, _)) => Self::Old { version: text.trim_start_matches('v').to_owned(), get },
        }
    }
}

/// Checks for all of them, so that one command installs all that are missing. sockudo is built with two of them. Returns the version of
/// Python, to which a virtual environment is tied.
pub(crate) async fn check(pusher: PusherServer) -> Result<String> {
    let (python, node, npm, compiler, pkg_config, openssl) = tokio::join!(
        // A Debian Python without python3-venv has `venv`, but not the `ensurepip` that it needs.
        output("python3", &["-c", "import ensurepip, sys, venv; print('.'.join(map(str, sys.version_info[:3])))"]),
        output("node", &["--version"]),
        output("npm", &["--version"]),
        output("cc", &["--version"]),
        output("pkg-config", &["--version"]),
        output("pkg-config", &["--exists", "openssl"]),
    );
    let mut prerequisites = vec![
        Prerequisite {
            name: "Python 3.10 or later with venv (python3)",
            debian: "python3 python3-venv",
            homebrew: "python",
            found: Found::at_least(PYTHON, python.as_ref(), GET_PYTHON),
        },
        Prerequisite {
            name: "Node.js 20 or later (node)",
            debian: "nodejs",
            homebrew: "node",
            found: Found::at_least(NODE, node.as_ref(), GET_NODE),
        },
        Prerequisite { name: "npm", debian: "npm", homebrew: "node", found: Found::any(npm.as_ref()) },
        Prerequisite {
            name: "a C compiler (cc)",
            debian: "build-essential",
            homebrew: "gcc",
            found: Found::any(compiler.as_ref()),
        },
    ];
    if pusher == PusherServer::Sockudo {
        prerequisites.extend(of_sockudo(pkg_config.as_ref(), openssl.as_ref()));
    }
    match missing(&prerequisites) {
        None => Ok(python.unwrap_or_default()),
        Some(message) => bail!(message),
    }
}

/// The needs of sockudo's build alone; each is found if it has an output.
fn of_sockudo(pkg_config: Option<&String>, openssl: Option<&String>) -> [Prerequisite; 2] {
    let (pkg_config, openssl) = (Found::any(pkg_config), Found::any(openssl));
    [
        Prerequisite { name: "pkg-config", debian: "pkg-config", homebrew: "pkgconf", found: pkg_config },
        Prerequisite { name: "OpenSSL's headers", debian: "libssl-dev", homebrew: "openssl", found: openssl },
    ]
}

fn missing(prerequisites: &[Prerequisite]) -> Option<String> {
    let old = prerequisites.iter().filter_map(|prerequisite| match &prerequisite.found {
        Found::Old { version, get } => {
            Some(format!("{} is needed, and this is {version}. A later one: {get}", prerequisite.name))
        }
        Found::Yes | Found::No => None,
    });
    let missing: Vec<_> = prerequisites.iter().filter(|prerequisite| matches!(prerequisite.found, Found::No)).collect();
    let parts: Vec<_> = old.chain((!missing.is_empty()).then(|| packages(&missing))).collect();
    (!parts.is_empty()).then(|| format!("{}\nThen run `cargo local` again.", parts.join("\n")))
}

/// How to install what is missing.
fn packages(missing: &[&Prerequisite]) -> String {
    let list = |part: fn(&Prerequisite) -> &str, separator| {
        let mut parts: Vec<_> = missing.iter().map(|&prerequisite| part(prerequisite)).collect();
        parts.dedup();
        parts.join(separator)
    };
    format!(
        "This machine lacks {}.\n  Debian, Ubuntu:  sudo apt-get install {}\n  macOS:           brew install {}",
        list(|prerequisite| prerequisite.name, ", "),
        list(|prerequisite| prerequisite.debian, " "),
        list(|prerequisite| prerequisite.homebrew, " "),
    )
}

/// A program's output, if it is installed and succeeds.
async fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Major and minor of `3.11.7` or `v20.20.2`.
fn numbers(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim_start_matches('v').split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(numbers("v20.20.2"), Some((20, 20)));
        assert!(numbers("3.9.1") < Some(PYTHON));
        assert!(numbers("3.10.0") >= Some(PYTHON));
        assert_eq!(numbers(""), None);
    }

    #[test]
    fn everything_missing_is_named_once_with_its_packages() {
        let prerequisite = |name, debian, homebrew, found| Prerequisite { name, debian, homebrew, found };
        let message = missing(&[
            prerequisite("Node.js", "nodejs", "node", Found::No),
            prerequisite("npm", "npm", "node", Found::No),
            prerequisite("pkg-config", "pkg-config", "pkgconf", Found::Yes),
        ]);
        let message = message.unwrap();
        assert!(message.contains("lacks Node.js, npm."), "{message}");
        assert!(message.contains("apt-get install nodejs npm\n"), "{message}");
        assert!(message.contains("brew install node\n"), "{message}");
        assert_eq!(missing(&[prerequisite("npm", "npm", "node", Found::Yes)]), None);
    }

    #[test]
    fn a_version_that_is_too_old_is_named_with_where_a_later_one_is() {
        let node = |version: &str| Prerequisite {
            name: "Node.js 20 or later (node)",
            debian: "nodejs",
            homebrew: "node",
            found: Found::at_least(NODE, Some(&version.to_owned()), GET_NODE),
        };
        let message = missing(&[node("v18.19.1")]).unwrap();
        for part in ["Node.js 20 or later (node) is needed, and this is 18.19.1", "nodejs.org", "nvm install 20"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(!message.contains("apt-get"), "its packages may have the same version: {message}");
        assert_eq!(missing(&[node("v20.0.0")]), None);
        let python = Found::at_least(PYTHON, Some(&"3.9.2".to_owned()), GET_PYTHON);
        assert!(matches!(python, Found::Old { version, .. } if version == "3.9.2"));
        assert!(matches!(Found::at_least(PYTHON, None, GET_PYTHON), Found::No));
    }
}

//! The programs that must be on the machine before anything can be installed.

use std::process::Stdio;

use anyhow::{Result, bail};
use tokio::process::Command;

const PYTHON: (u32, u32) = (3, 10);
const NODE: u32 = 20;

/// A required program, and the packages that contain it.
struct Prerequisite {
    name: &'static str,
    debian: &'static str,
    homebrew: &'static str,
    found: bool,
}

/// Checks for all of them, so that one command installs all that are missing. Returns the version of Python, to which a
/// virtual environment is tied.
pub(crate) async fn check() -> Result<String> {
    let (python, node, npm, compiler, pkg_config, openssl) = tokio::join!(
        // A Debian Python without python3-venv has `venv`, but not the `ensurepip` that it needs.
        output("python3", &["-c", "import ensurepip, sys, venv; print('.'.join(map(str, sys.version_info[:3])))"]),
        output("node", &["--version"]),
        output("npm", &["--version"]),
        output("cc", &["--version"]),
        output("pkg-config", &["--version"]),
        output("pkg-config", &["--exists", "openssl"]),
    );
    let python_version = python.unwrap_or_default();
    let prerequisites = [
        Prerequisite {
            name: "Python 3.10 or later with venv (python3)",
            debian: "python3 python3-venv",
            homebrew: "python",
            found: version(&python_version).is_some_and(|(major, minor)| (major, minor) >= PYTHON),
        },
        Prerequisite {
            name: "Node.js 20 or later (node)",
            debian: "nodejs",
            homebrew: "node",
            found: node.as_deref().and_then(version).is_some_and(|(major, _)| major >= NODE),
        },
        Prerequisite { name: "npm", debian: "npm", homebrew: "node", found: npm.is_some() },
        Prerequisite {
            name: "a C compiler (cc)",
            debian: "build-essential",
            homebrew: "gcc",
            found: compiler.is_some(),
        },
        Prerequisite { name: "pkg-config", debian: "pkg-config", homebrew: "pkgconf", found: pkg_config.is_some() },
        Prerequisite { name: "OpenSSL's headers", debian: "libssl-dev", homebrew: "openssl", found: openssl.is_some() },
    ];
    match missing(&prerequisites) {
        None => Ok(python_version),
        Some(message) => bail!(message),
    }
}

fn missing(prerequisites: &[Prerequisite]) -> Option<String> {
    let missing: Vec<_> = prerequisites.iter().filter(|prerequisite| !prerequisite.found).collect();
    if missing.is_empty() {
        return None;
    }
    let list = |part: fn(&Prerequisite) -> &str, separator| {
        let mut parts: Vec<_> = missing.iter().map(|&prerequisite| part(prerequisite)).collect();
        parts.dedup();
        parts.join(separator)
    };
    Some(format!(
        "This machine lacks {}.\nInstall what is missing and run `cargo local` again:\n  \
         Debian, Ubuntu:  sudo apt-get install {}\n  macOS:           brew install {}",
        list(|prerequisite| prerequisite.name, ", "),
        list(|prerequisite| prerequisite.debian, " "),
        list(|prerequisite| prerequisite.homebrew, " "),
    ))
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
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim_start_matches('v').split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert!(version("3.9.1") < Some(PYTHON));
        assert!(version("3.10.0") >= Some(PYTHON));
        assert_eq!(version(""), None);
    }

    #[test]
    fn everything_missing_is_named_once_with_its_packages() {
        let prerequisite = |name, debian, homebrew, found| Prerequisite { name, debian, homebrew, found };
        let message = missing(&[
            prerequisite("Node.js", "nodejs", "node", false),
            prerequisite("npm", "npm", "node", false),
            prerequisite("pkg-config", "pkg-config", "pkgconf", true),
        ]);
        let message = message.unwrap();
        assert!(message.contains("lacks Node.js, npm."), "{message}");
        assert!(message.contains("apt-get install nodejs npm\n"), "{message}");
        assert!(message.ends_with("brew install node"), "{message}");
        assert_eq!(missing(&[prerequisite("npm", "npm", "node", true)]), None);
    }
}

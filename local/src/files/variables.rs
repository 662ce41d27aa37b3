//! The settings that `cargo local` takes from the environment, and from the file of `--env-file`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Environment variables. As for Node's `--env-file`, the environment decides where both name one.
#[derive(Default)]
pub(crate) struct Variables {
    of_file: BTreeMap<String, String>,
    /// The names that were asked for, which are the names of settings.
    asked: RefCell<BTreeSet<String>>,
    /// Whether the process's own environment is looked at; not in tests.
    with_environment: bool,
}

/// Prints what `--env-file` gave it. Node reads the file, so it means here what it means to the app's own back end.
const PRINT: &str = "process.stdout.write(JSON.stringify(process.env))";

impl Variables {
    /// The environment's, and those of the file, if there is one.
    pub(crate) async fn read(file: Option<&Path>) -> Result<Self> {
        let of_file = match file {
            Some(path) => read_file(path).await?,
            None => BTreeMap::new(),
        };
        Ok(Self { of_file, asked: RefCell::default(), with_environment: true })
    }

    /// A variable's value, unless it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_owned());
        let of_environment = self.with_environment.then(|| env::var(name).ok()).flatten();
        of_environment.or_else(|| self.of_file.get(name).cloned()).filter(|value| !value.is_empty())
    }

    /// The names in the file that begin as these do and that nothing has asked for: probably misspelled.
    pub(crate) fn unknown(&self, prefixes: &[&str]) -> Vec<&str> {
        let asked = self.asked.borrow();
        let names = self.of_file.keys().filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        names.filter(|name| !asked.contains(*name)).map(String::as_str).collect()
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        let of_file = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { of_file, asked: RefCell::default(), with_environment: false }
    }
}

async fn read_file(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = text_of(&std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let mut node = Command::new("node")
        .args(["--env-file=/dev/stdin", "-e", PRINT])
        // Prints only the file's variables, and none of them changes how Node starts.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("node cannot be started")?;
    let mut input = node.stdin.take().context("node has no input")?;
    let given = async {
        // A node that does not read says why on its standard error.
        let _ = input.write_all(text.as_bytes()).await;
        drop(input);
    };
    let ((), read) = tokio::join!(given, node.wait_with_output());
    let read = read.context("node cannot be waited for")?;
    if !read.status.success() {
        let said = String::from_utf8_lossy(&read.stderr);
        bail!("{} cannot be read: {}", path.display(), said.lines().next().unwrap_or("node said nothing"));
    }
    let given: BTreeMap<String, String> =
        serde_json::from_slice(&read.stdout).with_context(|| format!("{} is no list of NAME=value", path.display()))?;
    // Node leaves out what it does not understand.
    let is_written = text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with('#'));
    if is_written && !text.contains("PATH=") && given.keys().all(|name| name == "PATH") {
        bail!("{} has no line NAME=value, such as JWT_SECRET=…; write some, or leave out --env-file", path.display());
    }
    Ok(given)
}

/// A file's text, whatever editor wrote it: without the byte-order mark that would become part of the first name, and with the
/// lines' ends that the values' own are (a private key has many).
fn text_of(bytes: &[u8]) -> Result<String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        bail!("it is UTF-16; save it as UTF-8 (PowerShell: `Set-Content -Encoding utf8`)");
    }
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    Ok(text.context("it is not UTF-8; save it as UTF-8")?.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_without_a_variable_is_refused_and_one_of_comments_is_not() {
        let path = env::temp_dir().join(format!("carillon-env-none-{}", std::process::id()));
        let read = async |text: &str| {
            std::fs::write(&path, text).unwrap();
            Variables::read(Some(&path)).await.map(|variables| variables.of_file.len())
        };
        assert!(read("# JWT_SECRET=later\n\n").await.is_ok());
        let message = read("JWT_SECRET: a secret\n").await.unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(message.contains("has no line NAME=value, such as JWT_SECRET=…"), "{message}");
    }

    #[tokio::test]
    async fn a_file_means_what_it_means_to_node() {
        let path = env::temp_dir().join(format!("carillon-env-{}", std::process::id()));
        let text = "# the app's\nA_SECRET=\"with # and $HOME\"\nexport B=two\nC='three' # note\nEMPTY=\n";
        std::fs::write(&path, text).unwrap();
        let variables = Variables::read(Some(&path)).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(variables.get("A_SECRET").as_deref(), Some("with # and $HOME"));
        assert_eq!(variables.get("B").as_deref(), Some("two"));
        assert_eq!(variables.get("C").as_deref(), Some("three"));
        assert_eq!(variables.get("EMPTY"), None);
    }

    #[tokio::test]
    async fn a_file_of_any_editor_means_the_same() {
        let plain = "FIRST=one\nKEY=\"a\nb\"\nLAST=three";
        for (name, bytes) in [
            ("plain", plain.as_bytes().to_vec()),
            ("bom", [b"\xef\xbb\xbf", plain.as_bytes()].concat()),
            ("crlf", plain.replace('\n', "\r\n").into_bytes()),
            ("both", [b"\xef\xbb\xbf", plain.replace('\n', "\r\n").as_bytes()].concat()),
        ] {
            let path = env::temp_dir().join(format!("carillon-env-{name}-{}", std::process::id()));
            std::fs::write(&path, bytes).unwrap();
            let variables = Variables::read(Some(&path)).await.unwrap();
            std::fs::remove_file(&path).unwrap();
            let values =
                ["FIRST", "KEY", "LAST"].map(|variable| variables.of_file.get(variable).cloned().unwrap_or_default());
            assert_eq!(values, ["one", "a\nb", "three"], "{name}");
        }
    }

    #[tokio::test]
    async fn an_error_says_that_a_file_is_not_utf_8() {
        for bytes in [&b"\xff\xfeA\0=\0b\0"[..], b"A=\xe9"] {
            let path = env::temp_dir().join(format!("carillon-utf16-{}-{}", bytes.len(), std::process::id()));
            std::fs::write(&path, bytes).unwrap();
            let error = format!("{:#}", Variables::read(Some(&path)).await.err().unwrap());
            std::fs::remove_file(&path).unwrap();
            assert!(error.contains("save it as UTF-8") && error.contains(&path.display().to_string()), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_named() {
        let error = Variables::read(Some(Path::new("/nowhere/.env"))).await.err().unwrap();
        assert!(format!("{error:#}").contains("/nowhere/.env"), "{error:#}");
    }

    #[tokio::test]
    async fn the_environment_decides() {
        let path = env::temp_dir().join(format!("carillon-path-{}", std::process::id()));
        std::fs::write(&path, "PATH=/of/the/file\n").unwrap();
        let variables = Variables::read(Some(&path)).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(variables.get("PATH"), env::var("PATH").ok());
    }
}

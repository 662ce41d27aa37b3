//! ministack: a stand-in for API Gateway, Lambda, DynamoDB, SQS and the other AWS services of the template.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use http::Uri;
use tokio::process::Command;

use crate::cli::Ports;
use crate::journal;
use crate::probe;
use crate::processes::{Processes, Service};
use crate::tools::Tools;

pub(crate) const REGION: &str = "us-east-1";

pub(crate) fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// The secrets that the functions' processes are given, and that ministack itself does not have.
pub(crate) fn secrets_file(state: &Path) -> PathBuf {
    state.join("function-secrets.json")
}

/// Starts it without any state, and waits until it responds.
pub(crate) async fn start<'a>(
    processes: &'a Processes,
    tools: &Tools,
    ports: &Ports,
    state: &Path,
    logs: &Path,
) -> Result<Service<'a>> {
    let port = ports.ministack_port;
    let home = state.join("ministack");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).with_context(|| format!("{} cannot be created", home.display()))?;
    let functions_log = journal::begin(logs, journal::FUNCTIONS)?;
    let traffic_log = journal::begin(logs, journal::TRAFFIC)?;
    let mut command = Command::new(&tools.ministack);
    command
        // The functions inherit ministack's environment, so nothing of the developer's AWS account or shell may be in
        // it.
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", &home)
        .env("TMPDIR", &home)
        .env("LANG", "C.UTF-8")
        .current_dir(&home)
        // The default is every address.
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        // Without it, the functions would call AWS.
        .env("AWS_ENDPOINT_URL", endpoint(ports.aws_of_functions()))
        .env("CARILLON_FUNCTION_LOG", &functions_log)
        .env("CARILLON_TRAFFIC_LOG", &traffic_log)
        .env("CARILLON_FUNCTION_SECRETS", secrets_file(state))
        // Python runs the `sitecustomize.py` that it finds there.
        .env("PYTHONPATH", &tools.ministack_patches)
        .envs(credentials());
    let mut service = processes.start_service("ministack", &mut command, logs)?;
    let health: Uri = format!("{}/_ministack/health", endpoint(port)).parse()?;
    service.ready(async || probe::succeeds(&health).await).await?;
    Ok(service)
}

/// ministack accepts any credentials. The SDKs need some, and must not look for real ones.
pub(crate) fn credentials() -> [(&'static str, &'static str); 5] {
    [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// The changes are in Python, and their tests too.
    #[test]
    fn its_changes_pass_their_tests() {
        let changes = concat!(env!("CARGO_MANIFEST_DIR"), "/bridge/ministack");
        let mut tests = Command::new("python3");
        tests.args(["-B", "-m", "unittest", "discover", "--start-directory", changes]);
        let output = tests.output().expect("python3 should be there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

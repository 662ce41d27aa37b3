//! ministack: a stand-in for API Gateway, Lambda, DynamoDB, SQS and the other AWS services of the template.

use std::fs;

use anyhow::{Context, Result};
use http::Uri;
use tokio::process::Command;

use crate::files::journal;
use crate::install::tools::Tools;
use crate::net::ports::Ports;
use crate::net::probe;
use crate::process::children::{Processes, Service};
use crate::state::directory::StackDirectory;

pub(crate) const REGION: &str = "us-east-1";
/// The secret of every access key here. It keeps nothing: ministack is on this machine alone.
pub(crate) const SECRET_KEY: &str = "test";

pub(crate) fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Starts it without any state, and waits until it responds.
pub(crate) async fn start<'a>(
    processes: &'a Processes,
    tools: &Tools,
    ports: &Ports,
    directory: &StackDirectory,
) -> Result<Service<'a>> {
    let (port, logs) = (ports.ministack_port, &directory.logs);
    let home = directory.path.join("ministack");
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
        .env("CARILLON_FUNCTION_SECRETS", directory.function_secrets())
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
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
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

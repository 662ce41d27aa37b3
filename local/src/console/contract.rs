//! docs/openapi.yaml as JSON, for the forms.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use tokio::process::Command;

use super::failure::Answer;
use super::parts::Console;

/// Converted when it is first asked for; as text, which keeps the document's order.
pub(super) async fn show(State(console): State<Console>) -> Answer<Response> {
    let contract = console.0.contract.get_or_try_init(|| convert(&console)).await?;
    Ok(([(CONTENT_TYPE, "application/json")], contract.clone()).into_response())
}

/// Python reads YAML, since the deployment needs that too.
async fn convert(console: &Console) -> Result<String> {
    let made = Command::new(&console.0.python)
        .arg("-B")
        .arg(console.0.root.join("local/bridge/openapi.py"))
        .arg(console.0.root.join("docs/openapi.yaml"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("docs/openapi.yaml cannot be read")?;
    if !made.status.success() {
        bail!("docs/openapi.yaml cannot be read: {}", String::from_utf8_lossy(&made.stderr).trim());
    }
    String::from_utf8(made.stdout).context("docs/openapi.yaml cannot be read")
}

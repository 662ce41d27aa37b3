//! docs/openapi.yaml and docs/asyncapi.yaml as JSON, for the forms and the reference.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::failure::Answer;
use super::parts::Console;

pub(super) async fn openapi(State(console): State<Console>) -> Answer<Response> {
    show(&console, &console.0.documents.openapi, "docs/openapi.yaml").await
}

pub(super) async fn asyncapi(State(console): State<Console>) -> Answer<Response> {
    show(&console, &console.0.documents.asyncapi, "docs/asyncapi.yaml").await
}

async fn show(console: &Console, document: &OnceCell<String>, file: &str) -> Answer<Response> {
    let document = document.get_or_try_init(|| convert(console, file)).await?;
    Ok(([(CONTENT_TYPE, "application/json")], document.clone()).into_response())
}

/// Python reads YAML, since the deployment needs that too.
async fn convert(console: &Console, file: &str) -> Result<String> {
    let unreadable = || format!("{file} cannot be read");
    let made = Command::new(&console.0.python)
        .arg("-B")
        .arg(console.0.root.join("local/bridge/openapi.py"))
        .arg(console.0.root.join(file))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(unreadable)?;
    if !made.status.success() {
        bail!("{}: {}", unreadable(), String::from_utf8_lossy(&made.stderr).trim());
    }
    String::from_utf8(made.stdout).with_context(unreadable)
}

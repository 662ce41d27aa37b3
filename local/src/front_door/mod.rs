//! The one address of the stack, as `execute-api` is on AWS.

mod cors;
mod examples;
mod http_api;

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;

pub(crate) use cors::Cors;
pub(crate) use examples::Examples;
use http_api::HttpApi;

/// Serves on the listener until the process ends.
pub(crate) async fn serve(listener: TcpListener, api_address: &str, cors: Cors, examples: Examples) -> Result<()> {
    let router = examples.router().merge(router(HttpApi::new(api_address, cors)));
    axum::serve(listener, router).await.context("The front door cannot go on")
}

/// Routes every request to the HTTP API.
fn router(api: HttpApi) -> Router {
    Router::new().fallback(http_api::handle).with_state(api)
}

//! The one address of the stack, as `execute-api` is on AWS.

mod cors;
mod http_api;

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;

pub(crate) use cors::Cors;
use http_api::HttpApi;

/// Serves on the listener until the process ends.
pub(crate) async fn serve(listener: TcpListener, api_address: &str, cors: Cors) -> Result<()> {
    axum::serve(listener, router(HttpApi::new(api_address, cors))).await.context("The front door cannot go on")
}

/// Routes every request to the HTTP API.
fn router(api: HttpApi) -> Router {
    Router::new().fallback(http_api::handle).with_state(api)
}

//! The one address of the stack, as `execute-api` is on AWS, or a CloudFront distribution in front of both APIs.

mod cors;
mod examples;
mod http_api;
mod sockets;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use tokio::net::TcpListener;

pub(crate) use cors::Cors;
pub(crate) use examples::Examples;
use http_api::HttpApi;
use sockets::Sockets;

/// Serves on the listener until the process ends.
pub(crate) async fn serve(
    listener: TcpListener,
    api: &str,
    sockets: &str,
    cors: Cors,
    examples: Examples,
) -> Result<()> {
    let router = examples.router().merge(router(HttpApi::new(api, cors), Sockets::new(sockets)));
    axum::serve(listener, router).await.context("The front door cannot go on")
}

/// Routes handshakes of WebSockets to the WebSocket API, and every other request to the HTTP API.
fn router(api: HttpApi, sockets: Sockets) -> Router {
    Router::new().fallback(async move |request: Request| {
        if sockets::is_handshake(request.headers()) {
            sockets.handle(request).await
        } else {
            http_api::handle(&api, request).await
        }
    })
}

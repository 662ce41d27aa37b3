//! The one address of the stack, as `execute-api` is on AWS, or a CloudFront distribution in front of both APIs.

mod cors;
mod examples;
mod http_api;
mod sockets;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::signal::unix::Signal;

pub(crate) use cors::Cors;
pub(crate) use examples::Examples;
use http_api::HttpApi;
use sockets::Sockets;

use crate::console::Console;
use crate::tunnel::is_handshake;

/// Serves on the listener until the process ends. Each of `cuts` ends all WebSockets.
pub(crate) async fn serve(
    listener: TcpListener,
    api: &str,
    sockets: &str,
    cors: Cors,
    examples: Examples,
    console: Console,
    mut cuts: Signal,
) -> Result<()> {
    let sockets = Sockets::new(sockets);
    let api = router(HttpApi::new(api, cors), sockets.clone());
    let router = examples.router().merge(console.router()).merge(api);
    let cutting = async {
        while cuts.recv().await.is_some() {
            sockets.cut();
        }
        std::future::pending().await
    };
    tokio::select! {
        served = async { axum::serve(listener, router).await } => served.context("The front door cannot go on"),
        () = cutting => Ok(()),
    }
}

/// Routes handshakes of WebSockets to the WebSocket API, and every other request to the HTTP API.
fn router(api: HttpApi, sockets: Sockets) -> Router {
    Router::new().fallback(async move |request: Request| {
        if is_handshake(request.headers()) {
            sockets.handle(request).await
        } else {
            http_api::handle(&api, request).await
        }
    })
}

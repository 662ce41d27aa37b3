//! The one address of the stack, as `execute-api` is on AWS, or a CloudFront distribution in front of both APIs.

mod cors;
mod examples;
mod http_api;
mod sockets;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use tokio::net::TcpListener;
use tokio::signal::unix::Signal;

pub(crate) use cors::Cors;
pub(crate) use examples::Examples;
use http_api::HttpApi;
use sockets::Sockets;

use crate::console::Console;
use crate::guard::Names;
use crate::tunnel::is_handshake;

/// Serves at these names on the listener until the process ends. Each of `cuts` ends all WebSockets.
#[expect(clippy::too_many_arguments, reason = "each is a part of the front door, and it is built in one place")]
pub(crate) async fn serve(
    listener: TcpListener,
    api: &str,
    sockets: &str,
    cors: Cors,
    names: Names,
    examples: Examples,
    console: Console,
    mut cuts: Signal,
) -> Result<()> {
    let sockets = Sockets::new(sockets);
    let api = router(HttpApi::new(api, cors), sockets.clone());
    let router = only_at(names, examples.router().merge(console.router()).merge(api));
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

/// Refuses requests for another name, which a page of elsewhere may have made resolve to this machine.
fn only_at(names: Names, router: Router) -> Router {
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let is_one = names.have(request.headers());
        async move { if is_one { next.run(request).await } else { Names::refusal() } }
    }))
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

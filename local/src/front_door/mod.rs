//! The one address of the stack, as `execute-api` is on AWS, or a CloudFront distribution in front of both APIs.

mod bucket;
mod cors;
mod examples;
mod http_api;
mod refused_pages;
mod sockets;
mod welcome;
mod without_upgrade;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use tokio::net::TcpListener;
use tokio::signal::unix::Signal;

use bucket::Bucket;
pub(crate) use bucket::is_for as is_for_bucket;
pub(crate) use cors::Cors;
pub(crate) use examples::Examples;
use http_api::HttpApi;
use sockets::Sockets;

use crate::console::Console;
use crate::net::guard::{Names, with_host};
use crate::net::tunnel::is_handshake;
use crate::state::settings::PusherServer;

/// The front door, and what it leads to.
pub(crate) struct FrontDoor {
    pub(crate) listener: TcpListener,
    /// Address of AWS, as the functions have it.
    pub(crate) aws: String,
    /// Address of the HTTP API's stage.
    pub(crate) api: String,
    /// Address of the WebSocket API, without a stage.
    pub(crate) socket_api: String,
    /// With [`PusherServer::Gateway`], it also leads to the stage of Pusher's protocol.
    pub(crate) pusher: PusherServer,
    pub(crate) cors: Cors,
    /// The names at which it answers.
    pub(crate) names: Names,
    pub(crate) examples: Examples,
    pub(crate) console: Console,
    /// Each of these ends all WebSockets. Tests send it.
    pub(crate) cuts: Signal,
}

impl FrontDoor {
    /// Serves until the process ends.
    pub(crate) async fn serve(self) -> Result<()> {
        let Self { listener, aws, api, socket_api, pusher, cors, names, examples, console, mut cuts } = self;
        let sockets = Sockets::new(&socket_api, pusher);
        let bucket = Bucket::new(&aws, cors.clone());
        let api = router(HttpApi::new(&api, cors), bucket, sockets.clone());
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
}

/// Refuses requests for another name, which a page of elsewhere may have made resolve to this machine.
fn only_at(names: Names, router: Router) -> Router {
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let for_one = with_host(request).ok().filter(|request| names.have(request.headers()));
        async move {
            match for_one {
                Some(request) => next.run(request).await,
                None => Names::refusal(),
            }
        }
    }))
}

/// Routes handshakes of WebSockets to the WebSocket API, requests for the bucket of attachments there, and all others but a person's to the
/// HTTP API.
fn router(api: HttpApi, bucket: Bucket, sockets: Sockets) -> Router {
    Router::new().fallback(async move |request: Request| {
        if is_handshake(request.headers()) {
            sockets.handle(request).await
        } else if bucket::is_for(&request) {
            bucket::handle(&bucket, request).await
        } else if let Some(response) = welcome::response(&request).or_else(|| without_upgrade::response(&request)) {
            response
        } else {
            http_api::handle(&api, request).await
        }
    })
}

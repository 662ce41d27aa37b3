//! A stack that answers as Carillon does, but for one fault.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::sync::broadcast;

use super::fault::{Fault, ServerState};
use super::{http_api, socket_api};

pub(super) struct FaultyServer {
    pub(super) http: String,
    pub(super) sockets: String,
}

impl FaultyServer {
    /// Serves until the test ends.
    pub(super) async fn start(fault: Fault) -> Self {
        let state = ServerState { fault, events: broadcast::channel(8).0, looks_at_health: Arc::default() };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let http = format!("http://{}", listener.local_addr().unwrap());
        let of_http = state.clone();
        let router = Router::new().fallback(async move |request: Request| http_api::respond(&of_http, request).await);
        tokio::spawn(async { axum::serve(listener, router).await });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let sockets = format!("ws://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(socket_api::serve(state.clone(), stream));
            }
        });
        Self { http, sockets }
    }
}

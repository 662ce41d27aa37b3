//! HTTP servers on loopback for the fakes.

use axum::Router;
use tokio::net::TcpListener;

/// Starts a server that runs until the runtime of the test ends; returns its port.
pub(crate) async fn serve(router: Router) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

//! A stand-in server on loopback.

use axum::Router;
use tokio::net::TcpListener;

/// Serves until the test's runtime ends; answers with the port.
pub(crate) async fn serve(router: Router) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

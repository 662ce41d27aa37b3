//! Checks whether a program on this machine is up.

use axum::body::Body;
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Whether a GET of the address has a successful response.
pub(crate) async fn succeeds(address: &Uri) -> bool {
    // A new client, so that no connection of an earlier, failed attempt is reused.
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    client.get(address.clone()).await.is_ok_and(|response| response.status().is_success())
}

//! Asks a program on this machine whether it is up.

use axum::body::Body;
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Whether a GET of the address is answered with success.
pub(crate) async fn succeeds(address: &Uri) -> bool {
    // A client of its own: no connection is left over from a try that came too early.
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    client.get(address.clone()).await.is_ok_and(|answer| answer.status().is_success())
}

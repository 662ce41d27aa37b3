//! The Lambda function `socket-disconnect`; see the library for what it does.

use shared::{App, http};
use socket_disconnect::handle;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start(&[]).await?;
    http::serve(http::service_fn(move |request| handle(app, request))).await
}

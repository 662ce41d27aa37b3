//! The Lambda function `socket-connect`; see the library for what it does.

use shared::settings::Need;
use shared::{App, http};
use socket_connect::handle;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start(&[Need::Tokens, Need::Gateway]).await?;
    http::serve(http::service_fn(move |request| handle(app, request))).await
}

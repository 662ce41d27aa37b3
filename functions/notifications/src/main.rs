//! The Lambda function `notifications`; see the library for what it does.

use notifications::{handle, requested};
use shared::settings::Need;
use shared::{App, http};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start(&[Need::Tokens, Need::Pusher]).await?;
    http::serve_with_events(http::service_fn(move |request| handle(app, request)), move |event| requested(app, event))
        .await
}

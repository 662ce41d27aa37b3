//! The Lambda function `email-unsubscribe`; see the library for what it does.

use email_unsubscribe::{handle, on_event};
use shared::settings::Need;
use shared::{App, http};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start_unconnected(&[Need::EmailLinks]).await?;
    http::serve_with_events(http::service_fn(move |request| handle(app, request)), move |event| on_event(app, event))
        .await
}

//! The Lambda function `pusher-mock-event`; see the library for what it does.

use pusher_mock_event::handle;
use shared::settings::Need;
use shared::{App, http};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start(&[Need::Pusher]).await?;
    http::serve(http::service_fn(move |request| handle(app, request))).await
}

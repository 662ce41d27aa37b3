//! The Lambda function `notifications`; see the library for what it does.

use notifications::{handle, requested};
use shared::{App, http};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start().await?;
    http::serve_with_events(move |call| handle(app, call), move |event| requested(app, event)).await
}

//! The Lambda function `delivery`; see the library for what it does.

use lambda_runtime::{LambdaEvent, service_fn};
use shared::App;
use shared::settings::Need;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start_with_senders(&[Need::Pusher, Need::EmailLinks]).await?;
    let retry = &app.retry_queue()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<delivery::Trigger>| {
        app.refresh().await;
        Ok::<_, std::convert::Infallible>(delivery::handle(app, retry, event).await)
    }))
    .await
}

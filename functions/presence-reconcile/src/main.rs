//! The Lambda function `presence-reconcile`; see the library for what it does.

use lambda_runtime::{LambdaEvent, service_fn};
use presence_reconcile::handle;
use shared::App;
use shared::settings::Need;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start(&[Need::Pusher]).await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<serde_json::Value>| {
        app.refresh().await;
        handle(app, event).await.map_err(|error| error.to_string())
    }))
    .await
}

//! The Lambda function `socket-heartbeat`; see the library for what it does.

use lambda_runtime::{LambdaEvent, service_fn};
use shared::App;
use socket_heartbeat::handle;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let app = App::start(&[]).await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<serde_json::Value>| handle(app, event).await)).await
}

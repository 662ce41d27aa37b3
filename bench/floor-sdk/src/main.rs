//! A bare function that asks the table one thing with AWS's SDK, set up as Carillon's functions set it up, and answers with its
//! event.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use shared::clients::aws;
use shared::clients::https::HttpClient;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws::loader(&HttpClient::default()).load().await;
    let client = &aws_sdk_dynamodb::Client::new(&config);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        // As `presence-room` asks: a book and a profile.
        let keys = KeysAndAttributes::builder().keys(key("BOOK#emma", "BOOK")).keys(key("USER#ada", "PROFILE"));
        client.batch_get_item().request_items("carillon", keys.consistent_read(false).build()?).send().await?;
        Ok::<_, Error>(event.payload)
    }))
    .await
}

fn key(pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

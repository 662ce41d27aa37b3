//! What AWS's clients share: settings from the environment, and the same HTTP client as for everybody else.
//!
//! A Lambda function finds its region and its credentials in environment variables and nowhere else, and they stay what they
//! are for the life of its process. The SDK's own search (profiles, web identity, containers, instances) would double the
//! binary and find the same. `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>` are read as the SDK reads them.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_dynamodb::config::{SharedHttpClient, StalledStreamProtectionConfig};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::tls::LazyClient;

/// One attempt's time-out. An operation as a whole has [`OPERATION`], so that a function can still say that something is wrong.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(2);
const OPERATION: Duration = Duration::from_secs(5);

/// The settings, from the environment; requests go through this client.
#[must_use]
pub fn sdk_config(http: LazyClient) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(OPERATION).build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        // Answers are read whole, within the attempt's time-out.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .service_config(Environment)
        .http_client(SharedHttpClient::new(Http(http)))
        .region(region().map(Region::new));
    config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    if let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        let credentials = Credentials::new(id, secret, variable("AWS_SESSION_TOKEN"), None, "environment");
        config.set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)));
    }
    config.build()
}

/// Opens a connection to DynamoDB, so that the first request finds it open. An answer of any kind will do, and a failure is
/// left to that request.
pub async fn connect(http: &LazyClient) {
    let own = variable("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| variable("AWS_ENDPOINT_URL"));
    let address = own.or_else(|| Some(format!("https://dynamodb.{}.amazonaws.com", region()?)));
    if let Some(address) = address {
        http.connect(&address).await;
    }
}

fn region() -> Option<String> {
    variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Settings for one service, such as `AWS_ENDPOINT_URL_DYNAMODB`.
#[derive(Debug)]
struct Environment;

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace([' ', '-'], "_");
        variable(&format!("{}_{service}", key.env()))
    }
}

/// The SDK's view of an HTTP client.
#[derive(Debug, Clone)]
struct Http(LazyClient);

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.get().clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let answer = client.execute(whole(request)?).await.map_err(failed)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = SdkBody::from(answer.bytes().await.map_err(failed)?);
            let mut response = http::Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// A request whose body is in memory, as those of every operation here are.
fn whole(request: http::Request<SdkBody>) -> Result<reqwest::Request, ConnectorError> {
    let (parts, body) = request.into_parts();
    let bytes = body.bytes().ok_or_else(|| ConnectorError::user("a body that is a stream".into()))?.to_vec();
    reqwest::Request::try_from(http::Request::from_parts(parts, bytes))
        .map_err(|error| ConnectorError::user(error.into()))
}

/// Both kinds are worth a retry to the SDK.
fn failed(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}

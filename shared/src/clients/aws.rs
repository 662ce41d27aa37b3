//! AWS's SDK, set up for a Lambda function.
//!
//! Region, credentials and endpoints come from `aws-config`'s own chain: the environment first, where Lambda puts them, then
//! profiles, SSO, containers and instances (AWS SDKs and Tools Reference, "Standardized credential providers"). The chain
//! stops at the first that has them, so a function in Lambda looks no further. What is set here: requests travel through the
//! same HTTP client as all others, with a time-out for each attempt and one for the whole operation.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{SharedHttpClient, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_types::request_id::RequestId;

use crate::clients::https::{self, HttpClient as OurClient};

/// One attempt's time-out.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// An operation's time-out, with all its attempts and pauses: short enough that a function can still report the failure.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);
/// Attempts of one operation, the first included, and the longest pause before the second; later pauses double. DynamoDB
/// mostly recovers within milliseconds, and a client waits: the SDK's own second would be most of its time. The quota that
/// stops retries while a service is down is the SDK's (AWS SDKs and Tools Reference, "Retry behavior", mode `standard`).
const ATTEMPTS: u32 = 4;
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
/// Longest wait for a connection that is opened ahead of time, with the search for credentials.
const AHEAD_TIMEOUT: Duration = Duration::from_secs(1);

/// The SDK's own loader, with the HTTP client, the time-outs and the retries set; the rest is found by its default chain.
#[must_use]
pub fn loader(http: &OurClient) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(SharedHttpClient::new(Reqwest(http.clone())))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_BACKOFF))
        // Responses are read whole, within the attempt's time-out.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Opens a connection to DynamoDB, so that the first request finds it open: an operation goes as far as the HTTP client, which
/// connects to where it was to be sent and sends nothing of it. A failure is left to the first request.
pub(crate) async fn connect_to_dynamodb(client: &aws_sdk_dynamodb::Client, http: &OurClient) {
    let once = aws_sdk_dynamodb::config::Builder::new()
        .http_client(SharedHttpClient::new(ConnectOnly(http.clone())))
        .retry_config(RetryConfig::disabled());
    let never_sent = client.update_item().table_name("none").key("pk", AttributeValue::S(String::new()));
    let _ = tokio::time::timeout(AHEAD_TIMEOUT, Box::pin(never_sent.customize().config_override(once).send())).await;
}

/// Why one of AWS's services did not do what it was asked to. Quotes no rows and no messages.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// It refused.
    #[error("{operation} was refused with {status} {code}: {message} (request {request_id})")]
    Refused {
        /// Such as `DynamoDB PutItem`.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// Such as `ValidationException`.
        code: String,
        /// What the service says.
        message: String,
        /// For AWS Support.
        request_id: String,
    },
    /// No credentials, no connection, or no response in time.
    #[error("{operation} got no response")]
    NoResponse {
        /// Such as `DynamoDB PutItem`.
        operation: &'static str,
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl AwsError {
    pub(crate) fn new<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let request_id = error.request_id().unwrap_or("unknown").to_owned();
        match error {
            SdkError::ServiceError(refusal) => {
                let metadata = refusal.err().meta();
                Self::Refused {
                    operation,
                    status: refusal.raw().status().as_u16(),
                    code: metadata.code().unwrap_or("without a code").to_owned(),
                    message: metadata.message().unwrap_or("no reason given").to_owned(),
                    request_id,
                }
            }
            other => Self::NoResponse { operation, source: other.into_source().unwrap_or_else(Into::into) },
        }
    }
}

/// The SDK's view of the HTTP client that all share.
#[derive(Debug, Clone)]
struct Reqwest(OurClient);

impl HttpClient for Reqwest {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Reqwest {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.0.clone();
        HttpConnectorFuture::new(async move {
            let response = http.get().execute(to_reqwest(request)?).await.map_err(failed)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut whole = http::Response::new(SdkBody::from(response.bytes().await.map_err(failed)?));
            *whole.status_mut() = status;
            *whole.headers_mut() = headers;
            HttpResponse::try_from(whole).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// A request whose body is in memory, as those of all operations here are.
fn to_reqwest(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let (parts, body) = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?.into_parts();
    let body = body.bytes().ok_or_else(|| ConnectorError::user("a body that is a stream".into()))?.to_vec();
    reqwest::Request::try_from(http::Request::from_parts(parts, body))
        .map_err(|error| ConnectorError::user(error.into()))
}

/// The SDK retries both kinds.
fn failed(error: reqwest::Error) -> ConnectorError {
    let error = https::without_address(error);
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}

/// Connects to where a request is to go, and sends nothing of it.
#[derive(Debug, Clone)]
struct ConnectOnly(OurClient);

impl HttpClient for ConnectOnly {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for ConnectOnly {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.0.clone();
        HttpConnectorFuture::new(async move {
            http.connect(request.uri()).await;
            Err(ConnectorError::user("only a connection was asked for".into()))
        })
    }
}

//! AWS's SDK, set up for a Lambda function.
//!
//! Region, credentials and endpoints come from `aws-config`'s default chain: the environment first, where Lambda puts
//! them, then profiles, SSO, containers and instances (AWS SDKs and Tools Reference, "Standardized credential
//! providers"). The chain stops at the first source that has them, which in Lambda is the environment. This module
//! makes requests use the HTTP client of all others, and sets a time-out for each attempt and one for the whole
//! operation.
//!
//! The SDK's own HTTP client (`aws-smithy-http-client`) would be a second connection pool, and parses the system's root
//! certificates at every start.
//!
//! A client of our own instead of the SDK took 1,500 lines. A warm `presence-room` answered in 138 µs instead of 265, and the bill was
//! the same. It lacked SSO, container credentials, proxies, FIPS and others' security fixes.

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

/// Time-out of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time-out of an operation, with all its attempts and backoffs. Short enough that a function can still report it.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);
/// Most attempts of one operation, the first included. While a service is down, the SDK's retry quota stops retries
/// earlier (AWS SDKs and Tools Reference, "Retry behavior", mode `standard`).
const MAX_ATTEMPTS: u32 = 4;
/// Longest backoff before the second attempt; it doubles for each later one. DynamoDB mostly recovers within
/// milliseconds, and a client waits, so the SDK's default of one second is too long.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
/// Time-out for opening a connection ahead of the first request, including the search for credentials.
const AHEAD_TIMEOUT: Duration = Duration::from_secs(1);

/// The SDK's loader, with the HTTP client, the time-outs and the retries set. Its default chain finds the rest.
#[must_use]
pub fn loader(http: &OurClient) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(SharedHttpClient::new(Reqwest(http.clone())))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(FIRST_BACKOFF))
        // Responses are read whole, within the attempt's time-out.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Opens a connection to DynamoDB, so that the first request finds it open. It starts an operation with an HTTP client
/// that connects to the operation's endpoint but sends nothing. A failure is ignored: the first request reports it.
pub(crate) async fn connect_to_dynamodb(client: &aws_sdk_dynamodb::Client, http: &OurClient) {
    let once = aws_sdk_dynamodb::config::Builder::new()
        .http_client(SharedHttpClient::new(ConnectOnly(http.clone())))
        .retry_config(RetryConfig::disabled());
    let never_sent = client.update_item().table_name("none").key("pk", AttributeValue::S(String::new()));
    let _ = tokio::time::timeout(AHEAD_TIMEOUT, Box::pin(never_sent.customize().config_override(once).send())).await;
}

/// Why a request to AWS failed. Holds no content of rows or messages.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// The service refused the request.
    #[error("{operation} was refused with {status} {code}: {message} (request {request_id})")]
    Refused {
        /// Such as `DynamoDB PutItem`.
        operation: &'static str,
        status: u16,
        /// Such as `ValidationException`.
        code: String,
        message: String,
        /// For AWS Support.
        request_id: String,
    },
    /// No credentials, no connection, or no response in time.
    #[error("{operation} got no response")]
    NoResponse {
        /// Such as `DynamoDB PutItem`.
        operation: &'static str,
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

/// Lets the SDK use the shared HTTP client.
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

/// Converts the SDK's request. The body must be in memory, as it is in all operations used here.
fn to_reqwest(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let (parts, body) = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?.into_parts();
    let body = body.bytes().ok_or_else(|| ConnectorError::user("a body that is a stream".into()))?.to_vec();
    reqwest::Request::try_from(http::Request::from_parts(parts, body))
        .map_err(|error| ConnectorError::user(error.into()))
}

/// The SDK retries both kinds of error.
fn failed(error: reqwest::Error) -> ConnectorError {
    let error = https::without_address(error);
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}

/// Connects to a request's host, but does not send the request.
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

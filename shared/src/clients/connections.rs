//! API Gateway's management API of WebSocket connections: posts to a connection, and ends it.
//!
//! Each stage has an address of its own, and a connection is posted to through the stage that it came by (API Gateway developer
//! guide, "Use @connections commands in your backend service").

use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::primitives::Blob;

use super::aws::AwsError;
use crate::contract::sockets::{ConnectionId, Stage};
use crate::telemetry;

/// Time-out of an attempt: a fan-out waits for the slowest of a page. API Gateway mostly takes milliseconds.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The pause before the second attempt, in milliseconds, drawn at random. If that fails, too, the outbox retries.
const PAUSE: Range<u64> = 20..80;
/// The first pause before a connection that is not open yet is posted to again; it doubles, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// Why a connection was not posted to.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The connection has ended, or is not open yet (410).
    #[error("the connection is not open")]
    Gone,
    /// It may be tried again: 429, 5xx, no response.
    #[error("API Gateway did not post")]
    Later(#[source] AwsError),
    /// This connection cannot be posted to (400). Others can.
    #[error("API Gateway does not post to this connection")]
    Unreachable(#[source] AwsError),
    /// The text is too large for any connection (413).
    #[error("the text is too large for API Gateway")]
    TooLarge(#[source] AwsError),
}

impl PostError {
    fn of(error: AwsError) -> Self {
        match &error {
            AwsError::Refused { status: 410, .. } => Self::Gone,
            AwsError::Refused { status: 413, .. } => Self::TooLarge(error),
            AwsError::Refused { status: 400, .. } => Self::Unreachable(error),
            _ => Self::Later(error),
        }
    }

    /// Whether an operator must mend something first: the permission `execute-api:ManageConnections` (403).
    #[must_use]
    pub fn is_operators(&self) -> bool {
        matches!(self, Self::Later(AwsError::Refused { status: 401 | 403, .. }))
    }
}

/// How a post ended, for a sender to many connections.
#[derive(Debug)]
pub enum Posted {
    Arrived,
    /// The connection has ended, or is not open yet.
    Gone,
    Later,
    /// Not to this connection, whenever it is tried.
    Never,
    /// To no connection.
    TooLarge(String),
}

impl From<Result<(), PostError>> for Posted {
    /// Also logs the error.
    fn from(posted: Result<(), PostError>) -> Self {
        let error = match posted {
            Ok(()) => return Self::Arrived,
            Err(error) => error,
        };
        match error {
            PostError::Gone => Self::Gone,
            PostError::TooLarge(error) => Self::TooLarge(error.to_string()),
            PostError::Unreachable(_) => {
                telemetry::cause(&error);
                Self::Never
            }
            PostError::Later(_) if error.is_operators() => {
                telemetry::operator_error(telemetry::chain(&error));
                Self::Later
            }
            PostError::Later(_) => {
                telemetry::cause(&error);
                Self::Later
            }
        }
    }
}

/// A text for a connection whose handshake was answered a moment ago, and which may not be open yet.
#[derive(Debug, Clone, Copy)]
pub struct ForOpening<'a> {
    pub stage: Stage,
    pub connection: &'a ConnectionId,
    pub text: &'a str,
    /// How long it may take to open.
    pub within: Duration,
}

/// A client for each stage.
#[derive(Debug, Clone)]
pub struct Connections {
    config: SdkConfig,
    endpoint: Arc<str>,
    timeout: Duration,
    /// Made when they are first used.
    clients: Arc<[OnceLock<Client>; Stage::COUNT]>,
}

impl Connections {
    /// `endpoint` is the address of the API without its stage and without a slash at the end.
    #[must_use]
    pub fn new(config: SdkConfig, endpoint: &str) -> Self {
        Self { config, endpoint: endpoint.into(), timeout: TIMEOUT, clients: Arc::default() }
    }

    /// The same with another time-out of an attempt than a second: a test on a slow machine posts to a thousand connections at once.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, clients: Arc::default(), ..self }
    }

    fn of(&self, stage: Stage) -> &Client {
        self.clients[stage.index()].get_or_init(|| {
            let timeouts = TimeoutConfig::builder().operation_timeout(self.timeout).build();
            // Set here, since the address in AWS_ENDPOINT_URL would come before one of the shared configuration.
            let config = Builder::from(&self.config).endpoint_url(format!("{}/{stage}", self.endpoint));
            // The SDK would repeat what timed out, too.
            Client::from_conf(config.timeout_config(timeouts).retry_config(RetryConfig::disabled()).build())
        })
    }

    /// Sends a text to a connection. A text that API Gateway refused for the moment did not arrive, and is sent once more at
    /// once. A text that timed out may have arrived, and is not repeated.
    ///
    /// # Errors
    /// [`PostError`] says whether it may be tried again.
    pub async fn post(&self, stage: impl Into<Stage>, connection: &ConnectionId, text: &str) -> Result<(), PostError> {
        let stage = stage.into();
        match self.post_once(stage, connection, text).await {
            Err(PostError::Later(AwsError::Refused { status: 429 | 500.., .. })) => {
                tokio::time::sleep(Duration::from_millis(rand::random_range(PAUSE))).await;
                self.post_once(stage, connection, text).await
            }
            posted => posted,
        }
    }

    /// Posts as soon as the connection is open. `is_awaited` is asked before each further attempt: a stranger who hangs up at once would
    /// else keep the process busy.
    ///
    /// # Errors
    /// As [`Connections::post`]; [`PostError::Gone`] where it did not open in time, or is not awaited any more.
    pub async fn post_once_open<F: Future<Output = bool>>(
        &self,
        ForOpening { stage, connection, text, within }: ForOpening<'_>,
        is_awaited: impl Fn() -> F,
    ) -> Result<(), PostError> {
        let (until, mut pause) = (Instant::now() + within, FIRST_PAUSE);
        loop {
            match self.post(stage, connection, text).await {
                Err(PostError::Gone) if Instant::now() + pause < until => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    if !is_awaited().await {
                        return Err(PostError::Gone);
                    }
                }
                posted => return posted,
            }
        }
    }

    async fn post_once(&self, stage: Stage, connection: &ConnectionId, text: &str) -> Result<(), PostError> {
        let request = self.of(stage).post_to_connection().connection_id(connection.as_str()).data(Blob::new(text));
        let sent = Box::pin(request.send()).await;
        sent.map(drop).map_err(|error| PostError::of(AwsError::new("API Gateway PostToConnection", error)))
    }

    /// Ends a connection. One that has ended already is as good.
    ///
    /// # Errors
    /// [`PostError`], never [`PostError::Gone`].
    pub async fn close(&self, stage: impl Into<Stage>, connection: &ConnectionId) -> Result<(), PostError> {
        let request = self.of(stage.into()).delete_connection().connection_id(connection.as_str());
        let sent = Box::pin(request.send()).await;
        match sent.map_err(|error| PostError::of(AwsError::new("API Gateway DeleteConnection", error))) {
            Ok(_) | Err(PostError::Gone) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

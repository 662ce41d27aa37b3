//! AWS Secrets Manager: the newest version of a secret.
//!
//! By AWS's SDK, and not through the AWS Parameters and Secrets Lambda Extension, which AWS recommends: an extension may still be
//! starting while a function starts, and then refuses to answer ("not ready to serve traffic"). It is also a second process in each
//! environment, a layer whose ARN differs by region, and absent wherever no Lambda is. The SDK's client adds little to a binary that has
//! four others (docs/PERFORMANCE.md).

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;

use super::aws::AwsError;
use crate::settings::secrets::{NotAnObject, Secrets};

/// Why a secret cannot be used. It holds no part of the value.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No permission, no such secret, or no response.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// No response in the time that the caller has.
    #[error("Secrets Manager GetSecretValue got no response within {} ms", .0.as_millis())]
    Late(Duration),
    /// Bytes, which Carillon does not read.
    #[error("it must be text, not bytes: put it with --secret-string")]
    Binary,
    #[error(transparent)]
    NotAnObject(#[from] NotAnObject),
}

/// A version of a secret.
#[derive(Debug)]
pub struct Version {
    /// Its `VersionId`, which may be logged.
    pub id: String,
    pub secrets: Secrets,
}

/// Reads one secret.
#[derive(Debug, Clone)]
pub struct SecretReader {
    client: Client,
    /// Its name or ARN.
    secret: String,
}

impl SecretReader {
    #[must_use]
    pub fn new(config: &SdkConfig, secret: String) -> Self {
        Self { client: Client::new(config), secret }
    }

    /// The secret's name or ARN.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The version that is labelled `AWSCURRENT`.
    ///
    /// # Errors
    /// When it cannot be read, or is not a JSON object.
    pub async fn read(&self) -> Result<Version, ReadError> {
        let response = self.client.get_secret_value().secret_id(&self.secret).send().await;
        let response = response.map_err(|error| AwsError::new("Secrets Manager GetSecretValue", error))?;
        let text = response.secret_string().ok_or(ReadError::Binary)?;
        Ok(Version { id: response.version_id().unwrap_or_default().to_owned(), secrets: Secrets::parse(text)? })
    }

    /// As [`SecretReader::read`], within this time.
    ///
    /// # Errors
    /// As [`SecretReader::read`], and when the time is up.
    pub async fn read_within(&self, limit: Duration) -> Result<Version, ReadError> {
        // On the heap: an operation of the SDK is a future of several kilobytes.
        tokio::time::timeout(limit, Box::pin(self.read())).await.unwrap_or(Err(ReadError::Late(limit)))
    }
}

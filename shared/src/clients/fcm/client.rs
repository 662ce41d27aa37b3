//! Sends messages: one request per device, all over one HTTP/2 connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Semaphore;

use super::access::AccessTokens;
use super::assertion::Assertions;
use super::response::{Failure, Refusal, failure, retry_after};
use super::{DeviceToken, FCM_ADDRESS, FcmMessage, MAX_RESPONSE_BYTES, REQUEST_TIMEOUT, TOKEN_ADDRESS, send};
use crate::clients::https::{http2_client, read_body};
use crate::contract::time::Millis;
use crate::settings::{Firebase, Secret};

/// Most concurrent requests; FCM takes a hundred streams per connection.
pub(super) const MAX_AT_ONCE: usize = 32;

/// How long one message that FCM took speaks for the credentials, in milliseconds.
const PROOF_LASTS: i64 = 3_600_000;

/// When FCM last took a message, in milliseconds since 1970. The credentials are a process's environment, which never changes.
#[derive(Debug, Default)]
struct Proof(AtomicI64);

impl Proof {
    fn renew(&self, now: Millis) {
        self.0.fetch_max(now.0, Ordering::Relaxed);
    }

    fn holds(&self, now: Millis) -> bool {
        now.0 - self.0.load(Ordering::Relaxed) < PROOF_LASTS
    }
}

/// A client for one Firebase project.
#[derive(Debug, Clone)]
pub struct FcmClient(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    access: AccessTokens,
    address: reqwest::Url,
    slots: Semaphore,
    proof: Proof,
}

impl FcmClient {
    /// A client for the project of these settings; `None` when they name no service account. Opens no connection.
    ///
    /// # Errors
    /// When the account's key or an address in the settings is not valid.
    pub fn new(settings: &Firebase) -> Result<Option<Self>, Box<dyn std::error::Error + Send + Sync>> {
        let Some(account) = &settings.account else {
            return Ok(None);
        };
        let (token, fcm) = match &settings.endpoint {
            Some(endpoint) => (format!("{endpoint}/token"), endpoint.as_str()),
            None => (TOKEN_ADDRESS.to_owned(), FCM_ADDRESS),
        };
        let address: reqwest::Url = format!("{fcm}/v1/projects/{}/messages:send", settings.project_id)
            .parse()
            .map_err(|_| "FIREBASE_PROJECT_ID must be a project's id, such as my-app-1234")?;
        let token = token.parse().map_err(|_| "FCM_ENDPOINT must be an address, such as http://127.0.0.1:9099")?;
        let http = http2_client(REQUEST_TIMEOUT);
        let access = AccessTokens::new(http.clone(), token, Assertions::new(account)?);
        Ok(Some(Self(Arc::new(Inner {
            http,
            access,
            address,
            slots: Semaphore::new(MAX_AT_ONCE),
            proof: Proof::default(),
        }))))
    }

    /// Sends a message to a device.
    ///
    /// # Errors
    /// When FCM refuses the message or is unreachable. A refused access token is replaced once.
    pub async fn send(&self, token: &DeviceToken, message: &FcmMessage) -> Result<(), Refusal> {
        self.request(&message.to(token)).await?;
        self.0.proof.renew(Millis::now());
        Ok(())
    }

    /// Whether FCM took a message within the last hour: the project and its account are those of the app's devices.
    #[must_use]
    pub fn is_proven(&self, now: Millis) -> bool {
        self.0.proof.holds(now)
    }

    /// Has FCM check a minimal message for a device without sending it (`validate_only`). Only the token can be invalid in that
    /// message.
    ///
    /// # Errors
    /// When FCM refuses it or is unreachable.
    pub async fn would_take(&self, token: &DeviceToken) -> Result<(), Refusal> {
        self.request(&FcmMessage::minimal().dry_run(token)).await
    }

    async fn request(&self, body: &str) -> Result<(), Refusal> {
        let _slot = self.0.slots.acquire().await.expect("the semaphore is never closed");
        let access = self.0.access.get().await?;
        match self.once(&access, body).await {
            Err(Failure::AccessToken) => self.0.access.discard(&access).await,
            Err(Failure::Refused(refusal)) => return Err(refusal),
            Ok(()) => return Ok(()),
        }
        let access = self.0.access.get().await?;
        self.once(&access, body).await.map_err(|failure| match failure {
            Failure::AccessToken => Refusal::operator("FCM answered 401, to a new access token too", None),
            Failure::Refused(refusal) => refusal,
        })
    }

    async fn once(&self, access: &Secret, body: &str) -> Result<(), Failure> {
        let no_response = |_| Failure::Refused(Refusal::later("FCM did not answer", None));
        let access = String::from_utf8_lossy(access.bytes());
        let request = self.0.http.post(self.0.address.clone()).bearer_auth(access);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        let response = send(request).await.map_err(no_response)?;
        let (status, after) = (response.status().as_u16(), retry_after(response.headers(), Millis::now()));
        if status == 200 {
            return Ok(());
        }
        let unreadable =
            |error| Failure::Refused(Refusal::later(format!("FCM's answer cannot be read: {error}"), None));
        let body = read_body(response, MAX_RESPONSE_BYTES).await.map_err(unreadable)?;
        Err(failure(status, after, &body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_fcm_took_speaks_for_the_credentials_for_an_hour() {
        let (proof, now) = (Proof::default(), Millis(1_795_150_800_000));
        assert!(!proof.holds(now), "FCM has taken none");
        proof.renew(now);
        assert!(proof.holds(now.plus_seconds(3599)));
        assert!(!proof.holds(now.plus_seconds(3600)));
    }
}

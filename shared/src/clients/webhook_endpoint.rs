//! The app's own server, as the receiver of webhooks. Source: Pusher Channels docs, "Webhooks".

use std::time::Duration;

use super::https::{HttpClient, read_body, without_address};
use super::pusher::{AppWebhook, Signer};
use crate::settings::WebhookUrl;

/// How long it may take to answer (Pusher's help, "Channels Webhook Timeouts and Retries": four seconds).
const TIMEOUT: Duration = Duration::from_secs(4);
/// So much of its answer is read, so that the connection can be used again.
const MAX_ANSWER_BYTES: usize = 4096;

/// Sends webhooks to one address.
#[derive(Debug, Clone)]
pub struct WebhookEndpoint {
    http: HttpClient,
    url: WebhookUrl,
    signer: Signer,
}

/// Why a webhook did not arrive, or may not have. It does not name the address, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    #[error("the server of WebhookUrl did not answer")]
    Unanswered(#[source] reqwest::Error),
    #[error("the server of WebhookUrl answered {0}; only 2xx confirms a webhook")]
    Refused(u16),
}

impl WebhookEndpoint {
    #[must_use]
    pub fn new(http: HttpClient, url: WebhookUrl, signer: Signer) -> Self {
        Self { http, url, signer }
    }

    /// Sends a webhook. It has arrived once the server answers with 2xx.
    ///
    /// # Errors
    /// [`NotReceived`]; it may be sent again.
    pub async fn send(&self, webhook: &AppWebhook) -> Result<(), NotReceived> {
        let body = webhook.body();
        let request = self
            .http
            .get()
            .post(self.url.as_str())
            .timeout(TIMEOUT)
            // As it is: Pusher's library for Node takes no other.
            .header("content-type", "application/json")
            .header("x-pusher-key", self.signer.key())
            .header("x-pusher-signature", self.signer.signature(&body))
            .body(body);
        let response = request.send().await.map_err(|error| NotReceived::Unanswered(without_address(error)))?;
        let status = response.status();
        // The status decides, also if the rest never comes.
        let _ = read_body(response, MAX_ANSWER_BYTES).await;
        if status.is_success() { Ok(()) } else { Err(NotReceived::Refused(status.as_u16())) }
    }
}

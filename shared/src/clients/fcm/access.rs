//! The access token: kept until shortly before it expires. Sends that wait for a token share one fetch.

use std::time::Instant;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::assertion::Assertions;
use super::response::{Refusal, retry_after};
use super::{MAX_RESPONSE_BYTES, send};
use crate::clients::https::read_body;
use crate::contract::time::Millis;
use crate::settings::Secret;

/// A token is not used any more when it expires within this many seconds.
const MARGIN: i64 = 60;
/// Tells the operator where to look after a refused assertion.
const MEND: &str = "see FIREBASE_CLIENT_EMAIL and FIREBASE_PRIVATE_KEY";

#[derive(Clone)]
struct Kept {
    token: Secret,
    until: Millis,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// When the last fetch failed, and why; shared with the callers that waited for it.
    failed: Option<(Instant, Refusal)>,
}

/// Fetches access tokens and keeps them.
pub(super) struct AccessTokens {
    http: reqwest::Client,
    address: reqwest::Url,
    assertions: Assertions,
    state: Mutex<State>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

impl AccessTokens {
    pub(super) fn new(http: reqwest::Client, address: reqwest::Url, assertions: Assertions) -> Self {
        Self { http, address, assertions, state: Mutex::default() }
    }

    /// A valid token. Callers that arrive during a fetch wait for it, and share its failure.
    pub(super) async fn get(&self) -> Result<Secret, Refusal> {
        let started = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(kept) = state.kept.as_ref().filter(|kept| kept.until > Millis::now()) {
            return Ok(kept.token.clone());
        }
        if let Some((_, refusal)) = state.failed.as_ref().filter(|(at, _)| *at >= started) {
            return Err(refusal.clone());
        }
        match self.fetch().await {
            Ok(kept) => {
                state.kept = Some(kept.clone());
                Ok(kept.token)
            }
            Err(refusal) => {
                state.failed = Some((Instant::now(), refusal.clone()));
                Err(refusal)
            }
        }
    }

    /// Forgets a token that was refused, unless a newer one has replaced it.
    pub(super) async fn discard(&self, refused: &Secret) {
        let mut state = self.state.lock().await;
        if state.kept.as_ref().is_some_and(|kept| kept.token.bytes() == refused.bytes()) {
            state.kept = None;
        }
    }

    async fn fetch(&self) -> Result<Kept, Refusal> {
        let now = Millis::now();
        let assertion =
            self.assertions.sign(now).map_err(|_| Refusal::later("the assertion cannot be signed", None))?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &assertion)
            .finish();
        let request = self.http.post(self.address.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let no_response = || Refusal::later("Google's token endpoint did not answer", None);
        let response = send(request).await.map_err(|_| no_response())?;
        let status = response.status().as_u16();
        let after = retry_after(response.headers(), now);
        match status {
            200 => {}
            // The account's key was deleted, or is another account's (RFC 6749, section 5.2).
            400..=403 => {
                return Err(Refusal::operator(format!("Google's token endpoint answered {status}: {MEND}"), after));
            }
            _ => return Err(Refusal::later(format!("Google's token endpoint answered {status}"), after)),
        }
        let unreadable = || Refusal::later("The answer of Google's token endpoint cannot be read", None);
        let body = read_body(response, MAX_RESPONSE_BYTES).await.map_err(|_| unreadable())?;
        let granted: Granted = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        let margin = MARGIN.min(granted.expires_in / 2);
        let until = now.plus_seconds(granted.expires_in.saturating_sub(margin));
        Ok(Kept { token: Secret::new(granted.access_token), until })
    }
}

impl std::fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessTokens").field("address", &self.address).finish_non_exhaustive()
    }
}

//! Pusher's HTTP API.
//!
//! Retries are few and quick, because the outbox retries whatever still fails. A request's address holds its signature,
//! so errors leave the address out.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ApiRequest, AppEvent, EncryptionError, PusherEvent, SharedSecret, Signer};
use crate::api_error::ApiError;
use crate::clients::breaker::Breaker;
use crate::clients::https::{BodyError, HttpClient, read_body, without_address};
use crate::contract::channel::ChannelName;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::lenient::Lenient;
use crate::settings::{MasterKey, PusherSettings};

/// Most events in one batch (Pusher Channels docs, "POST batch events").
pub(crate) const MAX_BATCH: usize = 10;
/// One request's time-out. It is shorter than the two seconds of a delivery after the response, which then can still settle
/// what other requests delivered.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(1500);
/// Most bytes of a response. A list of the users of a presence channel has at most 100 of them, with ids of at most 128 bytes each;
/// a list of channels may be long.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;
/// Most attempts of one request, the first included.
const MAX_ATTEMPTS: u32 = 3;
/// Backoff before the second attempt; it doubles for each later one. Jitter subtracts up to half of it.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// Why a request to Pusher failed.
#[derive(Debug, thiserror::Error)]
pub enum PusherError {
    /// Pusher refused the request (4xx); it would refuse the same request again.
    #[error("Pusher refused the request with {status}: {reason}")]
    Refused {
        status: u16,
        /// The beginning of the response's body.
        reason: String,
    },
    /// Pusher is overloaded or broken (429, 5xx).
    #[error("Pusher answered {0}")]
    Unavailable(u16),
    /// No connection, or no response in time.
    #[error("Pusher did not answer")]
    NoResponse(#[source] reqwest::Error),
    /// The response is not what the API documents.
    #[error("Pusher's answer cannot be read: {0}")]
    Unreadable(String),
    /// The data could not be encrypted for its channel.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    /// The channel is encrypted, and no master key is configured.
    #[error("set PUSHER_ENCRYPTION_MASTER_KEY_BASE64 to send to encrypted channels")]
    NoMasterKey,
}

impl PusherError {
    /// Whether the content of the request is at fault, so that no retry can succeed. Wrong credentials are not
    /// permanent: an operator can fix them.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 413 | 422, .. })
    }

    /// Whether an operator must mend something first: the app's id, its key or its secret (401, 403, 404).
    #[must_use]
    pub fn is_operators(&self) -> bool {
        matches!(self, Self::Refused { status: 401 | 403 | 404, .. } | Self::NoMasterKey)
    }

    /// Whether Pusher may have done what it was asked to: the request was sent, and no response came.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::NoResponse(error) if !error.is_connect())
    }

    /// The error without Pusher's own words, which may quote an event.
    #[must_use]
    pub fn log_text(&self) -> String {
        match self {
            Self::Refused { status, .. } => format!("Pusher refused the request with {status}"),
            Self::Unreadable(_) => "Pusher's answer cannot be read".to_owned(),
            other => other.to_string(),
        }
    }

    /// Whether Pusher surely did nothing, and may do it if asked again at once.
    fn is_worth_a_retry(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::NoResponse(error) => error.is_connect(),
            _ => false,
        }
    }
}

impl From<PusherError> for ApiError {
    fn from(error: PusherError) -> Self {
        Self::internal(error)
    }
}

/// A client for one Pusher app.
#[derive(Debug, Clone)]
pub struct PusherClient {
    http: HttpClient,
    signer: Signer,
    origin: String,
    app_path: String,
    master_key: Option<MasterKey>,
    breaker: Arc<Breaker>,
}

#[derive(Serialize)]
struct Batch<T> {
    batch: Vec<T>,
}

/// An [`AppEvent`] in a batch.
#[derive(Serialize)]
struct BatchedEvent<'a> {
    channel: &'a str,
    name: &'a str,
    data: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    socket_id: Option<&'a str>,
}

#[derive(Deserialize)]
struct Users {
    users: Lenient<User>,
}

/// A user of a presence channel. Another app of the operator's may have ids that no user of ours can have.
#[derive(Deserialize)]
struct User {
    id: UserId,
}

#[derive(Deserialize)]
struct Channels {
    channels: std::collections::BTreeMap<String, Value>,
}

/// The state of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChannelInfo {
    /// Whether anyone is subscribed.
    pub occupied: bool,
    /// Users in the channel; presence channels only.
    pub user_count: Option<u64>,
}

impl PusherClient {
    /// A client for the app of these settings. Opens no connection.
    #[must_use]
    pub fn new(http: HttpClient, settings: &PusherSettings, origin: &str) -> Self {
        Self {
            http,
            signer: Signer::new(&settings.credentials),
            origin: origin.to_owned(),
            app_path: format!("/apps/{}", settings.app_id),
            master_key: settings.encryption_master_key.clone(),
            breaker: Arc::default(),
        }
    }

    /// Opens a connection, so that the first event need not wait for it.
    pub async fn connect(&self) {
        self.http.connect(&self.origin).await;
    }

    /// Whether callers that can do without Pusher send it no request now.
    #[must_use]
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Signs with the app's key.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Sends up to `MAX_BATCH` events, in order, in one request. Pusher takes it whole or not at all.
    ///
    /// # Errors
    /// When the request fails. After a time-out it may yet be done, so it is not sent again here.
    pub async fn trigger(&self, batch: &[PusherEvent]) -> Result<(), PusherError> {
        let sealed =
            batch.iter().map(|message| sealed(message, self.master_key.as_ref())).collect::<Result<Vec<_>, _>>()?;
        self.post("/batch_events", &Batch { batch: sealed }).await
    }

    /// Sends one of these events, or up to `MAX_BATCH` that a batch may have, in order, in one request.
    ///
    /// # Errors
    /// As [`PusherClient::trigger`].
    pub async fn forward(&self, events: &[&AppEvent]) -> Result<(), PusherError> {
        let batched = |event: &&'_ AppEvent| event.batched().is_some();
        if let [one] = events
            && !batched(one)
        {
            return self.post("/events", one).await;
        }
        let batch = events.iter().filter_map(|event| {
            let AppEvent { name, data, socket_id, .. } = event;
            Some(BatchedEvent { channel: event.batched()?, name, data, socket_id: socket_id.as_deref() })
        });
        self.post("/batch_events", &Batch { batch: batch.collect() }).await
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Result<(), PusherError> {
        let body = serde_json::to_vec(body).map_err(|error| PusherError::Unreadable(error.to_string()))?;
        self.request("POST", path, Some(body), &[]).await.map(drop)
    }

    /// Asks Pusher a question, such as `/channels`. The path and the parameters must need no escaping.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, PusherError> {
        read(&self.request("GET", path, None, parameters).await?)
    }

    /// The users that are subscribed to a presence channel now. Ids that are not valid user ids are left out.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn users(&self, channel: &str) -> Result<Vec<UserId>, PusherError> {
        let body = self.request("GET", &format!("/channels/{channel}/users"), None, &[]).await?;
        let Users { users } = read(&body)?;
        Ok(users.into_vec().into_iter().map(|user| user.id).collect())
    }

    /// Whether a channel is occupied, and by how many users if it is a presence channel.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn channel(&self, channel: &ChannelName) -> Result<ChannelInfo, PusherError> {
        let info: &[_] = if channel.is_presence() { &[("info", "user_count")] } else { &[] };
        let body = self.request("GET", &format!("/channels/{}", channel.as_str()), None, info).await?;
        read(&body)
    }

    /// Names of the occupied channels with this prefix.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn channels(&self, prefix: &str) -> Result<Vec<String>, PusherError> {
        let body = self.request("GET", "/channels", None, &[("filter_by_prefix", prefix)]).await?;
        let Channels { channels } = read(&body)?;
        Ok(channels.into_keys().collect())
    }

    /// Closes all connections on which this user signed in. Clients do not reconnect (close code 4009).
    ///
    /// # Errors
    /// When the request fails.
    pub async fn terminate(&self, user: &UserId) -> Result<(), PusherError> {
        let path = format!("/users/{user}/terminate_connections");
        self.request("POST", &path, Some(b"{}".to_vec()), &[]).await.map(drop)
    }

    async fn request(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Vec<u8>>,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<u8>, PusherError> {
        let outcome = self.until_it_works(method, path, body, parameters).await;
        match &outcome {
            Err(PusherError::NoResponse(_) | PusherError::Unavailable(_)) => self.breaker.failed(Millis::now()),
            _ => self.breaker.succeeded(),
        }
        outcome
    }

    async fn until_it_works(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Vec<u8>>,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<u8>, PusherError> {
        // The address of a request is without such segments, whose signature would then be another path's.
        if path.split('/').any(|segment| matches!(segment, "." | "..")) {
            let reason = "no name may be one dot or two".to_owned();
            return Err(PusherError::Refused { status: 400, reason });
        }
        let path = format!("{}{path}", self.app_path);
        let mut backoff = FIRST_BACKOFF;
        for _ in 1..MAX_ATTEMPTS {
            match self.once(method, &path, body.clone(), parameters).await {
                Err(error) if error.is_worth_a_retry() => {}
                done => return done,
            }
            tokio::time::sleep(backoff.mul_f64(1.0 - rand::random::<f64>() / 2.0)).await;
            backoff *= 2;
        }
        self.once(method, &path, body.clone(), parameters).await
    }

    async fn once(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Vec<u8>>,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<u8>, PusherError> {
        // Every attempt gets a signature of its own: Pusher accepts a timestamp for ten minutes.
        let query = self.signer.query(&ApiRequest { method, path, body: body.as_deref(), parameters }, Millis::now());
        let address = format!("{}{path}?{query}", self.origin);
        let request = match body {
            Some(body) => self.http.get().post(address).header("content-type", "application/json").body(body),
            None => self.http.get().get(address),
        };
        let no_response = |error| PusherError::NoResponse(without_address(error));
        let response = request.timeout(REQUEST_TIMEOUT).send().await.map_err(no_response)?;
        let status = response.status();
        let text = read_body(response, MAX_RESPONSE_BYTES).await.map_err(|error| match error {
            BodyError::Broken(error) => PusherError::NoResponse(error),
            too_long @ BodyError::TooLong(_) => PusherError::Unreadable(too_long.to_string()),
        })?;
        match status.as_u16() {
            200..=299 => Ok(text),
            code @ (429 | 500..=599) => Err(PusherError::Unavailable(code)),
            code => {
                let reason = String::from_utf8_lossy(&text).chars().take(200).collect();
                Err(PusherError::Refused { status: code, reason })
            }
        }
    }
}

/// An event whose data is encrypted if its channel's are.
///
/// # Errors
/// [`PusherError::NoMasterKey`] without the key from which those of channels derive.
pub(crate) fn sealed(message: &PusherEvent, master_key: Option<&MasterKey>) -> Result<PusherEvent, PusherError> {
    match ChannelName::parse(&message.channel) {
        Ok(channel) if channel.is_encrypted() => {
            let master = master_key.ok_or(PusherError::NoMasterKey)?;
            let data = SharedSecret::of(&channel, master).encrypt(&message.data)?;
            Ok(PusherEvent { data, ..message.clone() })
        }
        _ => Ok(message.clone()),
    }
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, PusherError> {
    serde_json::from_slice(body).map_err(|error| PusherError::Unreadable(error.to_string()))
}

//! Pusher's HTTP API.
//!
//! Retries are few and quick: whatever still fails is owed by the outbox, and tried again from there. A request's address
//! holds its signature, so errors are stripped of it before anyone can print them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{EncryptionError, SharedSecret, Signer};
use crate::clients::https::{HttpClient, without_address};
use crate::contract::channel::ChannelName;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::problem::Problem;
use crate::settings::{MasterKey, Pusher};

/// Most events in one batch (Pusher Channels docs, "POST batch events").
pub(crate) const BATCH: usize = 10;
/// One request's time-out. The inline delivery as a whole has two seconds, so that one stalled request leaves a second try.
const TIMEOUT: Duration = Duration::from_millis(900);
/// Backoff of one request, the first included.
const TRIES: u32 = 3;
/// The pause before the second try; later ones double. Jitter takes up to half of it away.
const PAUSE: Duration = Duration::from_millis(50);

/// An event for one channel, in the names that Pusher gives its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Where to.
    pub channel: String,
    /// The event's name.
    pub name: String,
    /// Its payload, as JSON text.
    pub data: String,
}

/// Why Pusher did not take a request.
#[derive(Debug, thiserror::Error)]
pub enum PusherError {
    /// Pusher said no (4xx) in these words; the same request would get the same answer.
    #[error("Pusher refused the request with {status}: {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        reason: String,
    },
    /// Pusher is overloaded or broken (429, 5xx).
    #[error("Pusher answered {0}")]
    Unavailable(u16),
    /// No answer: no connection, or none in time.
    #[error("Pusher did not answer")]
    NoAnswer(#[source] reqwest::Error),
    /// An answer that is not what the API documents.
    #[error("Pusher's answer cannot be read: {0}")]
    Unreadable(String),
    /// The data could not be encrypted for its channel.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    /// The channel is encrypted and there is no key.
    #[error("set PUSHER_ENCRYPTION_MASTER_KEY_BASE64 to send to encrypted channels")]
    NoMasterKey,
}

impl PusherError {
    /// Whether what was sent is at fault, so that no later try can do better. Wrong credentials are not that: an operator
    /// mends them, and what waited is delivered then.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 413 | 422, .. })
    }

    fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NoAnswer(_))
    }
}

impl From<PusherError> for Problem {
    fn from(error: PusherError) -> Self {
        Self::internal(error)
    }
}

/// A client for one Pusher app.
#[derive(Debug, Clone)]
pub struct Client {
    http: HttpClient,
    signer: Signer,
    origin: String,
    app_path: String,
    master_key: Option<MasterKey>,
}

#[derive(Serialize)]
struct Batch<'a> {
    batch: &'a [Message],
}

#[derive(Deserialize)]
struct Users {
    users: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

#[derive(Deserialize)]
struct Channels {
    channels: std::collections::BTreeMap<String, serde_json::Value>,
}

/// What Pusher knows of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChannelInfo {
    /// Whether anyone is subscribed.
    pub occupied: bool,
    /// Users in a presence channel.
    pub user_count: Option<u64>,
}

impl Client {
    /// A client for the app of these settings. Connects to nothing yet.
    #[must_use]
    pub fn new(http: HttpClient, settings: &Pusher) -> Self {
        Self {
            http,
            signer: Signer::new(&settings.credentials),
            origin: settings.origin.clone(),
            app_path: format!("/apps/{}", settings.app_id),
            master_key: settings.encryption_master_key.clone(),
        }
    }

    /// Opens a connection, so that the first event need not wait for it.
    pub async fn connect(&self) {
        self.http.connect(&self.origin).await;
    }

    /// Signs with the app's key.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Sends events, in order, ten a request.
    ///
    /// # Errors
    /// With how many had been taken when Pusher refused or did not answer; a request is taken whole or not at all.
    pub async fn trigger(&self, messages: &[Message]) -> Result<(), (usize, PusherError)> {
        let mut taken = 0;
        for batch in messages.chunks(BATCH) {
            self.trigger_batch(batch).await.map_err(|error| (taken, error))?;
            taken += batch.len();
        }
        Ok(())
    }

    async fn trigger_batch(&self, batch: &[Message]) -> Result<(), PusherError> {
        let sealed = batch.iter().map(|message| self.seal(message)).collect::<Result<Vec<_>, _>>()?;
        let body = serde_json::to_vec(&Batch { batch: &sealed })
            .map_err(|error| PusherError::Unreadable(error.to_string()))?;
        self.request("POST", "/batch_events", Some(body), &[]).await.map(drop)
    }

    /// Encrypts what goes to an encrypted channel.
    fn seal(&self, message: &Message) -> Result<Message, PusherError> {
        match ChannelName::parse(&message.channel) {
            Ok(channel) if channel.is_encrypted() => {
                let master = self.master_key.as_ref().ok_or(PusherError::NoMasterKey)?;
                let data = SharedSecret::of(&channel, master).encrypt(&message.data)?;
                Ok(Message { data, ..message.clone() })
            }
            _ => Ok(message.clone()),
        }
    }

    /// Who is subscribed to a presence channel now. Ids that are none of ours are left out.
    ///
    /// # Errors
    /// As the request fails.
    pub async fn users(&self, channel: &str) -> Result<Vec<UserId>, PusherError> {
        let body = self.request("GET", &format!("/channels/{channel}/users"), None, &[]).await?;
        let Users { users } = read(&body)?;
        Ok(users.into_iter().filter_map(|user| UserId::parse(user.id).ok()).collect())
    }

    /// Whether a channel is occupied, and by how many users if it is a presence channel.
    ///
    /// # Errors
    /// As the request fails.
    pub async fn channel(&self, channel: &ChannelName) -> Result<ChannelInfo, PusherError> {
        let info: &[_] = if channel.as_str().starts_with("presence-") { &[("info", "user_count")] } else { &[] };
        let body = self.request("GET", &format!("/channels/{}", channel.as_str()), None, info).await?;
        read(&body)
    }

    /// Names of the occupied channels with this prefix.
    ///
    /// # Errors
    /// As the request fails.
    pub async fn channels(&self, prefix: &str) -> Result<Vec<String>, PusherError> {
        let body = self.request("GET", "/channels", None, &[("filter_by_prefix", prefix)]).await?;
        let Channels { channels } = read(&body)?;
        Ok(channels.into_keys().collect())
    }

    /// Ends all connections on which this user signed in. They do not come back by themselves (close code 4009).
    ///
    /// # Errors
    /// As the request fails.
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
        let path = format!("{}{path}", self.app_path);
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.once(method, &path, body.clone(), parameters).await {
                Err(error) if error.is_worth_a_retry() => {}
                done => return done,
            }
            tokio::time::sleep(pause.mul_f64(1.0 - rand::random::<f64>() / 2.0)).await;
            pause *= 2;
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
        // Signed anew for each try: the timestamp must be within ten minutes.
        let query = self.signer.query(method, path, body.as_deref(), parameters, Millis::now());
        let address = format!("{}{path}?{query}", self.origin);
        let request = match body {
            Some(body) => self.http.get().post(address).header("content-type", "application/json").body(body),
            None => self.http.get().get(address),
        };
        let no_answer = |error| PusherError::NoAnswer(without_address(error));
        let response = request.timeout(TIMEOUT).send().await.map_err(no_answer)?;
        let status = response.status();
        let text = response.bytes().await.map_err(no_answer)?;
        match status.as_u16() {
            200..=299 => Ok(text.to_vec()),
            code @ (429 | 500..=599) => Err(PusherError::Unavailable(code)),
            code => {
                let reason = String::from_utf8_lossy(&text).chars().take(200).collect();
                Err(PusherError::Refused { status: code, reason })
            }
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, PusherError> {
    serde_json::from_slice(body).map_err(|error| PusherError::Unreadable(error.to_string()))
}

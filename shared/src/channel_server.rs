//! The server of the channels: Pusher (or any server with its HTTP API), or Carillon itself. No product knows which.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::clients::pusher::frames::ServerFrame;
use crate::clients::pusher::{PusherClient, PusherError, PusherEvent, sealed};
use crate::contract::any_channel::AnyChannel;
use crate::contract::channel::{Channel, ChannelName, is_encrypted, is_presence};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::gateway::{self, Poster};
use crate::settings::MasterKey;
use crate::table::{Table, TableError};
use crate::telemetry;

/// How long it may take to say whether a channel is occupied.
const OCCUPIED_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an event that no row owes is sent.
const TRIGGER_TIMEOUT: Duration = Duration::from_secs(5);

/// The server of the channels.
#[derive(Debug, Clone)]
pub enum ChannelServer {
    /// Hosted Pusher, or a server that speaks its HTTP API.
    Pusher(Box<PusherClient>),
    /// Carillon itself.
    Gateway(Box<ServedChannels>),
}

/// The channels that Carillon itself serves.
#[derive(Debug, Clone)]
pub struct ServedChannels {
    pub(crate) table: Table,
    /// Where this function posts to connections.
    pub(crate) poster: Option<Poster>,
    pub(crate) master_key: Option<MasterKey>,
}

/// Why a question was not answered, or an event not sent.
#[derive(Debug, thiserror::Error)]
pub enum ChannelServerError {
    #[error(transparent)]
    Pusher(#[from] PusherError),
    #[error(transparent)]
    Table(#[from] TableError),
    /// As Pusher's HTTP API refuses it, with 400.
    #[error("{0}")]
    Refused(&'static str),
    #[error("set the environment variable SOCKET_ENDPOINT")]
    NoEndpoint,
}

impl ChannelServerError {
    /// Whether an operator must mend something first.
    #[must_use]
    pub fn is_operators(&self) -> bool {
        match self {
            Self::Pusher(error) => error.is_operators(),
            Self::NoEndpoint => true,
            Self::Table(_) | Self::Refused(_) => false,
        }
    }

    /// For the log: without what the server said, which may hold names.
    #[must_use]
    pub fn log_text(&self) -> String {
        match self {
            Self::Pusher(error) => error.log_text(),
            Self::Table(error) => telemetry::chain(error),
            other => other.to_string(),
        }
    }

    /// The asker's mistake, for the asker.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Pusher(PusherError::Refused { status: 400, reason }) => {
                Some(format!("Pusher refuses this: {reason}"))
            }
            Self::Refused(reason) => Some((*reason).to_owned()),
            _ => None,
        }
    }
}

impl ChannelServer {
    /// Opens a connection, so that the first request finds it open.
    pub(crate) async fn connect(&self) {
        match self {
            Self::Pusher(pusher) => pusher.connect().await,
            // The table opens its own.
            Self::Gateway(_) => {}
        }
    }

    /// Whether it has stopped responding, so that nobody should wait for it.
    #[must_use]
    pub fn is_shut(&self, now: Millis) -> bool {
        match self {
            Self::Pusher(pusher) => pusher.breaker().is_open(now),
            Self::Gateway(_) => false,
        }
    }

    /// The users of a presence channel. It leaves out members whose ids cannot be a user's.
    ///
    /// # Errors
    /// [`ChannelServerError`]
    pub async fn users(&self, channel: &str) -> Result<Vec<UserId>, ChannelServerError> {
        match self {
            Self::Pusher(pusher) => Ok(pusher.users(channel).await?),
            Self::Gateway(own) => {
                let members = gateway::members(&own.table, channel, Millis::now()).await?;
                Ok(members.into_iter().filter_map(|member| UserId::parse(member).ok()).collect())
            }
        }
    }

    /// The occupied channels whose names begin so.
    ///
    /// # Errors
    /// [`ChannelServerError`]
    pub async fn channels(&self, prefix: &str) -> Result<Vec<String>, ChannelServerError> {
        match self {
            Self::Pusher(pusher) => Ok(pusher.channels(prefix).await?),
            Self::Gateway(own) => Ok(gateway::channels(&own.table, prefix, Millis::now()).await?.into_iter().collect()),
        }
    }

    /// Whether the channel has subscribers. Without an answer in time it has none: no event would reach them, either.
    pub(crate) async fn is_occupied(&self, channel: &Channel) -> bool {
        let Ok(channel) = ChannelName::parse(&channel.to_string()) else { return false };
        let asked = async {
            Ok::<_, ChannelServerError>(match self {
                Self::Pusher(pusher) => pusher.channel(&channel).await?.occupied,
                Self::Gateway(own) => gateway::is_occupied(&own.table, channel.as_str(), Millis::now()).await?,
            })
        };
        let Ok(found) = tokio::time::timeout(OCCUPIED_TIMEOUT, asked).await else { return false };
        found.inspect_err(|error| telemetry::cause(error)).unwrap_or_default()
    }

    /// Sends events at once, and once.
    ///
    /// # Errors
    /// [`ChannelServerError`]
    pub async fn trigger(&self, events: &[PusherEvent]) -> Result<(), ChannelServerError> {
        match self {
            Self::Pusher(pusher) => Ok(pusher.trigger(events).await?),
            Self::Gateway(own) => own.trigger(events).await,
        }
    }

    /// `GET /channels` of Pusher's HTTP API. `info` has the attributes that are asked for, with commas between.
    ///
    /// # Errors
    /// [`ChannelServerError`]
    pub async fn list(&self, prefix: Option<&str>, info: Option<&str>) -> Result<Value, ChannelServerError> {
        match self {
            Self::Pusher(pusher) => {
                let prefix = prefix.map(|prefix| ("filter_by_prefix", prefix));
                let parameters: Vec<_> = prefix.into_iter().chain(info.map(|info| ("info", info))).collect();
                Ok(pusher.ask("/channels", &parameters).await?)
            }
            Self::Gateway(own) => own.list(prefix.unwrap_or_default(), info).await,
        }
    }

    /// `GET /channels/{channel}` of Pusher's HTTP API.
    ///
    /// # Errors
    /// [`ChannelServerError`]
    pub async fn state(&self, channel: &str, info: Option<&str>) -> Result<Value, ChannelServerError> {
        match self {
            Self::Pusher(pusher) => {
                let parameters: Vec<_> = info.map(|info| ("info", info)).into_iter().collect();
                Ok(pusher.ask(&format!("/channels/{channel}"), &parameters).await?)
            }
            Self::Gateway(own) => own.state(channel, info).await,
        }
    }

    /// `GET /channels/{channel}/users` of Pusher's HTTP API.
    ///
    /// # Errors
    /// [`ChannelServerError`]
    pub async fn list_users(&self, channel: &str) -> Result<Value, ChannelServerError> {
        match self {
            Self::Pusher(pusher) => Ok(pusher.ask(&format!("/channels/{channel}/users"), &[]).await?),
            Self::Gateway(_) if !is_presence(channel) => {
                Err(ChannelServerError::Refused("Only presence channels have users: ask for presence-…"))
            }
            Self::Gateway(own) => {
                let members = gateway::members(&own.table, channel, Millis::now()).await?;
                let users: Vec<_> = members.into_iter().map(|id| json!({ "id": id })).collect();
                Ok(json!({ "users": users }))
            }
        }
    }
}

impl ServedChannels {
    async fn trigger(&self, events: &[PusherEvent]) -> Result<(), ChannelServerError> {
        let poster = self.poster.as_ref().ok_or(ChannelServerError::NoEndpoint)?;
        for event in events {
            let event =
                if is_encrypted(&event.channel) { sealed(event, self.master_key.as_ref())? } else { event.clone() };
            let PusherEvent { channel, name, data } = &event;
            let text = ServerFrame::Event { channel, name, data }.text();
            gateway::broadcast(&self.table, poster, (channel, &text), None, Instant::now() + TRIGGER_TIMEOUT).await?;
        }
        Ok(())
    }

    async fn list(&self, prefix: &str, info: Option<&str>) -> Result<Value, ChannelServerError> {
        let counts_users = asks_for(info, "user_count");
        if counts_users && !is_presence(prefix) {
            return Err(ChannelServerError::Refused(
                "user_count may only be requested for presence channels: set filter_by_prefix to presence-",
            ));
        }
        let now = Millis::now();
        let mut channels = Map::new();
        for channel in gateway::channels(&self.table, prefix, now).await? {
            let mut attributes = Map::new();
            if counts_users {
                let users = gateway::members(&self.table, &channel, now).await?.len();
                attributes.insert("user_count".to_owned(), json!(users));
            }
            channels.insert(channel, Value::Object(attributes));
        }
        Ok(json!({ "channels": channels }))
    }

    async fn state(&self, channel: &str, info: Option<&str>) -> Result<Value, ChannelServerError> {
        let now = Millis::now();
        let mut state = json!({ "occupied": gateway::is_occupied(&self.table, channel, now).await? });
        if asks_for(info, "user_count") {
            if !is_presence(channel) {
                return Err(ChannelServerError::Refused("user_count may only be requested for presence channels"));
            }
            state["user_count"] = json!(gateway::members(&self.table, channel, now).await?.len());
        }
        if asks_for(info, "cache") {
            if !AnyChannel::parse(channel).is_ok_and(|channel| channel.is_cache()) {
                return Err(ChannelServerError::Refused("cache may only be requested for cache channels"));
            }
            let last = gateway::cached(&self.table, channel, now).await?;
            state["cache"] = last.map_or(Value::Null, |(data, ttl)| json!({ "data": data, "ttl": ttl }));
        }
        if asks_for(info, "subscription_count") {
            state["subscription_count"] = json!(gateway::subscription_count(&self.table, channel, now).await?);
        }
        Ok(state)
    }
}

fn asks_for(info: Option<&str>, attribute: &str) -> bool {
    info.is_some_and(|info| info.split(',').any(|named| named.trim() == attribute))
}

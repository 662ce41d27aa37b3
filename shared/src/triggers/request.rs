//! Requests to trigger events. Fields that Pusher does not document are ignored, as Pusher does.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::api_error::ApiError;
use crate::clients::pusher::{AppEvent, MAX_BATCH, check_channel, check_event};
use crate::contract::any_channel::AnyChannel;
use crate::contract::channel::is_encrypted;
use crate::contract::event::MAX_EVENT_BYTES;
use crate::contract::socket_id::SocketId;
use crate::http::body_of_event;

/// Most channels of one event.
const MAX_CHANNELS: usize = 100;
/// Most bytes of a request: a batch of the longest events, however they are written.
pub const MAX_BODY_BYTES: usize = MAX_BATCH * body_of_event(MAX_EVENT_BYTES);

/// The body of `POST /apps/{appId}/events`.
#[derive(Debug, Deserialize)]
pub struct NewAppEvent {
    name: String,
    data: String,
    #[serde(default)]
    channels: Option<Vec<String>>,
    /// In place of `channels`.
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    socket_id: Option<String>,
    #[serde(default)]
    info: Option<String>,
}

/// The body of `POST /apps/{appId}/batch_events`.
#[derive(Debug, Deserialize)]
pub struct NewBatch {
    batch: Vec<BatchEvent>,
}

#[derive(Debug, Deserialize)]
struct BatchEvent {
    name: String,
    data: String,
    channel: String,
    #[serde(default)]
    socket_id: Option<String>,
    #[serde(default)]
    info: Option<String>,
}

/// An event that may go to Pusher, with the counts that its sender asks for.
#[derive(Debug)]
pub struct Triggered {
    pub event: AppEvent,
    /// `None` without `info`.
    pub counts: Option<BTreeSet<Count>>,
}

/// A number that `info` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// Of a presence channel.
    Users,
    /// Of any other channel.
    Subscriptions,
}

impl Count {
    /// The name in `info`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Users => "user_count",
            Self::Subscriptions => "subscription_count",
        }
    }
}

impl NewAppEvent {
    /// Checks the event by Pusher's rules.
    ///
    /// # Errors
    /// 400 for a field that breaks one, 413 for data over 10 KB.
    pub fn checked(self) -> Result<Triggered, ApiError> {
        let channels = match (self.channels, self.channel) {
            (Some(channels), _) => channels,
            (None, Some(channel)) => vec![channel],
            (None, None) => {
                return Err(ApiError::field("channels", r#"is missing: send a list of names, such as ["news"]"#));
            }
        };
        if !(1..=MAX_CHANNELS).contains(&channels.len()) {
            return Err(ApiError::field("channels", format!("must be 1 to {MAX_CHANNELS} names")));
        }
        if channels.len() > 1 && channels.iter().any(|channel| is_encrypted(channel)) {
            return Err(ApiError::field(
                "channels",
                "must be one name if it is an encrypted channel's: each has a key of its own",
            ));
        }
        let event = AppEvent { channels, name: self.name, data: self.data, socket_id: self.socket_id };
        Triggered::checked(event, self.info.as_deref())
    }
}

impl NewBatch {
    /// Checks each event by Pusher's rules.
    ///
    /// # Errors
    /// As [`NewAppEvent::checked`], and 400 for more than ten events or none.
    pub fn checked(self) -> Result<Vec<Triggered>, ApiError> {
        if !(1..=MAX_BATCH).contains(&self.batch.len()) {
            return Err(ApiError::field("batch", format!("must be 1 to {MAX_BATCH} events")));
        }
        let checked = |one: BatchEvent| {
            let BatchEvent { name, data, channel, socket_id, info } = one;
            Triggered::checked(AppEvent { channels: vec![channel], name, data, socket_id }, info.as_deref())
        };
        self.batch.into_iter().map(checked).collect()
    }
}

impl Triggered {
    fn checked(event: AppEvent, info: Option<&str>) -> Result<Self, ApiError> {
        check_event("name", &event.name, &event.data)?;
        event.channels.iter().try_for_each(|channel| check_destination(channel))?;
        if let Some(socket) = &event.socket_id {
            SocketId::parse(socket)?;
        }
        Ok(Self { event, counts: info.map(counts).transpose()? })
    }
}

/// Checks that an event may go there: to a channel, or to a signed-in user.
fn check_destination(name: &str) -> Result<(), ApiError> {
    match AnyChannel::parse(name) {
        Ok(_) => Ok(()),
        Err(_) => check_channel("A channel's name", name).map(drop),
    }
}

fn counts(info: &str) -> Result<BTreeSet<Count>, ApiError> {
    let names = info.split(',').map(str::trim).filter(|name| !name.is_empty());
    let known = |name: &str| [Count::Users, Count::Subscriptions].into_iter().find(|count| count.name() == name);
    names
        .map(|name| {
            known(name)
                .ok_or_else(|| ApiError::field("info", "must be user_count, subscription_count or both, with a comma"))
        })
        .collect()
}

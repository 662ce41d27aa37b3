//! The channels that a connection is subscribed to.

use std::collections::BTreeSet;
use std::ops::ControlFlow::{Break, Continue};

use super::audience;
use super::row::{PlaceRow, Socket};
use crate::api_error::ApiError;
use crate::channels;
use crate::contract::id::UserId;
use crate::contract::sockets::Namespace;
use crate::contract::time::Millis;
use crate::table::{Key, Table, TransactItem, Transaction, Update, Write, eq, exists, read, retry_in_a_crowd};

/// Most channels of a connection.
pub const MAX_CHANNELS: usize = 50;

/// The result of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriptions {
    /// All channels of the connection.
    pub channels: Vec<String>,
    /// Those that were asked for and that nothing opens to the user.
    pub refused: Vec<String>,
}

impl Subscriptions {
    /// 403 that names the channels that were refused, if any were.
    #[must_use]
    pub fn error(&self) -> Option<ApiError> {
        (!self.refused.is_empty()).then(|| refusal(&self.refused))
    }
}

fn refusal(refused: &[String]) -> ApiError {
    let names: Vec<String> = refused.iter().map(|name| format!("{name:?}")).collect();
    ApiError::Forbidden(format!(
        "You may not subscribe to {}: ask for it to be public, for the claim channels in your token, or for a service to add you",
        names.join(", ")
    ))
}

/// Subscribes a connection to further channels: those that are `public`, that its token opens, or that a row grants. The
/// others are refused one by one.
///
/// # Errors
/// 400 for a name that is empty, longer than 100 characters or has control characters; 403 where no channel is open to the user;
/// 409 for more than 50 channels; then nothing is changed.
pub async fn subscribe(
    table: &Table,
    socket: &Socket,
    namespace: Namespace,
    public: &[String],
    channels: &[String],
) -> Result<Subscriptions, ApiError> {
    let too_many = || {
        let told = format!("A connection may be subscribed to {MAX_CHANNELS} channels; unsubscribe from some first");
        ApiError::Conflict(told)
    };
    let names = channels.iter().map(|name| channels::name(name)).collect::<Result<BTreeSet<_>, _>>()?;
    if names.len() > MAX_CHANNELS {
        return Err(too_many());
    }
    let closed: BTreeSet<&str> = names.iter().copied().filter(|name| !is_open(socket, public, name)).collect();
    change(table, socket, namespace, &closed, |subscribed, granted| {
        let refused: Vec<String> = closed.difference(granted).map(|name| (*name).to_owned()).collect();
        if !refused.is_empty() && refused.len() == names.len() {
            return Err(refusal(&refused));
        }
        let mut all = subscribed.to_vec();
        for channel in channels {
            if !refused.contains(channel) && !all.contains(channel) {
                all.push(channel.clone());
            }
        }
        if all.len() > MAX_CHANNELS { Err(too_many()) } else { Ok(Subscriptions { channels: all, refused }) }
    })
    .await
}

/// Whether a channel is open to a connection without a row.
fn is_open(socket: &Socket, public: &[String], channel: &str) -> bool {
    channels::includes(public, channel) || channels::includes(&socket.channels, channel)
}

/// Takes channels from a connection's; returns those that are left.
pub async fn unsubscribe(
    table: &Table,
    socket: &Socket,
    namespace: Namespace,
    channels: &[String],
) -> Result<Vec<String>, ApiError> {
    let left = change(table, socket, namespace, &BTreeSet::new(), |subscribed, _| {
        let left = subscribed.iter().filter(|channel| !channels.contains(channel)).cloned().collect();
        Ok(Subscriptions { channels: left, refused: Vec::new() })
    })
    .await?;
    Ok(left.channels)
}

/// Takes a user's grant of a channel back, and the subscriptions that rest on it.
///
/// # Errors
/// 400 for a bad name, 500 when DynamoDB fails; it may be repeated.
pub async fn revoke(table: &Table, public: &[String], channel: &str, user: &UserId) -> Result<(), ApiError> {
    channels::revoke(table, channel, user).await?;
    // A subscription checks the grant in its own transaction, so each one is before this read or refused.
    for target in audience::of_user(table, Namespace::Dashboard, user, Millis::now()).await? {
        let Some(socket) = Socket::find(table, &Key::socket(&target.address.connection)).await? else { continue };
        if is_open(&socket, public, channel) {
            continue;
        }
        match unsubscribe(table, &socket, Namespace::Dashboard, &[channel.to_owned()]).await {
            // It has ended meanwhile.
            Ok(_) | Err(ApiError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Changes a connection's channels. `decide` gets the channels that it has and those of `closed` that a row grants; they must still be
/// granted when it is written, or it decides again.
async fn change(
    table: &Table,
    socket: &Socket,
    namespace: Namespace,
    closed: &BTreeSet<&str>,
    decide: impl Fn(&[String], &BTreeSet<&str>) -> Result<Subscriptions, ApiError>,
) -> Result<Subscriptions, ApiError> {
    let ended = || ApiError::Conflict("The connection has ended: connect again".to_owned());
    let slot = *socket.namespaces.get(&namespace).ok_or_else(ended)?;
    let key = Key::socket_place(namespace, slot);
    let (key, decide) = (&key, &decide);
    let granted = channels::granted(table, &socket.user, closed).await?;
    let seen = table.get(key, true).await?;
    retry_in_a_crowd((granted, Some(seen)), |(mut granted, seen)| async move {
        // After a pause it is read again: the frames of a connection come many at once.
        let seen = match seen {
            Some(seen) => seen,
            None => table.get(key, true).await?,
        };
        let place = seen.map(read::<PlaceRow>).transpose()?;
        let place = place.filter(|place| place.address.connection == socket.address.connection).ok_or_else(ended)?;
        let decided = decide(&place.channels, &granted)?;
        if decided.channels == place.channels {
            return Ok(Break(decided));
        }
        let is_as_read = eq("connection", socket.address.connection.as_str()).and(eq("channels", &place.channels[..]));
        let update = Update::new(key).set("channels", &decided.channels[..]).when(is_as_read);
        if granted.is_empty() {
            Ok(match table.write(update).await? {
                Write::Done(_) => Break(decided),
                Write::ConditionFailed(_) => Continue((granted, None)),
            })
        } else {
            let check = |channel: &&str| TransactItem::check(&Key::channel_grant(&socket.user, channel), exists("pk"));
            let writes = std::iter::once(TransactItem::from(update)).chain(granted.iter().map(check));
            match table.transact(writes).await? {
                Transaction::Done => Ok(Break(decided)),
                Transaction::ConditionFailed(which) => {
                    if which.iter().skip(1).any(|failed| *failed) {
                        // One was taken back meanwhile. The others are not refused with it.
                        granted = channels::granted(table, &socket.user, closed).await?;
                    }
                    Ok(Continue((granted, None)))
                }
            }
        }
    })
    .await
}

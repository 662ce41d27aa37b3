//! The channels that a connection is subscribed to.

use super::row::{PlaceRow, Socket};
use crate::contract::sockets::Namespace;
use crate::problem::Problem;
use crate::table::{Action, AttributeValue, Backoff, Item, Key, Table, TableError, Write, read, string};

/// Most channels of a connection.
pub const MAX_CHANNELS: usize = 50;
/// Longest name of a channel, in characters.
const MAX_NAME: usize = 100;

/// Subscribes a connection to further channels; returns all of its channels.
///
/// # Errors
/// 400 for a name that is empty, longer than 100 characters or has control characters; 409 for more than 50 channels; then
/// nothing is changed.
pub async fn subscribe(
    table: &Table,
    socket: &Socket,
    namespace: Namespace,
    channels: &[String],
) -> Result<Vec<String>, Problem> {
    for channel in channels {
        channel_name(channel)?;
    }
    change(table, socket, namespace, |subscribed| {
        let mut all = subscribed.to_vec();
        for channel in channels {
            if !all.contains(channel) {
                all.push(channel.clone());
            }
        }
        if all.len() > MAX_CHANNELS {
            let told =
                format!("A connection may be subscribed to {MAX_CHANNELS} channels; unsubscribe from some first");
            return Err(Problem::Conflict(told));
        }
        Ok(all)
    })
    .await
}

/// Checks the name of a channel.
pub(super) fn channel_name(name: &str) -> Result<&str, Problem> {
    if (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    Err(Problem::Malformed(format!("A channel's name must have 1 to {MAX_NAME} characters, and no control characters")))
}

/// Takes channels from a connection's; returns those that are left.
///
/// # Errors
/// When DynamoDB fails.
pub async fn unsubscribe(
    table: &Table,
    socket: &Socket,
    namespace: Namespace,
    channels: &[String],
) -> Result<Vec<String>, Problem> {
    change(table, socket, namespace, |subscribed| {
        Ok(subscribed.iter().filter(|channel| !channels.contains(channel)).cloned().collect())
    })
    .await
}

async fn change(
    table: &Table,
    socket: &Socket,
    namespace: Namespace,
    decide: impl Fn(&[String]) -> Result<Vec<String>, Problem>,
) -> Result<Vec<String>, Problem> {
    let ended = || Problem::Conflict("The connection has ended".to_owned());
    let slot = *socket.namespaces.get(&namespace).ok_or_else(ended)?;
    let key = Key::socket_place(namespace, slot);
    let mut seen = table.get(&key, true).await?;
    let mut backoff = Backoff::new();
    loop {
        let place = seen.map(read_place).transpose()?;
        let place = place.filter(|place| place.address.connection == socket.address.connection).ok_or_else(ended)?;
        let channels = decide(&place.channels)?;
        if channels == place.channels {
            return Ok(channels);
        }
        let update = Action::update(&key, "SET channels = :channels")
            .condition("#connection = :connection AND channels = :before")
            .name("#connection", "connection")
            .value(":connection", string(socket.address.connection.as_str()))
            .value(":before", list(&place.channels))
            .value(":channels", list(&channels));
        match table.write(update).await? {
            Write::Done(_) => return Ok(channels),
            Write::ConditionFailed(row) => seen = row,
        }
        backoff.wait().await?;
    }
}

fn list(channels: &[String]) -> AttributeValue {
    AttributeValue::L(channels.iter().map(string).collect())
}

fn read_place(row: Item) -> Result<PlaceRow, TableError> {
    read(row)
}

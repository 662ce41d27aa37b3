//! The handshake: which framing, which namespace, and the first messages to the connection.

use super::dashboard;
use super::enter::{Arrival, Entering, enter};
use super::framing;
use super::not_entered::NotEntered;
use super::row::Socket;
use super::waiting::{WAIT_SECONDS, WaitingSocket};
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::contract::sockets::{Address, Framing, Names, Namespace, Outgoing};
use crate::contract::time::Millis;
use crate::http::{ReadRequest, ReadSocket, Request, SocketRoute};
use crate::identity::Identity;
use crate::outbox::{Done, Say, WriteContext};
use crate::table::{Key, Table};

/// How a client wants to be connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    address: Address,
    /// The channels that the token opens.
    channels: Vec<String>,
    /// `refusal=event`
    tells_refusals: bool,
}

impl Handshake {
    /// Whether the client may sign in by its CONNECT packet: one of Socket.IO's that sends no token with its handshake.
    #[must_use]
    pub fn has_no_token_yet(request: &Request) -> bool {
        let is_socket_io = framing::asked_for(request.query("EIO")) == Ok(Framing::SocketIo);
        is_socket_io && request.query("token").is_none() && request.header("authorization").is_none()
    }

    /// Reads the event of `$connect`. Until a caller is known, the connection may wait for ten seconds.
    ///
    /// # Errors
    /// 400 for an `EIO` other than 4, for a transport of Engine.IO other than `websocket`, `names` other than `lower` and
    /// `upper`, `refusal` other than `status` and `event`, and plain JSON on the stage of Socket.IO.
    pub fn read(request: &Request, now: Millis) -> Result<Self, ApiError> {
        let (connection, stage) = (request.connection(SocketRoute::Connect)?, request.stage()?);
        let framing = framing::asked_for(request.query("EIO")).map_err(|told| ApiError::Malformed(told.to_owned()))?;
        if framing == Framing::SocketIo && request.query("transport") != Some("websocket") {
            let told = "transport must be websocket: set transports: [\"websocket\"], since there is no HTTP long-polling here";
            return Err(ApiError::Malformed(told.to_owned()));
        }
        let tells_refusals = match request.query("refusal") {
            None | Some("status") => false,
            Some("event") => framing == Framing::Json,
            Some(_) => return Err(ApiError::field("refusal", "must be status or event")),
        };
        if framing == Framing::Json && stage == Namespace::SocketIo {
            let told = "This address is for Socket.IO: connect with EIO=4, or to /dashboard or /ws";
            return Err(ApiError::Malformed(told.to_owned()));
        }
        let names = match request.query("names") {
            None | Some("both") => Names::Both,
            Some("lower") => Names::Lower,
            Some("upper") => Names::Upper,
            Some(_) => return Err(ApiError::field("names", "must be lower, upper or both")),
        };
        let token_expires = now.plus_seconds(WAIT_SECONDS);
        Ok(Self {
            address: Address { connection, stage, framing, names, since: now, token_expires },
            channels: Vec::new(),
            tells_refusals,
        })
    }

    /// Whether a refused client is let in, told why by an `error` event, and ended.
    #[must_use]
    pub fn tells_refusals(&self) -> bool {
        self.tells_refusals
    }

    #[must_use]
    pub fn is_socket_io(&self) -> bool {
        self.address.framing == Framing::SocketIo
    }

    /// By this caller.
    #[must_use]
    pub fn by(mut self, caller: &Identity) -> Self {
        self.address.token_expires = caller.expires;
        self.channels.clone_from(&caller.channels);
        self
    }

    /// How to reach the connection.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// Lets a client in, who may subscribe to these channels: with plain JSON into the namespace of its stage, with Socket.IO into
/// none yet.
///
/// # Errors
/// [`NotEntered`]
pub async fn connect(
    table: &Table,
    writer: &WriteContext,
    heartbeat_seconds: u32,
    Handshake { address, channels, .. }: Handshake,
    caller: Person,
) -> Result<Done<()>, NotEntered> {
    let now = address.since;
    let (namespace, greeting) = match address.framing {
        Framing::Json => (address.stage, greeting(address.stage, &caller.user_id, now)),
        Framing::SocketIo => (Namespace::SocketIo, vec![Say::Other(Outgoing::Open { seconds: heartbeat_seconds })]),
    };
    let socket = Socket { channels, ..Socket::new(address, caller.user_id, caller.display_name) };
    let entering = Entering { socket: &socket, arrival: Arrival::Handshake, namespace, greeting };
    enter(table, writer, entering, now).await
}

/// Lets a connection that waited for its token in, into no namespace yet; returns it. Its rows are then those of one that had its
/// token in the handshake. Of several packets at once, the first lets it in, and none does once the connection waits no more.
///
/// # Errors
/// [`NotEntered`], [`NotEntered::OtherUser`] among them where another packet signed another user in.
pub async fn sign_in(
    table: &Table,
    writer: &WriteContext,
    waiting: &WaitingSocket,
    caller: &Identity,
    person: Person,
) -> Result<Done<Socket>, NotEntered> {
    let address = Address { token_expires: caller.expires, ..waiting.address.clone() };
    let key = Key::socket(&address.connection);
    let channels = caller.channels.clone();
    let new = Socket::new(address, person.user_id, person.display_name);
    let socket = Socket { channels, signed_in_by_packet: true, ..new };
    let (arrival, namespace) = (Arrival::SignIn(waiting), Namespace::SocketIo);
    let entering = Entering { socket: &socket, arrival, namespace, greeting: Vec::new() };
    let entered = enter(table, writer, entering, Millis::now()).await?;
    let there = Socket::find(table, &key).await?.ok_or(NotEntered::Gone)?;
    if there.user != socket.user {
        return Err(NotEntered::OtherUser);
    }
    Ok(entered.map(|()| there))
}

/// Lets a connection of Socket.IO into a namespace.
///
/// # Errors
/// [`NotEntered`]
pub async fn join(
    table: &Table,
    writer: &WriteContext,
    socket: &Socket,
    namespace: Namespace,
    now: Millis,
) -> Result<Done<()>, NotEntered> {
    let mut told = vec![Say::Other(Outgoing::Joined { namespace })];
    told.extend(greeting(namespace, &socket.user, now));
    enter(table, writer, Entering { socket, arrival: Arrival::Join, namespace, greeting: told }, now).await
}

/// The first events of a connection in a namespace.
fn greeting(namespace: Namespace, user: &UserId, now: Millis) -> Vec<Say> {
    match namespace {
        Namespace::Dashboard => vec![Say::Other(dashboard::connected(user, now))],
        Namespace::Ws => vec![Say::ContactsOnline],
        Namespace::SocketIo => Vec::new(),
    }
}

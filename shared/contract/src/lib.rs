//! The contract with clients, and the keys of the table: ids, channels, times, the events of each system, keys.
//!
//! `docs/asyncapi.yaml` has the events in machine-readable form; a test compares the two. A crate of its own, so that `cargo local`
//! builds this and not the AWS SDK before anything starts. `shared` re-exports it. Each module uses only those below it in this list:
//!
//! ```text
//! facts           changes that other systems hear of, on the event bus
//! rooms           the events of reading rooms
//! parties         the events of parties
//! notifications   the events of notifications
//! leases          the events of a lease's chat
//! chats           the events of conversations, and how a message is shown
//! key             the keys of the table, the kinds of its rows, its partitions
//! any_channel     the names of channels that clients subscribe to
//! event           an event and its channel
//! channel         the channels of the six systems, and their names
//! socket_id       Pusher's ids of connections
//! sockets         connections, namespaces, events of WebSockets
//! attachments     files of messages
//! person          how others see a user
//! text            text that one person writes and another sees
//! id              ids of users, books, hotels, leases and the rest
//! email           addresses
//! quiet_hours     quiet hours, as clients write them
//! time            moments
//! ```

pub mod any_channel;
pub mod attachments;
pub mod channel;
pub mod chats;
pub mod email;
pub mod event;
pub mod facts;
pub mod id;
pub mod key;
pub mod leases;
pub mod notifications;
pub mod parties;
pub mod person;
pub mod quiet_hours;
pub mod rooms;
pub mod socket_id;
pub mod sockets;
pub mod text;
pub mod time;

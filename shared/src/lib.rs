//! The code of all Carillon functions.
//!
//! A function's handler says what happens; the modules here say how. Each module uses only those below it in this list, which
//! a test holds (`tests/functions/module_map.rs`). No two files use each other (`module_circles.rs`), and each type has a
//! name of its own (`type_names.rs`):
//!
//! ```text
//! running         the app of a process: made at its start, and again when its secret was rotated; only functions use it
//! app             the composition root: settings and clients
//! authorization   who may subscribe to what
//! imports         data of another system, line by line
//! erasure         erasing a user everywhere
//! summary         a user's everything, for operators
//! conversations   the list of a user's conversations of every kind
//! leases          a client and a notary: their chat, requests
//! hotels          guests' chats, staff, inbox
//! unseen          e-mails about messages that their recipient has not seen
//! delivery        delivering outbox entries: by the writer, from the stream, from the retry queue; one file per transport
//! sockets         WebSockets: framings, connections, dashboards, direct messages
//! rooms           presence, kudos, books, healing after a missed webhook
//! parties         members, invitations, changes
//! chats           conversations: messages, read marks
//! channels        who may subscribe to which channel of dashboards, and to which of the app's own
//! triggers        Pusher's HTTP API: events of other back ends, stored with what they owe
//! notifications   stored, listed, read; preferences
//! users           profile, devices, locale, quiet hours
//! channel_server  who serves the channels: Pusher, or Carillon itself
//! gateway         Pusher's protocol on API Gateway's WebSockets: connections, subscriptions, presence, keep-alive
//! outbox          what a row owes, and taking out of it what was delivered
//! http            requests, responses, idempotency keys, pages
//! identity        bearer tokens
//! table           keys, attributes, expressions, writes, queries, retries, rate limits: over aws-sdk-dynamodb
//! clients         Pusher, FCM, WebSocket connections, Socket.IO's protocol, AWS's configuration, HTTPS
//! lenient         lists that others wrote: an odd element costs itself alone
//! json            JSON that others wrote: read, or refused without a quotation in the log
//! api_error       every error that a client can receive
//! settings        the environment
//! telemetry       the log line and its metrics
//! ```
//!
//! Below all of them is the crate `contract`: ids, channels, times, the events of each system, and the keys of the table.

pub mod api_error;
pub mod app;
pub mod authorization;
pub mod channel_server;
pub mod channels;
pub mod chats;
pub mod clients;
pub mod conversations;
pub mod delivery;
pub mod erasure;
pub mod gateway;
pub mod hotels;
pub mod http;
pub mod identity;
pub mod imports;
pub mod json;
pub use jws;
pub mod leases;
pub mod lenient;
pub mod notifications;
pub mod outbox;
pub mod parties;
pub mod rooms;
pub mod running;
pub mod settings;
pub mod sockets;
pub mod summary;
pub mod table;
pub mod telemetry;
pub mod triggers;
pub mod unseen;
pub mod users;

pub use api_error::ApiError;
pub use app::App;
pub use contract;

//! WebSockets over API Gateway: connections, their namespaces and their events.
//!
//! | part | what it is |
//! |---|---|
//! | `framing` | how events look on the wire: plain JSON, Socket.IO |
//! | `row` | the rows of connections, and the limits |
//! | `greeting` | the first messages to a connection in a namespace |
//! | `enter`, `leave` | a connection enters a namespace and leaves it, by one transaction each |
//! | `not_entered` | why a connection may not enter |
//! | `connect` | the handshake, and the first messages to a connection |
//! | `waiting` | connections of Socket.IO that have not signed in |
//! | `refused_handshake`, `turn_away` | reasons for clients that may not connect |
//! | `replies` | the replies to a frame: to its sender at once, in no outbox |
//! | `heartbeat` | pings, and the removal of connections that have ended |
//! | `beats` | when heartbeats are due, and which there were |
//! | `heard` | when each connection was last heard of |
//! | `dashboard` | the namespace `/dashboard` |
//! | `direct` | the namespace `/ws` |
//! | `slot` | choosing a free place of a namespace |
//! | `status` | a user's connections, and that the first one came or the last one went |
//! | `subscribe` | channels |
//! | `audience` | who is connected |
//! | `contacts` | whom a user has exchanged messages with |
//! | `end_all` | the end of all connections of a user who is erased |
//! | `admit` | how much a client may send |

mod admit;
mod audience;
pub mod beats;
mod connect;
pub(crate) mod contacts;
pub mod dashboard;
pub mod direct;
mod end_all;
mod enter;
pub mod framing;
mod greeting;
pub mod heard;
pub mod heartbeat;
mod leave;
mod not_entered;
mod refused_handshake;
pub mod replies;
mod row;
mod slot;
mod status;
mod subscribe;
mod turn_away;
mod waiting;

use admit::CountedIn;
pub use admit::{Admission, Budget, CONTROL, MESSAGES, Pace, SIGNALS};
pub use audience::{PageQuery, SocketPage, contacts_online, count, is_online, of_contacts, of_user, online, page};
pub use connect::{Handshake, connect, join, sign_in};
pub(crate) use end_all::end_all;
pub use enter::{Arrival, ENTRIES, Entering, enter};
pub use framing::{Answer, Asked, Incoming, IncomingEvent, Join, Unreadable};
pub(crate) use greeting::make_whole;
pub use leave::{disconnect, forget, leave};
pub use not_entered::NotEntered;
pub use refused_handshake::RefusedHandshake;
pub use replies::FrameOutcome;
pub use row::{MAX_OF_USER, Socket, capacity};
pub use status::is_there;
pub use subscribe::{MAX_CHANNELS, Subscriptions, revoke, subscribe, unsubscribe};
pub(crate) use waiting::forget_waiting;
pub use waiting::{Counted, WaitingSocket, wait};

use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::{Key, Table, TableError};

/// Counts what a user asked for: [`MESSAGES`] or [`SIGNALS`].
///
/// # Errors
/// When DynamoDB fails or too much of the user's is counted at once.
pub async fn admit(table: &Table, user: &UserId, budget: &Budget, now: Millis) -> Result<Admission, TableError> {
    admit::count(table, &Key::limit(user, budget.name), budget, CountedIn::Limit, now).await
}

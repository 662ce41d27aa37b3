//! Pusher's protocol on API Gateway's WebSockets and the table: clients of Pusher are served by the stack itself.
//!
//! | file | what it is |
//! |---|---|
//! | `row` | the rows of connections and subscriptions |
//! | `connection` | a connection opens, and a user signs in on it |
//! | `end` | a connection ends |
//! | `subscription` | a connection subscribes to a channel and leaves it, by one transaction each |
//! | `presence` | who is in a presence channel, and that the first of a user's connections came or the last one went |
//! | `occupancy` | which channels have subscribers, and how many; that the first came or the last one went |
//! | `count` | subscribers are told how many they are |
//! | `audience` | pages of a channel's subscribers |
//! | `shards` | an event for many subscribers is divided among the shards of its channel |
//! | `cache` | the last event of a cache channel |
//! | `report` | webhooks of what changes no row: events of clients, cache channels without an event |
//! | `grant` | whether a signature opens a channel, or lets a connection sign in |
//! | `frame` | what the frames of clients ask for |
//! | `outcome` | what follows a frame: replies, the roster of a presence channel, events for others |
//! | `post` | frames on their way to connections |
//! | `keep_alive` | the frames that keep connections open, and the removal of those that have ended |
//!
//! **Frames in any order.** API Gateway runs the frames of one connection side by side. So a subscription has the time at which API
//! Gateway received the frame that made it, or that ended it, and an older frame changes nothing.
//!
//! **A connection that ends meanwhile.** A subscription is written first, and then its connection is read. The end of a connection
//! is written first, and then its subscriptions are read. So one of the two sees the other, whichever is faster.

mod audience;
mod cache;
mod connection;
mod count;
mod end;
mod frame;
mod grant;
mod keep_alive;
mod occupancy;
mod outcome;
mod post;
mod presence;
mod report;
mod row;
mod shards;
mod subscription;

pub(crate) use audience::{ChannelPage, page};
pub(crate) use cache::{cached, keep as keep_in_cache};
pub use connection::{open, open_refused};
pub(crate) use count::take as take_count;
pub use end::disconnect;
pub use frame::handle;
pub use keep_alive::{KeepAliveReport, keep_alive};
pub(crate) use occupancy::{channels, forget as forget_channel, is_occupied, subscription_count, take_back};
pub use outcome::{Gateway, GatewayOutcome};
pub(crate) use post::{Poster, broadcast};
pub(crate) use presence::{forget as forget_member, members};
pub(crate) use shards::{Divided, DividedRows, divide};
pub use subscription::MAX_CHANNELS;

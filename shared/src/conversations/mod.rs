//! A user's conversations of every kind: direct messages, leases, and the guests' chats of hotels of whose staff they are.
//!
//! | file | what it is |
//! |---|---|
//! | `find` | which conversations a user has |
//! | `list` | pages of them, newest first, with what is unread |

mod find;
mod list;

pub use list::{ConversationCursor, ConversationPage, list};

//! Conversations: messages that are numbered without gaps, read marks, an inbox.
//!
//! A conversation's rows share a partition. Its **head** has the newest message's number. Each message is a row of its own,
//! put in one transaction with the head on the condition that the head's number is still the one that was read; so numbers
//! become visible in order, and whoever reads on `after` the last number that they know misses nothing. A message's own row
//! carries what it owes, so an outage bounds no conversation, and a message and its deletion stay in order.
//!
//! | file | what it is |
//! |---|---|
//! | `conversation` | which conversation, and its keys |
//! | `message`, `head` | the rows |
//! | `post`, `delete`, `page`, `read` | writing, deleting, reading, read marks |
//! | `erase` | everything that a user wrote |
//! | `lease`, `lease_request` | a lease's two people, and what they ask of each other |
//! | `lease_chat`, `lease_unseen` | what a lease's chat owes, and what its e-mails sum up |
//! | `direct_chat` | what the deletion of a direct message owes |
//! | `guest`, `hotel`, `inbox` | a guest's chat, a hotel's staff, their inbox |

mod conversation;
mod delete;
mod direct_chat;
mod erase;
mod guest;
mod head;
mod hotel;
mod inbox;
mod lease;
mod lease_chat;
mod lease_request;
mod lease_unseen;
mod message;
mod page;
mod post;
mod read;

pub use conversation::{Conversation, Kind};
pub use delete::delete;
pub(crate) use erase::erase_message;
pub use erase::{Cursor as EraseCursor, Erased, erase};
pub use guest::{guest_author, guest_id, message_created, message_deleted, messages_read, staff_author};
pub use head::{Head, head};
pub(crate) use hotel::staff;
pub use hotel::{is_staff, put_staff, remove_staff};
pub use inbox::{Cursor as InboxCursor, Inbox, MAX_CHATS, inbox};
pub use lease::{Lease, LeaseView, PutLease, Seat, put_lease, role_in, seat};
pub use lease_chat::lease_message_deleted;
pub(crate) use lease_request::erase_from_request;
pub use lease_request::{
    NewRequest, REQUESTS, RequestCursor, RequestId, RequestPage, change_request, create_request, requests,
};
pub(crate) use lease_unseen::{Unseen, read_mark_key, unseen};
pub use message::{Author, MAX_TEXT, Message, MessageId, NewMessage, Seq, message_text};
pub(crate) use page::find;
pub use page::{Newest, Page, Range, newest, page};
pub use post::{MESSAGES, post};
pub(crate) use post::{Terms, post_on};
pub use read::{Mark, head_and_mark, mark_read, read_mark};

use crate::problem::Problem;

fn busy() -> Problem {
    Problem::Unavailable("Too many changes at once in this conversation; try again".to_owned())
}

fn unknown_receiver() -> Problem {
    let told = "receiverId must be the id of a user who has signed in here before, such as the senderId of a message";
    Problem::NotFound(told.to_owned())
}

fn unknown_message() -> Problem {
    Problem::NotFound(
        "There is no message of this id in this conversation: take the id of one that is listed there".to_owned(),
    )
}

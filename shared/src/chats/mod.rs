//! Conversations: messages that are numbered without gaps, read marks, an inbox.
//!
//! A conversation's rows share a partition. Its **head** has the newest message's number. Each message is a row of its own,
//! put in one transaction with the head on the condition that the head's number is still the one that was read; so numbers
//! become visible in order, and a reader who continues `after` the last number that they know misses nothing. A message's own row
//! carries its deliveries, so an outage bounds no conversation, and a message and its deletion stay in order.
//!
//! | file | what it is |
//! |---|---|
//! | `conversation` | which conversation, and its keys |
//! | `message`, `head` | the rows |
//! | `created` | the deliveries of a new message, which its row has by name |
//! | `attachment_store`, `attachment` | where files of messages are; their rows |
//! | `upload`, `attach`, `link` | uploading a file, sending it with a message, reading it |
//! | `post`, `delete`, `page`, `read` | writing, deleting, reading, read marks |
//! | `of_user` | the conversations of a user |
//! | `import` | messages of another system |
//! | `wire_id` | ids of direct messages on the wire |

mod attach;
mod attachment;
mod attachment_store;
mod conversation;
mod created;
mod delete;
mod head;
mod import;
mod link;
mod message;
mod of_user;
mod page;
mod post;
mod read;
mod upload;
mod wire_id;

pub(crate) use attachment::erase_upload;
pub use attachment_store::{AttachmentStore, MAX_ATTACHMENTS, NewAttachments};
pub use conversation::{Conversation, ConversationKind, guest_id};
pub use created::created;
pub(crate) use created::{direct_view, make_whole, to_guest_and_staff};
pub(crate) use delete::ReadMessage;
pub use delete::{Deletion, delete};
pub use head::{Head, LastMessage, head};
pub(crate) use import::{ImportedMessage, MAX_IMPORTED, OldMark, OldMessage, import, import_mark};
pub use link::{Link, link};
pub use message::{Author, MAX_TEXT, Message, MessageId, NewMessage, Seq, message_text, text_with};
pub use of_user::{UserConversation, UserConversations, of_user};
pub(crate) use page::find;
pub use page::{Newest, Page, Range, newest, page};
pub use post::{MESSAGES, post};
pub(crate) use post::{Posting, Terms, post_on};
pub(crate) use read::seq_of;
pub use read::{Mark, Reading, conversation_read, has_read, head_and_mark, mark_read};
pub use upload::{NewUpload, UPLOADS, Upload, upload};
pub use wire_id::WireId;

use crate::api_error::ApiError;
use crate::table;

/// As [`table::retry`], with 503 when too many write in the conversation at once.
pub(crate) async fn retry<T, F>(attempt: impl FnMut() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<Option<T>, ApiError>>,
{
    table::retry_or(busy, attempt).await
}

fn busy() -> ApiError {
    ApiError::Unavailable("Too many changes at once in this conversation; try again".to_owned())
}

fn unknown_receiver() -> ApiError {
    let told = "receiverId must be the id of a user who has signed in here before, such as the senderId of a message";
    ApiError::NotFound(told.to_owned())
}

fn unknown_message() -> ApiError {
    ApiError::NotFound(
        "There is no message of this id in this conversation: take the id of one that is listed there".to_owned(),
    )
}

//! Hotels: the chats of their guests, their staff, and the staff's inbox.
//!
//! | file | what it is |
//! |---|---|
//! | `guest` | the id of a guest, and the deliveries that changes of their chat cause |
//! | `staff_list` | a hotel's staff by name |
//! | `staff` | the members of a hotel's staff, and a user's hotels |
//! | `email` | the guest, as the recipient of e-mails about unseen messages |
//! | `import_chat` | whom a chat was assigned to in another system, and whether it was closed there |
//! | `inbox` | a hotel's conversations, by their newest message |
//! | `change_chat` | whom a conversation is assigned to, and whether it is open |
//! | `wake` | the transport that notifies the staff of a guest's message |

mod change_chat;
mod email;
mod guest;
mod import_chat;
mod inbox;
mod staff;
mod staff_list;
mod wake;

pub use change_chat::{ChatPatch, change_chat, chat};
pub(crate) use email::EmailedGuest;
pub(crate) use guest::booking_of;
pub use guest::{guest_id, message_created, message_deleted, messages_read, must_not_be_guests};
pub(crate) use import_chat::{OldChat, import_chat};
pub use inbox::{Chat, Cursor as InboxCursor, Inbox, InboxFilter, MAX_CHATS, inbox, newest_chats};
pub(crate) use staff::imported_staff;
pub use staff::{hotels_of, is_staff, put_staff, remove_staff};
pub use staff_list::{MAX_STAFF, StaffCursor, StaffPage, list_staff};
pub(crate) use wake::Wakes;

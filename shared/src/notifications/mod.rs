//! Notifications: stored, sent to the user's connected clients as an event, and pushed to their devices.
//!
//! Pusher says whether a client is subscribed to the user's channel, and no more: a forgotten tab keeps pushes of normal
//! priority from the phone. So `pushWhileConnected` is a preference. Texts are in the saved language, or in that of the token
//! that last registered a device: the caller's own token is the service's. Only messages of a lease send e-mail; for other
//! types, e-mail is a preference for other back ends to read.

mod collapse;
mod content;
mod counter;
mod create;
mod create_each;
mod delete;
mod email_off;
mod erase;
mod fcm_message;
mod import;
mod kind;
mod list;
mod look;
mod notification;
mod notification_type;
mod preferences;
mod read;
mod row;
mod unsubscribe;
mod words;

pub(crate) use content::Sender;
pub use content::{MAX_USERS, NewNotification, NotificationContent, Recipients};
pub use create::Notifier;
pub(crate) use create::{OfChange, create_instead, create_of_change};
pub use create_each::UserResult;
pub use delete::delete;
pub(crate) use email_off::AddressesOff;
pub use email_off::{turn_email_off, turn_email_on};
pub(crate) use erase::{ErasedUser, erase_from};
pub(crate) use fcm_message::{badge_message, message as push_message};
pub(crate) use import::{MAX_IMPORTED, OldNotification, import};
pub use kind::{NotificationKind, Priority};
pub use list::{NotificationCursor, NotificationPage, NotificationView, list, show, unread_count};
pub use notification::Notification;
pub(crate) use notification::make_whole;
pub use notification_type::{InvalidType, NotificationType, OwnType};
pub(crate) use preferences::imported_preferences;
pub use preferences::{
    DeliveryPreferences, NewPreferences, Preferences, WholePreferences, preferences, save_preferences,
};
pub use read::{Marked, ReadContext, read, read_all};
pub use unsubscribe::{address_in_link, is_unsubscribe_signature, unsubscribe_link};
pub use words::Words;

use counter::Counter;

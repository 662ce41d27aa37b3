//! Notifications: stored for the user, told at once to whoever of their clients listens, and pushed to their devices.

mod collapse;
mod counter;
mod create;
mod kind;
mod list;
mod notice;
mod preferences;
mod read;
mod words;

pub use create::{Created, NewNotification, create};
pub use kind::{Kind, Priority};
pub use list::{Cursor, Page, Shown, list, unread_count};
pub use notice::Notice;
pub use preferences::{Preferences, Ways, preferences, save_preferences};
pub use read::{Marked, read, read_all};
pub use words::{Locale, Words};

use counter::Counter;

//! The differences between kinds of conversation.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::channel_server::{ChannelServer, ChannelServerError};
use crate::chats::{Conversation, MessageId};
use crate::clients::ses::Mailer;
use crate::contract::email::EmailAddress;
use crate::contract::id::UserId;
use crate::contract::text::Line;
use crate::table::{Item, Key, TableError};
use crate::users::locale::Locale;

/// A user who is sent e-mails about the messages of a conversation.
pub(crate) trait Recipient: fmt::Debug + Send + Sync {
    fn id(&self) -> &UserId;

    fn conversation(&self) -> Conversation;

    /// The row of their [claim](super::window).
    fn window(&self) -> Key;

    /// Whether they have the conversation open now, so that they see a message arrive.
    fn is_there<'a>(&'a self, channels: &'a ChannelServer) -> BoxFuture<'a, Result<bool, ChannelServerError>>;

    /// A further row that [`Recipient::addressee`] needs.
    fn row(&self) -> Option<Key>;

    /// Where their e-mail goes and in which language, by that row; `locale` is the one that they or their token chose. `None` if they
    /// are no longer of the conversation.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when the row cannot be read.
    fn addressee(&self, row: Option<Item>, locale: Option<Locale>) -> Result<Option<Addressee>, TableError>;

    /// The app's page that shows this message; `None` if the settings name none.
    fn link(&self, mailer: &Mailer, message: &MessageId) -> Option<String>;
}

/// An e-mail's address, language and title.
#[derive(Debug)]
pub(crate) struct Addressee {
    /// The conversation's title, for people.
    pub title: Line,
    /// Where the e-mail goes instead of the address in their profile.
    pub address: Option<EmailAddress>,
    pub locale: Locale,
}

//! A lease's participants, as recipients of e-mails about unseen messages.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::lease::Lease;
use crate::channel_server::{ChannelServer, ChannelServerError};
use crate::chats::{Conversation, MessageId};
use crate::clients::ses::Mailer;
use crate::contract::channel::Channel;
use crate::contract::id::{LeaseId, UserId};
use crate::table::{Item, Key, TableError};
use crate::unseen::{Addressee, Recipient};
use crate::users::locale::Locale;

/// A participant who is sent e-mails.
#[derive(Debug)]
pub(crate) struct EmailedParticipant {
    pub lease: LeaseId,
    pub id: UserId,
}

impl Recipient for EmailedParticipant {
    fn id(&self) -> &UserId {
        &self.id
    }

    fn conversation(&self) -> Conversation {
        Conversation::lease(&self.lease)
    }

    fn window(&self) -> Key {
        Key::lease_email(&self.lease, &self.id)
    }

    fn is_there<'a>(&'a self, channels: &'a ChannelServer) -> BoxFuture<'a, Result<bool, ChannelServerError>> {
        let channel = Channel::Lease(self.lease.clone()).to_string();
        async move { Ok(channels.users(&channel).await?.contains(&self.id)) }.boxed()
    }

    fn row(&self) -> Option<Key> {
        Some(Key::lease(&self.lease))
    }

    fn addressee(&self, row: Option<Item>, locale: Option<Locale>) -> Result<Option<Addressee>, TableError> {
        let lease = row.map(Lease::of_row).transpose()?.filter(|lease| lease.role(&self.id).is_some());
        Ok(lease.map(|lease| Addressee {
            address: lease.email(&self.id).cloned(),
            locale: locale.or(lease.locale).unwrap_or_default(),
            title: lease.title,
        }))
    }

    fn link(&self, mailer: &Mailer, message: &MessageId) -> Option<String> {
        Some(mailer.sender.lease_page.at(&[("bailId", self.lease.as_str()), ("messageId", message.as_str())]))
    }
}

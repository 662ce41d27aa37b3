//! Which rule each kind of row has. A kind without one does not compile.

use super::messages::erase_message;
use super::{Erasure, remove};
use crate::api_error::ApiError;
use crate::chats::{self, Conversation};
use crate::contract::facts::Fact;
use crate::contract::id::{BookId, LeaseId, PartyId, UserId};
use crate::contract::rooms::UserLeft;
use crate::hotels;
use crate::leases;
use crate::notifications;
use crate::outbox::{ATTRIBUTE, Delivery};
use crate::parties;
use crate::sockets;
use crate::table::key::{CONVERSATION, LEASE, PARTY, ROOM, RowKind, user as partition};
use crate::table::{AttributeValue, Item, Key, Update, exists, text};

/// The events that a row owes when it goes: a user who is in a room leaves it.
pub(super) fn owed(user: &UserId, row: &Item) -> Option<Vec<Delivery>> {
    let key = Key::of(row)?;
    let is_present = matches!(row.get("present"), Some(AttributeValue::Bool(true)));
    if RowKind::of(&key)? != RowKind::Presence || ends(&key) != user.as_str() || !is_present {
        return None;
    }
    let book = BookId::parse(key.pk.strip_prefix(ROOM)?).ok()?;
    let fact = Fact::RoomLeft { book_id: book.clone(), user_id: user.clone() };
    Some(vec![Delivery::event(&UserLeft { book, user_id: user.clone() }), Delivery::fact(fact)])
}

/// The part of a sort key after its kind, such as the user in `MEMBER#{userId}`.
fn ends(key: &Key) -> &str {
    key.sk.split_once('#').map_or("", |(_, id)| id)
}

impl Erasure<'_> {
    /// Treats a row; returns whether it was removed or changed.
    pub(super) async fn row(&mut self, row: Item) -> Result<bool, ApiError> {
        let Some((key, kind)) = Key::of(&row).and_then(|key| RowKind::of(&key).map(|kind| (key, kind))) else {
            // A row of the app's own.
            return Ok(false);
        };
        let user = self.user.as_str();
        let has = |name: &str| row.get(name).and_then(text) == Some(user);
        let has_person = |name: &str| match row.get(name) {
            // A request is addressed to a `userId`.
            Some(AttributeValue::M(person)) => {
                ["id", "userId"].iter().any(|id| person.get(*id).and_then(text) == Some(user))
            }
            _ => false,
        };
        let (is_own, is_of) = (key.pk == partition(self.user), ends(&key) == user);
        match kind {
            // The user's alone.
            RowKind::Profile
            | RowKind::EmailEntry
            | RowKind::NotificationCounter
            | RowKind::Preferences
            | RowKind::Device
            | RowKind::Limit
            | RowKind::UserSockets
            | RowKind::ChannelGrant
            | RowKind::ChannelMember
            | RowKind::PublicKey => self.remove_if(is_own, &row).await,
            RowKind::Contact => self.remove_if(is_own || is_of, &row).await,
            RowKind::ListedConversation => {
                let conversation = key.sk.strip_prefix(CONVERSATION).and_then(Conversation::of_partition);
                let is_with = conversation.is_some_and(|conversation| conversation.other_than(self.user).is_some());
                self.remove_if(is_own || is_with, &row).await
            }
            RowKind::DeviceOwner | RowKind::Socket | RowKind::SocketPlace => self.remove_if(has("user"), &row).await,
            RowKind::Presence | RowKind::Staff | RowKind::ChatRead | RowKind::ChatEmail | RowKind::LeaseEmail => {
                self.remove_if(is_of, &row).await
            }
            RowKind::Kudos => self.remove_if(has("giver") || has("receiver"), &row).await,
            RowKind::Waiting if has("named") => Ok(sockets::forget_waiting(self.table, &row).await?),
            RowKind::Waiting => Ok(false),
            RowKind::SocketEvent => {
                let named = format!("\"{user}\"");
                let names = row.get(ATTRIBUTE).and_then(text).is_some_and(|pending| pending.contains(&named));
                self.remove_if(names, &row).await
            }
            // Others' rows, or shared ones.
            RowKind::Notification if is_own => self.remove_if(true, &row).await,
            RowKind::Notification => {
                let names = self.progress.names.iter().map(String::as_str).collect();
                let person = notifications::ErasedUser { id: self.user, names, booking: hotels::booking_of(self.user) };
                Ok(notifications::erase_from(self.table, &key, row, &person).await?)
            }
            RowKind::Invitation if is_own => self.remove_if(true, &row).await,
            RowKind::Invitation => self.invitation(&key, &row, has("inviter")).await,
            RowKind::Member if is_of => self.member(&key, &row).await,
            RowKind::Member => Ok(false),
            RowKind::Party => self.party(&key, &row).await,
            RowKind::Book => self.book(&key, has("authorId")).await,
            RowKind::ChatMessage if has("author") => {
                let message = Box::pin(erase_message(self.table, self.writer, self.user, &key)).await?;
                let is_erased = message.is_some();
                if let Some(message) = message {
                    self.progress.learn(self.user, [message.author_name.as_str()]);
                    self.pending.extend(message.pending);
                }
                Ok(is_erased)
            }
            RowKind::ChatMessage => Ok(false),
            // That of a message goes with the message.
            RowKind::ChatAttachment if has("author") && !row.contains_key("message") => {
                Ok(chats::erase_upload(self.table, self.writer, self.user, &key, &row).await?)
            }
            RowKind::ChatAttachment => Ok(false),
            RowKind::ChatHead => self.head(&key, &row, has("last_author")).await,
            RowKind::Lease => self.lease(&key, &row, has("client"), has("notary")).await,
            RowKind::LeaseRequest if ["created_by", "updated_by", "to"].into_iter().any(has_person) => {
                let lease = key.pk.strip_prefix(LEASE).and_then(|lease| LeaseId::parse(lease).ok());
                let Some(lease) = lease else { return Ok(false) };
                let alias = &self.progress.alias;
                let pending =
                    Box::pin(leases::erase_from_request(self.table, self.writer, &lease, &key, (self.user, alias)))
                        .await?;
                let is_erased = pending.is_some();
                self.pending.extend(pending.into_iter().flatten());
                Ok(is_erased)
            }
            RowKind::LeaseRequest => Ok(false),
            // Events on their way, mostly of another back end's, until they are delivered; their rows are kept for a day. A batch may have events
            // for others.
            RowKind::AppEvent | RowKind::ShardFanOut | RowKind::CachedEvent => Ok(false),
            // They go with the user's connections, and hold the id alone; a member's row has what the others see, too.
            RowKind::ChannelConnection | RowKind::Subscription | RowKind::Subscriber => Ok(false),
            RowKind::PresentMember if key.sk == user => {
                let blank = Update::new(&key).set("info", "null").when(exists("pk"));
                Ok(self.table.write(blank).await?.is_done())
            }
            RowKind::PresentMember => Ok(false),
            // They hold ids of rows, fingerprints and moments alone, and expire; or nothing of any user.
            RowKind::Idempotency
            | RowKind::ChatKey
            | RowKind::Heard
            | RowKind::SocketLimit
            | RowKind::Heartbeat
            | RowKind::OccupiedChannel
            | RowKind::CacheMiss
            | RowKind::Reconcile
            | RowKind::Erasure => Ok(false),
        }
    }

    async fn remove_if(&self, concerns: bool, row: &Item) -> Result<bool, ApiError> {
        if concerns {
            remove(self.table, row).await?;
        }
        Ok(concerns)
    }

    async fn member(&mut self, key: &Key, row: &Item) -> Result<bool, ApiError> {
        if let Some(party) = party_of(key) {
            self.pending.extend(Box::pin(parties::withdraw(self.table, self.writer, &party, self.user)).await?);
        }
        // That of a party which has ended.
        self.remove_if(true, row).await
    }
}

pub(super) fn party_of(key: &Key) -> Option<PartyId> {
    PartyId::parse(key.pk.strip_prefix(PARTY)?).ok()
}

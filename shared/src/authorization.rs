//! Whether a user may subscribe to a channel, and how others see them there.
//!
//! `private-user` needs no I/O. `presence-room` needs one read of the table, for the book (to know its author) and the
//! caller's profile (to know whether it is current). A party's channels need one consistent read of the membership,
//! a hotel's one of the staff, a lease's one of the lease, an own channel of the app's one of its member, unless the token names it.
//! A guest's token says by itself which channel it opens.

use serde::Serialize;

use crate::api_error::ApiError;
use crate::channels::own;
use crate::clients::pusher::{SharedSecret, Signer};
use crate::contract::channel::{Channel, ChannelName};
use crate::contract::chats::{GuestChatMember, Role};
use crate::contract::id::{HotelSlug, PartyId, UserId};
use crate::contract::leases::LeaseMember;
use crate::contract::parties::PartyMember;
use crate::contract::person::Person;
use crate::contract::rooms::RoomMember;
use crate::contract::socket_id::SocketId;
use crate::hotels;
use crate::identity::{Guest, Identity};
use crate::leases;
use crate::parties;
use crate::rooms::book;
use crate::settings::MasterKey;
use crate::table::Table;
use crate::users::profiles::Profiles;

/// Most bytes of a presence member's `user_info` (Pusher Channels: 1 KB).
const MAX_USER_INFO_BYTES: usize = 1024;

/// The response to a subscriber, with the field names that Pusher's clients read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// `key:signature`
    pub auth: String,
    /// Presence channels only: the member, as the JSON text that was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_data: Option<String>,
    /// Encrypted channels only: the key, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_secret: Option<String>,
}

/// Decides who may subscribe to what.
#[derive(Debug, Clone, Copy)]
pub struct Authorizer<'a> {
    pub table: &'a Table,
    pub profiles: &'a Profiles,
    pub signer: &'a Signer,
    /// The keys of encrypted channels derive from it. Without it, there are no encrypted channels.
    pub master_key: Option<&'a MasterKey>,
}

impl Authorizer<'_> {
    /// Authorizes a subscription.
    ///
    /// # Errors
    /// 403 for a channel that belongs to others, whose family is reserved, or that is encrypted when no key is configured;
    /// 500 when DynamoDB fails.
    pub async fn authorize(self, caller: &Identity, socket: &SocketId, name: &ChannelName) -> Result<Grant, ApiError> {
        match Channel::of(name) {
            Some(Channel::User(user)) if user == caller.user => Ok(self.private(socket, name)),
            Some(Channel::EncryptedUser(user)) if user == caller.user => self.encrypted(socket, name),
            Some(Channel::Party(party)) => {
                self.members_only(&party, caller).await?;
                Ok(self.private(socket, name))
            }
            Some(Channel::EncryptedParty(party)) => {
                self.members_only(&party, caller).await?;
                self.encrypted(socket, name)
            }
            Some(Channel::PartyPresence(party)) => {
                self.members_only(&party, caller).await?;
                let member = party_member(self.profiles.person(caller).await);
                Ok(self.presence(socket, name, &caller.user, &member))
            }
            Some(Channel::GuestChat(hotel, _) | Channel::HotelStaff(hotel)) => {
                self.staff_only(&hotel, caller).await?;
                Ok(self.private(socket, name))
            }
            Some(Channel::GuestChatPresence(hotel, _)) => {
                self.staff_only(&hotel, caller).await?;
                let member = GuestChatMember { name: None, role: Role::Staff };
                Ok(self.presence(socket, name, &caller.user, &member))
            }
            Some(Channel::EncryptedGuestChat(hotel, _) | Channel::EncryptedHotelStaff(hotel)) => {
                self.staff_only(&hotel, caller).await?;
                self.encrypted(socket, name)
            }
            Some(Channel::Lease(lease)) => {
                let role = leases::role_in(self.table, &lease, &caller.user).await?;
                let role = role.ok_or_else(ApiError::not_your_channel)?;
                // A lease's member has fewer fields than a room's, so what fits there fits here.
                let name_shown = room_member(self.profiles.person(caller).await, false).person.display_name;
                Ok(self.presence(socket, name, &caller.user, &LeaseMember { name: name_shown, role }))
            }
            Some(Channel::Room(book)) => {
                let (book, profile) = book::get_with_profile(self.table, &book, &caller.user).await?;
                let person = self.profiles.note(caller, profile);
                let member = room_member(person, book.is_some_and(|book| book.is_by(&caller.user)));
                Ok(self.presence(socket, name, &caller.user, &member))
            }
            Some(Channel::Own(channel)) => {
                own::must_be_open(self.table, &channel, caller).await?;
                if name.is_presence() {
                    let person = room_member(self.profiles.person(caller).await, false).person;
                    return Ok(self.presence(socket, name, &caller.user, &person));
                }
                if name.is_encrypted() { self.encrypted(socket, name) } else { Ok(self.private(socket, name)) }
            }
            Some(Channel::User(_) | Channel::EncryptedUser(_)) | None => Err(ApiError::not_your_channel()),
        }
    }

    /// Authorizes a guest's subscription: to the channels of exactly that hotel and booking, and to no other.
    ///
    /// # Errors
    /// 403 for any other channel, and for the encrypted one when no key is configured.
    pub fn authorize_guest(self, guest: &Guest, socket: &SocketId, name: &ChannelName) -> Result<Grant, ApiError> {
        let is_theirs = |hotel: &_, booking: &_| *hotel == guest.hotel && *booking == guest.booking;
        match Channel::of(name) {
            Some(Channel::GuestChat(hotel, booking)) if is_theirs(&hotel, &booking) => Ok(self.private(socket, name)),
            Some(Channel::EncryptedGuestChat(hotel, booking)) if is_theirs(&hotel, &booking) => {
                self.encrypted(socket, name)
            }
            Some(Channel::GuestChatPresence(hotel, booking)) if is_theirs(&hotel, &booking) => {
                let id = hotels::guest_id(&hotel, &booking).map_err(ApiError::internal)?;
                // A name of a token fits Pusher's limit.
                let member = GuestChatMember { name: Some(guest.name.clone()), role: Role::Guest };
                Ok(self.presence(socket, name, &id, &member))
            }
            _ => Err(ApiError::not_your_channel()),
        }
    }

    /// Signs a user in on a connection, so that Pusher can send events to all of their connections.
    pub async fn sign_in(self, caller: &Identity, socket: &SocketId) -> SignIn {
        let person = room_member(self.profiles.person(caller).await, false).person;
        let user_data =
            serde_json::to_string(&UserData { id: &caller.user, user_info: &person }).expect("a person is strings");
        SignIn { auth: self.signer.user(socket, &user_data), user_data }
    }

    fn private(self, socket: &SocketId, name: &ChannelName) -> Grant {
        let auth = self.signer.channel(socket, name, None);
        Grant { auth, channel_data: None, shared_secret: None }
    }

    /// Grants an encrypted channel, with its key.
    fn encrypted(self, socket: &SocketId, name: &ChannelName) -> Result<Grant, ApiError> {
        let Some(master) = self.master_key else {
            return Err(ApiError::Forbidden("Encrypted channels are not set up on this server".to_owned()));
        };
        let mut granted = self.private(socket, name);
        granted.shared_secret = Some(SharedSecret::of(name, master).to_base64());
        Ok(granted)
    }

    /// Grants a presence channel, where the other members see `info`.
    fn presence(self, socket: &SocketId, name: &ChannelName, user: &UserId, info: &impl Serialize) -> Grant {
        let data = channel_data(user, info);
        let auth = self.signer.channel(socket, name, Some(&data));
        Grant { auth, channel_data: Some(data), shared_secret: None }
    }

    async fn staff_only(self, hotel: &HotelSlug, caller: &Identity) -> Result<(), ApiError> {
        if hotels::is_staff(self.table, hotel, &caller.user).await? {
            return Ok(());
        }
        Err(ApiError::not_your_channel())
    }

    async fn members_only(self, party: &PartyId, caller: &Identity) -> Result<(), ApiError> {
        if parties::is_member(self.table, party, &caller.user).await? {
            return Ok(());
        }
        Err(ApiError::not_your_channel())
    }
}

/// A party's member as the others see them.
fn party_member(person: Person) -> PartyMember {
    // A party's member has fewer fields than a room's, so what fits there fits here.
    let person = room_member(person, false).person;
    PartyMember { username: person.display_name, avatar: person.avatar_url }
}

#[derive(Serialize)]
struct ChannelData<'a, T> {
    user_id: &'a UserId,
    user_info: &'a T,
}

/// `channel_data`, as it is signed and sent.
fn channel_data(user: &UserId, info: &impl Serialize) -> String {
    serde_json::to_string(&ChannelData { user_id: user, user_info: info }).expect("a member is strings and a boolean")
}

/// A member whose `user_info` fits Pusher's limit. If it is too large, the picture is dropped first, then the end of
/// the name. (Values within the limits of a token can still be too long once JSON has escaped them.)
fn room_member(mut person: Person, is_author: bool) -> RoomMember {
    let size = |person: &Person| {
        let member = RoomMember { person: person.clone(), is_author };
        serde_json::to_string(&member).map_or(usize::MAX, |json| json.len())
    };
    if size(&person) > MAX_USER_INFO_BYTES {
        person.avatar_url = None;
    }
    while size(&person) > MAX_USER_INFO_BYTES && person.display_name.shrink() {}
    RoomMember { person, is_author }
}

/// The response to a user who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignIn {
    /// `key:signature`
    pub auth: String,
    /// The user's data, as the JSON text that was signed.
    pub user_data: String,
}

#[derive(Serialize)]
struct UserData<'a> {
    id: &'a UserId,
    user_info: &'a Person,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::text::{Line, Picture};
    use proptest::prelude::*;

    fn person(name: &str, avatar: Option<String>) -> Person {
        Person {
            user_id: UserId::parse("u".repeat(128)).unwrap(),
            display_name: Line::cleaned(name, 128).unwrap_or_default(),
            avatar_url: avatar.and_then(|avatar| Picture::parse(&avatar)),
        }
    }

    #[test]
    fn user_info_has_the_members_of_the_contract_in_order() {
        let ada = Person {
            user_id: UserId::parse("ada").unwrap(),
            display_name: Line::parse("Ada", 128).unwrap(),
            avatar_url: None,
        };
        let expected =
            r#"{"user_id":"ada","user_info":{"userId":"ada","displayName":"Ada","avatarUrl":null,"isAuthor":true}}"#;
        assert_eq!(channel_data(&ada.user_id.clone(), &room_member(ada, true)), expected);
    }

    proptest! {
        #[test]
        fn user_info_always_fits(name in "\\PC{0,128}|[\"\u{1f600}]{128}", avatar in proptest::option::of("https://[a-z]\\PC{0,500}")) {
            let member = room_member(person(&name, avatar), true);
            prop_assert!(serde_json::to_string(&member).unwrap().len() <= MAX_USER_INFO_BYTES);
        }
    }
}

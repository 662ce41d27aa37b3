//! May this user subscribe to that channel, and as whom?
//!
//! `private-user` needs no I/O at all; `presence-room` one read of the table, which brings the book (who is its author?)
//! and the caller's profile (is what webhooks will need still what the token says?); a party's channels one consistent read
//! of the caller's membership.

use serde::Serialize;

use crate::clients::pusher::{SharedSecret, Signer};
use crate::contract::channel::{Channel, ChannelName};
use crate::contract::id::{PartyId, UserId};
use crate::contract::parties::PartyMember;
use crate::contract::person::Person;
use crate::contract::rooms::RoomMember;
use crate::contract::socket_id::SocketId;
use crate::identity::Identity;
use crate::parties;
use crate::problem::Problem;
use crate::rooms::book;
use crate::settings::MasterKey;
use crate::table::Table;

/// Most bytes of a presence member's `user_info` (Pusher Channels: 1 KB).
const MAX_USER_INFO_BYTES: usize = 1024;

/// The answer to a subscriber, in the names that Pusher's clients read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// `key:signature`
    pub auth: String,
    /// Presence channels: who the member is, as the JSON text that was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_data: Option<String>,
    /// Encrypted channels: their key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_secret: Option<String>,
}

/// A grant, and what is left to do.
#[derive(Debug)]
pub struct Granted {
    /// What the subscriber is told.
    pub grant: Grant,
    /// What is left to do about the caller's profile, after the answer.
    pub profile: Option<ProfileWork>,
}

/// What is left to do about a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileWork {
    /// The table has none or another.
    Keep(Person),
    /// Nobody looked; this process may have kept it before.
    KeepIfNew(Person),
}

/// Decides who may subscribe to what.
#[derive(Debug, Clone, Copy)]
pub struct Authorizer<'a> {
    pub table: &'a Table,
    /// Signs for the Pusher app.
    pub signer: &'a Signer,
    /// What the keys of encrypted channels are derived from, if there are any.
    pub master_key: Option<&'a MasterKey>,
}

impl Authorizer<'_> {
    /// Authorizes a subscription.
    ///
    /// # Errors
    /// 403 for a channel that does not exist, is somebody else's, or is encrypted where no key is configured; 500 when
    /// DynamoDB fails.
    pub async fn authorize(self, caller: &Identity, socket: &SocketId, name: &ChannelName) -> Result<Granted, Problem> {
        match Channel::of(name) {
            Some(Channel::User(user)) if user == caller.user => {
                let mut granted = self.private(socket, name);
                granted.profile = Some(ProfileWork::KeepIfNew(caller.person()));
                Ok(granted)
            }
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
                Ok(self.presence(socket, name, &caller.user, &party_member(caller)))
            }
            Some(Channel::Room(book)) => {
                let (book, profile) = book::get_with_profile(self.table, &book, &caller.user).await?;
                let person = caller.person();
                let is_current = profile.is_some_and(|profile| profile.is_current(&person));
                let member = room_member(person.clone(), book.is_some_and(|book| book.is_by(&caller.user)));
                let mut granted = self.presence(socket, name, &caller.user, &member);
                granted.profile = (!is_current).then_some(ProfileWork::Keep(person));
                Ok(granted)
            }
            _ => Err(Problem::not_your_channel()),
        }
    }

    /// Signs a user in on a connection, so that events can be sent to the user wherever they are connected.
    #[must_use]
    pub fn sign_in(self, caller: &Identity, socket: &SocketId) -> SignIn {
        let person = room_member(caller.person(), false).person;
        let user_data =
            serde_json::to_string(&UserData { id: &caller.user, user_info: &person }).expect("a person is strings");
        SignIn { auth: self.signer.user(socket, &user_data), user_data }
    }

    fn private(self, socket: &SocketId, name: &ChannelName) -> Granted {
        let auth = self.signer.channel(socket, name, None);
        Granted { grant: Grant { auth, channel_data: None, shared_secret: None }, profile: None }
    }

    /// Grants an encrypted channel, with its key.
    fn encrypted(self, socket: &SocketId, name: &ChannelName) -> Result<Granted, Problem> {
        let Some(master) = self.master_key else {
            return Err(Problem::Forbidden("Encrypted channels are not set up on this server".to_owned()));
        };
        let mut granted = self.private(socket, name);
        granted.grant.shared_secret = Some(SharedSecret::of(name, master).to_base64());
        Ok(granted)
    }

    /// Grants a presence channel, to be seen there as this.
    fn presence(self, socket: &SocketId, name: &ChannelName, user: &UserId, info: &impl Serialize) -> Granted {
        let data = channel_data(user, info);
        let auth = self.signer.channel(socket, name, Some(&data));
        Granted { grant: Grant { auth, channel_data: Some(data), shared_secret: None }, profile: None }
    }

    async fn members_only(self, party: &PartyId, caller: &Identity) -> Result<(), Problem> {
        if parties::is_member(self.table, party, &caller.user).await? {
            return Ok(());
        }
        Err(Problem::not_your_channel())
    }
}

/// A party's member as the others see them.
fn party_member(caller: &Identity) -> PartyMember {
    // The limits of a room's member leave room for these fewer fields.
    let person = room_member(caller.person(), false).person;
    PartyMember { username: person.display_name, avatar: person.avatar_url }
}

#[derive(Serialize)]
struct ChannelData<'a, T> {
    user_id: &'a UserId,
    user_info: &'a T,
}

/// `channel_data` as it is signed and sent.
fn channel_data(user: &UserId, info: &impl Serialize) -> String {
    serde_json::to_string(&ChannelData { user_id: user, user_info: info }).expect("a member is strings and a boolean")
}

/// A member whose `user_info` fits Pusher's limit: a picture's address is given up first, then the end of the name. (The
/// lengths that a token may have do not always fit once JSON has escaped them.)
fn room_member(mut person: Person, is_author: bool) -> RoomMember {
    let size = |person: &Person| {
        let member = RoomMember { person: person.clone(), is_author };
        serde_json::to_string(&member).map_or(usize::MAX, |json| json.len())
    };
    if size(&person) > MAX_USER_INFO_BYTES {
        person.avatar_url = None;
    }
    while size(&person) > MAX_USER_INFO_BYTES && person.display_name.pop().is_some() {}
    RoomMember { person, is_author }
}

/// The answer to a user who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignIn {
    /// `key:signature`
    pub auth: String,
    /// Who they are, as the JSON text that was signed.
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
    use proptest::prelude::*;

    fn person(name: &str, avatar: Option<String>) -> Person {
        Person { user_id: UserId::parse("u".repeat(128)).unwrap(), display_name: name.to_owned(), avatar_url: avatar }
    }

    #[test]
    fn user_info_has_the_members_of_the_contract_in_order() {
        let ada = Person { user_id: UserId::parse("ada").unwrap(), display_name: "Ada".to_owned(), avatar_url: None };
        let expected =
            r#"{"user_id":"ada","user_info":{"userId":"ada","displayName":"Ada","avatarUrl":null,"isAuthor":true}}"#;
        assert_eq!(channel_data(&ada.user_id.clone(), &room_member(ada, true)), expected);
    }

    proptest! {
        #[test]
        fn user_info_always_fits(name in "\\PC{0,128}|[\u{1}-\u{1f}]{128}", avatar in proptest::option::of("\\PC{0,512}")) {
            let member = room_member(person(&name, avatar), true);
            prop_assert!(serde_json::to_string(&member).unwrap().len() <= MAX_USER_INFO_BYTES);
        }
    }
}

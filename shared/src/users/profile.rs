//! Profiles: a user's name, picture, e-mail address and language.
//!
//! A webhook has only a user's id, but `room:user-joined` shows a name and a picture; and only a user who is known can be
//! invited to a party. So every authenticated call stores what the caller's token says, after the response
//! ([`crate::app::App::authenticate`]).
//!
//! A token fills gaps and erases nothing: not every token of an issuer has a name. The profile that another back end puts ([`put`]) is
//! kept beside it, and goes before it. An older token of a user replaces no address of a newer one's (`iat`). So a token alone does not say
//! how others see its user: rows and events take the [`Person`] of [`super::profiles::Profiles::person`], or of a profile that the request
//! has read (`shown`).

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::api_error::ApiError;
use crate::contract::email::EmailAddress;
use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::contract::sockets::Namespace;
use crate::contract::text::{Line, Picture};
use crate::contract::time::Millis;
use crate::identity::{Guest, Identity};
use crate::table::{
    Action, Condition, Imported, Item, Key, LineDigest, Table, TableError, Update, Write, absent, le, ne, read, retry,
};
use crate::telemetry;
use crate::users::indexed::Entries;
use crate::users::known_as::{KnownAs, named, with_email};
use crate::users::locale::Locale;

/// A user's profile, as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    /// Of the last token that had one; the user id while none had.
    name: Option<Line>,
    #[serde(deserialize_with = "Picture::stored")]
    avatar: Option<Picture>,
    email: Option<String>,
    /// The language of the user's token.
    pub locale: Option<String>,
    /// As another back end put them.
    put_name: Option<Line>,
    #[serde(deserialize_with = "Picture::stored")]
    put_avatar: Option<Picture>,
    put_email: Option<String>,
    /// The entry of the last address that a token had as verified. It counts as long as `email` is that address: the version before writes
    /// `email` alone.
    verified_email: Option<String>,
    /// The entry by name, as it is written.
    gsi1pk: Option<String>,
    /// The entry by e-mail address, as it is written.
    email_entry: Option<String>,
}

/// The rows of a user who is known; at least one of them exists. A first connection has its row before the user's profile is kept.
/// A hotel's guest is nobody's contact: they have a profile only for their e-mail.
#[must_use]
pub fn known_by(user: &UserId) -> Vec<Key> {
    let connected = |namespace| Key::user_sockets(namespace, user);
    let profile = (!user.is_guests()).then(|| Key::profile(user));
    [connected(Namespace::Ws), connected(Namespace::Dashboard)].into_iter().chain(profile).collect()
}

/// A profile as a token has it. A token without one of these leaves the stored one as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub user: UserId,
    pub name: Option<Line>,
    pub avatar: Option<Picture>,
    /// The address, unless the issuer says that it is not verified.
    pub email: Option<EmailAddress>,
    /// The entry of the address in the index, if the issuer says that it is verified.
    verified_email: Option<String>,
    pub locale: Option<Locale>,
    /// When the token was issued.
    issued: Option<Millis>,
}

impl Claimed {
    /// The profile in this caller's token.
    #[must_use]
    pub fn of(caller: &Identity) -> Self {
        let verified = caller.email.as_ref().filter(|_| caller.email_is_verified);
        Self {
            verified_email: verified.map(|address| with_email(address.as_str())),
            user: caller.user.clone(),
            name: caller.claimed_name.clone(),
            avatar: caller.claimed_picture.clone(),
            email: caller.email.clone(),
            locale: caller.locale.as_deref().map(Locale::of_tag),
            issued: caller.issued,
        }
    }

    /// Whether a profile that has all of this has the other, too: a service that acts for a user claims nothing of them.
    pub(super) fn includes(&self, other: &Self) -> bool {
        other.attributes().all(|claimed| self.attributes().any(|known| known == claimed))
    }

    /// The profile in a guest's token, if their e-mail needs one: without an address it is of no use.
    #[must_use]
    pub fn of_guest(user: UserId, guest: &Guest) -> Option<Self> {
        Some(Self {
            user,
            name: Some(guest.name.clone()),
            avatar: None,
            email: Some(guest.email.clone()?),
            verified_email: None,
            locale: guest.locale.as_deref().map(Locale::of_tag),
            issued: guest.issued,
        })
    }

    /// The attributes of the row that this fills.
    fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let attributes = [
            ("verifiedEmail", self.verified_email.as_deref()),
            ("name", self.name.as_ref().map(Line::as_str)),
            ("avatar", self.avatar.as_ref().map(Picture::as_str)),
            ("email", self.email.as_ref().map(EmailAddress::as_str)),
            ("locale", self.locale.map(Locale::name)),
        ];
        attributes.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// The entry of the name in the index. A user whose name is their id is found by that.
    fn name_entry(&self) -> Option<String> {
        name_entry(self.name.as_ref(), &self.user)
    }
}

impl Profile {
    /// Reads a profile's row, if there is one. A row that cannot be read is logged and counts as none: a name costs no request.
    #[must_use]
    pub fn or_none(row: Option<Item>) -> Option<Self> {
        let read = row.map(read).transpose();
        read.inspect_err(|error: &TableError| telemetry::cause(error)).ok().flatten()
    }

    /// Whether it has all that this token says, and is there under a name at all.
    #[must_use]
    pub fn is_current(&self, claimed: &Claimed) -> bool {
        let stored = |attribute: &str| match attribute {
            "name" => self.name.as_ref().map(Line::as_str),
            "avatar" => self.avatar.as_ref().map(Picture::as_str),
            "email" => self.email.as_deref(),
            "verifiedEmail" => self.verified_email.as_deref(),
            _ => self.locale.as_deref(),
        };
        self.name.is_some()
            && claimed.attributes().all(|(name, value)| stored(name) == Some(value))
            && self.entries(&claimed.user) == self.written_entries()
    }

    /// Whether others find the user by this.
    pub(super) fn is_known_as(&self, user: &UserId, known_as: &KnownAs) -> bool {
        let (entries, wanted) = (self.entries(user), Some(known_as.partition()));
        match known_as {
            KnownAs::Email(_) => entries.email == wanted,
            KnownAs::Username(_) => entries.name == wanted,
        }
    }

    /// The entries of the index that the user should have: by the name that others see, and by the address that another back end put, or else by
    /// the one that a token had as verified.
    fn entries(&self, user: &UserId) -> Entries {
        let verified =
            || self.email.as_deref().map(with_email).filter(|entry| self.verified_email.as_ref() == Some(entry));
        Entries {
            name: name_entry(self.put_name.as_ref().or(self.name.as_ref()), user),
            email: self.put_email.as_deref().map(with_email).or_else(verified).filter(|_| !user.is_guests()),
        }
    }

    fn written_entries(&self) -> Entries {
        Entries { name: self.gsi1pk.clone(), email: self.email_entry.clone() }
    }

    /// Writes the entries of the index, if they are not as they should be. `None` when another writer was first.
    async fn index(&self, table: &Table, user: &UserId) -> Result<Option<()>, TableError> {
        let (wanted, written) = (self.entries(user), self.written_entries());
        let is_done = wanted == written || wanted.write(table, user, &written).await?;
        Ok(is_done.then_some(()))
    }

    /// Where the user's e-mail goes, unless the lease names another address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.put_email.as_deref().or(self.email.as_deref())
    }

    /// All names that it has.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.put_name.iter().chain(&self.name).map(Line::as_str)
    }

    /// The user as others see them.
    #[must_use]
    pub fn person(self, user: UserId) -> Person {
        let display_name = self.put_name.or(self.name).unwrap_or_else(|| Line::from(&user));
        Person { user_id: user, display_name, avatar_url: self.put_avatar.or(self.avatar) }
    }
}

/// The entry of a name in the index. A guest of a hotel has none.
fn name_entry(name: Option<&Line>, user: &UserId) -> Option<String> {
    name.filter(|name| name.as_str() != user.as_str() && !user.is_guests()).map(named)
}

/// The caller as others see them: as another back end put them, or else as their token says, or else as an earlier token did.
#[must_use]
pub(crate) fn shown(stored: Option<Profile>, caller: &Identity) -> Person {
    let mut profile = stored.unwrap_or_default();
    let Claimed { user, name, avatar, .. } = Claimed::of(caller);
    profile.name = name.or(profile.name);
    profile.avatar = avatar.or(profile.avatar);
    profile.person(user)
}

/// Longest name, in characters, as that in a token.
const MAX_NAME: usize = 128;

/// A profile as another back end sends it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProfile {
    display_name: Option<String>,
    avatar_url: Option<String>,
    email: Option<String>,
}

/// A profile as it was put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Put {
    pub user_id: UserId,
    pub display_name: Option<Line>,
    pub avatar_url: Option<Picture>,
    pub email: Option<EmailAddress>,
}

/// Keeps a profile of another back end's, which makes the user known. A field that is left out is forgotten, and the user's tokens decide
/// it again.
///
/// # Errors
/// 400 for invalid fields, 500 when DynamoDB fails.
pub async fn put(table: &Table, user_id: UserId, new: NewProfile) -> Result<Put, ApiError> {
    let put = new.checked(user_id)?;
    write_indexed(table, &put.user_id, put.update(Millis::now()).into()).await?;
    Ok(put)
}

/// A profile of another system.
#[derive(Debug, Clone)]
pub(crate) struct OldProfile {
    put: Put,
    at: Millis,
}

impl OldProfile {
    /// # Errors
    /// 400 for invalid fields.
    pub(crate) fn checked(user_id: UserId, new: NewProfile, at: Millis) -> Result<Self, ApiError> {
        Ok(Self { put: new.checked(user_id)?, at })
    }

    /// Stores it, unless a back end has put one already, with its entries in the index.
    ///
    /// # Errors
    /// When DynamoDB fails, or others keep changing the profile.
    pub(crate) async fn import(&self, table: &Table, line: &LineDigest) -> Result<Imported, TableError> {
        // The entries are written also for a line that is there: the first attempt may have ended before them.
        let write = Action::from(self.put.update(self.at).when(absent("putAt"))).imported(line);
        match write_indexed(table, &self.put.user_id, write).await? {
            Write::Done(_) => Ok(Imported::Created),
            Write::ConditionFailed(Some(row)) => Ok(Imported::of_present(&row, line)),
            Write::ConditionFailed(None) => Err(TableError::Contended),
        }
    }
}

impl NewProfile {
    fn checked(self, user_id: UserId) -> Result<Put, ApiError> {
        let Self { display_name, avatar_url, email } = self;
        let name = display_name.map(|name| Line::parse(&name, MAX_NAME)).transpose();
        Ok(Put {
            user_id,
            display_name: name.map_err(|error| ApiError::field("displayName", error))?,
            avatar_url: avatar_url.map(|address| picture(&address)).transpose()?,
            email: email.map(EmailAddress::parse).transpose().map_err(|error| ApiError::field("email", error))?,
        })
    }
}

impl Put {
    /// The write of the profile's row, with the entry by name if it has a name. [`write_indexed`] does the rest.
    fn update(&self, at: Millis) -> Update {
        let update = Update::new(&Key::profile(&self.user_id))
            .set("putAt", at.iso())
            .replace("putName", self.display_name.as_ref())
            .replace("putAvatar", self.avatar_url.as_ref().map(Picture::as_str))
            .replace("putEmail", self.email.as_ref().map(EmailAddress::as_str))
            .returning_new();
        match name_entry(self.display_name.as_ref(), &self.user_id) {
            Some(entry) => update.set("gsi1pk", entry).set("gsi1sk", &self.user_id),
            None => update,
        }
    }
}

fn picture(address: &str) -> Result<Picture, ApiError> {
    Picture::parse(address).ok_or_else(|| ApiError::field("avatarUrl", Picture::RULE))
}

/// A profile as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    display_name: Line,
    avatar_url: Option<Picture>,
    email: Option<String>,
}

/// A user's profile, if one is stored.
///
/// # Errors
/// When DynamoDB fails.
pub async fn show(table: &Table, user: &UserId) -> Result<Option<ProfileView>, TableError> {
    let stored = Profile::or_none(table.get(&Key::profile(user), true).await?);
    Ok(stored.map(|profile| {
        let email = profile.email().map(str::to_owned);
        let Person { display_name, avatar_url, .. } = profile.person(user.clone());
        ProfileView { display_name, avatar_url, email }
    }))
}

/// The people among these users whose profiles are stored, by one eventually consistent request for up to 100.
pub async fn people(
    table: &Table,
    users: impl Iterator<Item = &UserId>,
) -> Result<HashMap<UserId, Person>, TableError> {
    let users: BTreeMap<_, _> = users.map(|user| (Key::profile(user), user.clone())).collect();
    let mut people = HashMap::with_capacity(users.len());
    for (key, row) in table.get_many(users.keys(), false).await? {
        if let Some((user, profile)) = users.get(&key).zip(Profile::or_none(Some(row))) {
            people.insert(user.clone(), profile.person(user.clone()));
        }
    }
    Ok(people)
}

/// When the token was issued that the address is from.
const EMAIL_SINCE: &str = "emailSince";

/// Stores what a token says, with one conditional write that changes nothing if all of it is stored or a newer token's address is, and the
/// entries of the index if they are not as the profile then says. Returns the row.
pub(super) async fn keep_changed(table: &Table, claimed: &Claimed) -> Result<Option<Item>, TableError> {
    let mut update = Update::new(&Key::profile(&claimed.user));
    let mut changed = Vec::new();
    for (name, value) in claimed.attributes() {
        update = update.set(name, value);
        changed.push(ne(name, value));
    }
    if claimed.name.is_none() {
        update = update.set_default("name", &claimed.user);
        changed.push(absent("name"));
    }
    // The name of most users never changes: their entry comes with the first write.
    if let Some(entry) = claimed.name_entry() {
        update = update.set_default("gsi1pk", entry).set_default("gsi1sk", &claimed.user);
        changed.push(absent("gsi1pk"));
    }
    if let Some(issued) = claimed.issued.filter(|_| claimed.email.is_some()) {
        // An issuer whose clock is ahead must not shut out the tokens that follow.
        let issued = issued.min(Millis::now());
        update = update.set(EMAIL_SINCE, issued).when(absent(EMAIL_SINCE).or(le(EMAIL_SINCE, issued)));
        // A version before wrote the address alone.
        changed.push(absent(EMAIL_SINCE));
    }
    if let Some(changed) = changed.into_iter().reduce(Condition::or) {
        update = update.when(changed);
    }
    let (Write::Done(row) | Write::ConditionFailed(row)) =
        write_indexed(table, &claimed.user, update.returning_new().into()).await?;
    Ok(row)
}

/// Does a write of a user's profile that returns the new row, and then writes the entries of the index, if they are not as the row says. Where
/// another writer comes between, the write is repeated: that reads the row, and few functions may read it otherwise.
async fn write_indexed(table: &Table, user: &UserId, write: Action) -> Result<Write<Option<Item>>, TableError> {
    retry(|| async {
        let written = table.write(write.clone()).await?;
        let (Write::Done(row) | Write::ConditionFailed(row)) = &written;
        let indexed = match Profile::or_none(row.clone()) {
            Some(profile) => profile.index(table, user).await?,
            None => Some(()),
        };
        Ok(indexed.map(|()| written))
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::table::item;

    fn row(more: serde_json::Value) -> Option<Item> {
        Some(item(&Key::profile(&UserId::parse("ada").unwrap()), &more).unwrap())
    }

    #[test]
    fn a_row_that_cannot_be_read_counts_as_none() {
        let name = |row| Profile::or_none(row).and_then(|profile| profile.put_name);
        assert_eq!(name(row(json!({ "putName": "Countess" }))).unwrap(), "Countess");
        assert_eq!((name(row(json!({ "putName": 7 }))), name(None)), (None, None));
    }
}

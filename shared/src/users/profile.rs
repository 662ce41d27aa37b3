//! Profiles: a user's name, picture, e-mail address and language, from their last token.
//!
//! A webhook has only a user's id, but `room:user-joined` shows a name and a picture; and only a user who is known can be
//! invited to a party. So every authenticated call stores the caller's profile, after the response
//! ([`crate::app::App::authenticate`]).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clients::breaker::Breaker;
use crate::contract::email::EmailAddress;
use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::contract::text::{Line, Picture};
use crate::contract::time::Millis;
use crate::identity::Identity;
use crate::table::{Action, Item, Key, Table, TableError, read, string};
use crate::telemetry;
use crate::users::locale::Locale;

/// A user's profile, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    name: Line,
    #[serde(deserialize_with = "Picture::stored", default)]
    avatar: Option<Picture>,
    /// Where the user's e-mail goes, unless the lease names another address.
    #[serde(default)]
    pub email: Option<String>,
    /// The language of the user's token.
    #[serde(default)]
    pub locale: Option<String>,
}

/// What a token says of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub person: Person,
    /// The address, unless the issuer says that it is not verified. A token without one leaves the stored address as it is:
    /// not every token of an issuer has it.
    pub email: Option<EmailAddress>,
    /// The language; likewise.
    pub locale: Option<Locale>,
}

impl Claimed {
    /// What the token of this caller says.
    #[must_use]
    pub fn of(caller: &Identity) -> Self {
        let locale = caller.locale.as_deref().map(Locale::of_tag);
        Self { person: caller.person(), email: caller.email.clone(), locale }
    }
}

impl Profile {
    /// Reads a profile's row.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when it is not a profile.
    pub fn of_row(row: Item) -> Result<Self, TableError> {
        read(row)
    }

    /// Whether it has all that this token says.
    #[must_use]
    pub fn is_current(&self, claimed: &Claimed) -> bool {
        let has = |stored: &Option<String>, claimed: Option<&str>| claimed.is_none() || stored.as_deref() == claimed;
        self.name == claimed.person.display_name
            && self.avatar == claimed.person.avatar_url
            && has(&self.email, claimed.email.as_ref().map(EmailAddress::as_str))
            && has(&self.locale, claimed.locale.map(Locale::name))
    }

    #[must_use]
    pub fn person(self, user: UserId) -> Person {
        Person { user_id: user, display_name: self.name, avatar_url: self.avatar }
    }
}

/// The people among these users whose profiles are stored, by one eventually consistent request for up to 100.
///
/// # Errors
/// When DynamoDB fails or a row cannot be read.
pub async fn people(
    table: &Table,
    users: impl Iterator<Item = &UserId>,
) -> Result<HashMap<UserId, Person>, TableError> {
    let users: BTreeMap<_, _> = users.map(|user| (Key::profile(user), user.clone())).collect();
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<_> = users.keys().cloned().collect();
    let mut people = HashMap::with_capacity(users.len());
    for row in table.get_many(&keys, false).await? {
        if let Some(user) = Key::of(&row).and_then(|key| users.get(&key)) {
            people.insert(user.clone(), Profile::of_row(row)?.person(user.clone()));
        }
    }
    Ok(people)
}

/// Stores what a token says, with one conditional write that changes nothing if all of it is stored.
///
/// # Errors
/// When DynamoDB fails.
async fn keep_changed(table: &Table, claimed: &Claimed) -> Result<(), TableError> {
    let Claimed { person, email, locale } = claimed;
    let (mut set, mut changed) =
        ("SET #name = :name".to_owned(), "attribute_not_exists(pk) OR #name <> :name".to_owned());
    let mut values = vec![("name", person.display_name.as_str())];
    values.extend(person.avatar_url.as_ref().map(|avatar| ("avatar", avatar.as_str())));
    values.extend(email.as_ref().map(|email| ("email", email.as_str())));
    values.extend(locale.map(|locale| ("locale", locale.name())));
    for (name, _) in values.iter().skip(1) {
        set.push_str(&format!(", #{name} = :{name}"));
        // Holds also where the attribute is absent.
        changed.push_str(&format!(" OR #{name} <> :{name}"));
    }
    if person.avatar_url.is_none() {
        set.push_str(" REMOVE #avatar");
        changed.push_str(" OR attribute_exists(#avatar)");
    }
    let update = Action::update(&Key::profile(&person.user_id), set).condition(changed).name("#avatar", "avatar");
    let update = values.into_iter().fold(update, |update, (name, value)| {
        update.name(format!("#{name}"), name).value(format!(":{name}"), string(value))
    });
    table.write(update).await.map(drop)
}

/// Stores profiles after responses. It remembers the last one of each user, so that each process writes it once, however
/// many requests the user sends.
#[derive(Debug, Clone)]
pub struct ProfileWriter {
    table: Table,
    kept: Arc<Mutex<HashMap<UserId, Claimed>>>,
    /// Open while DynamoDB is away: nobody waits for a profile.
    breaker: Arc<Breaker>,
}

/// Most profiles that a process remembers; then it forgets all of them.
const MAX_KNOWN: usize = 10_000;

impl ProfileWriter {
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table, kept: Arc::default(), breaker: Arc::default() }
    }

    /// Stores a profile, unless this process knows that it is stored. A failure is logged; the user's next request tries
    /// again.
    pub async fn keep_if_new(self, claimed: Claimed) {
        if self.breaker.is_open(Millis::now()) || self.kept().get(&claimed.person.user_id) == Some(&claimed) {
            return;
        }
        match keep_changed(&self.table, &claimed).await {
            Ok(()) => {
                self.breaker.succeeded();
                self.remember(claimed);
            }
            Err(error) => {
                self.breaker.failed(Millis::now());
                telemetry::cause(&error);
            }
        }
    }

    /// Takes note of what a request has just read: whether the stored profile has all of this.
    pub fn note(&self, claimed: Claimed, is_stored: bool) {
        if is_stored {
            self.remember(claimed);
        } else {
            self.kept().remove(&claimed.person.user_id);
        }
    }

    fn remember(&self, claimed: Claimed) {
        let mut kept = self.kept();
        if kept.len() >= MAX_KNOWN {
            kept.clear();
        }
        kept.insert(claimed.person.user_id.clone(), claimed);
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<UserId, Claimed>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Finds the user whom somebody names by e-mail address or user name.

use super::known_as::KnownAs;
use super::profile::Profile;
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::table::key::USER;
use crate::table::{Item, Key, Query, Table, text};

/// Most entries of the index that are looked at. If none of them is left out, there may be more, and so several users.
const MOST: u16 = 25;

/// The only other user with this name or address. The index may lag behind the profiles, so these decide. A name that was
/// given up finds nobody, and neither does an address that nobody has verified.
///
/// # Errors
/// 404 when it is nobody's, 409 when several users have it, 422 when it is that of `asking` alone; 500.
pub async fn find(table: &Table, known_as: &KnownAs, asking: &UserId) -> Result<UserId, ApiError> {
    let page = table.query(&Query::of_index(known_as.partition()).limit(MOST)).await?;
    let named: Vec<_> = page.items.iter().filter_map(user_of).collect();
    let keys: Vec<_> = named.iter().map(Key::profile).collect();
    let mut profiles = table.get_many(&keys, true).await?;
    let mut is_known_so = |user: &UserId| {
        let profile = Profile::or_none(profiles.remove(&Key::profile(user)));
        profile.is_some_and(|profile| profile.is_known_as(user, known_as))
    };
    let found: Vec<_> = named.iter().filter(|user| is_known_so(user)).collect();
    let others: Vec<_> = found.iter().filter(|user| **user != asking).collect();
    match others.as_slice() {
        [_, _, ..] => Err(several(known_as)),
        _ if page.last_evaluated_key.is_some() => Err(several(known_as)),
        [only] => Ok((**only).clone()),
        [] if found.is_empty() => Err(nobody(known_as)),
        [] => Err(ApiError::Unprocessable("This is yourself: name somebody else".to_owned())),
    }
}

fn user_of(entry: &Item) -> Option<UserId> {
    UserId::parse(text(entry.get("pk")?)?.strip_prefix(USER)?).ok()
}

fn nobody(known_as: &KnownAs) -> ApiError {
    match known_as {
        KnownAs::Email(_) => ApiError::NotFound(
            "Nobody with this verified e-mail address has signed in here: check it, or send their userId instead"
                .to_owned(),
        ),
        KnownAs::Username(_) => ApiError::NotFound(
            "Nobody with exactly this user name has signed in here: check it, letter by letter, or send their userId instead".to_owned(),
        ),
    }
}

fn several(known_as: &KnownAs) -> ApiError {
    match known_as {
        KnownAs::Email(_) => ApiError::Conflict(
            "Several users have this e-mail address: send the userId of the one whom you mean instead".to_owned(),
        ),
        KnownAs::Username(_) => ApiError::Conflict(
            "Several users have this user name: send the userId or the email of the one whom you mean instead"
                .to_owned(),
        ),
    }
}

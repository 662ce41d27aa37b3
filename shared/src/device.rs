//! The devices that a user's pushes go to.
//!
//! A device is two rows that are written together: the user's own (`DEVICE#…` among the user's rows, so that one query finds
//! all of them) and the owner's (by the token alone). A token that another user registers moves, whole, in one
//! transaction: it never belongs to two users, and never to none.

use futures_util::future::try_join;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::http::Problem;
use crate::id::UserId;
use crate::key::{DEVICE, Key, number, string};
use crate::store::{Action, Query, Store, StoreError, Transaction, read};
use crate::time::Millis;

/// Most devices of a user; the one registered longest ago makes way for a new one.
pub const MOST: usize = 20;
/// A device that does not register for this long is forgotten, in seconds: 270 days, after which FCM gives up a token too
/// (Firebase, "Best practices for FCM registration token management").
const LIFETIME: i64 = 270 * 24 * 3600;
/// Longest token, in characters. FCM's have some 160 today and may grow.
const MAX_TOKEN: usize = 4096;
/// How often a change is tried while others change the same device.
const TRIES: u32 = 8;

/// An FCM registration token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Parses a token.
    ///
    /// # Errors
    /// 400 for what no registration token can be.
    pub fn parse(text: String) -> Result<Self, Problem> {
        if (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text));
        }
        Err(Problem::field("token", format!("must be 1 to {MAX_TOKEN} visible ASCII characters")))
    }

    /// The token, for FCM.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Names the device where the token itself must not be seen. 128 bits of a SHA-256, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(&Sha256::digest(&self.0)[..16])
    }
}

#[derive(Deserialize)]
struct Row {
    token: String,
    registered_at: Millis,
    expires_at: i64,
}

/// The user's devices, those registered last first.
///
/// # Errors
/// When DynamoDB fails.
pub async fn of_user(store: &Store, user: &UserId, now: Millis) -> Result<Vec<Token>, StoreError> {
    let mut rows = rows(store, user).await?;
    rows.retain(|row| row.expires_at > now.seconds());
    rows.truncate(MOST);
    Ok(rows.into_iter().map(|row| Token(row.token)).collect())
}

/// All rows of the user's devices, expired ones too. One round trip for twenty devices of today's tokens.
async fn rows(store: &Store, user: &UserId) -> Result<Vec<Row>, StoreError> {
    let query = Query::new("pk = :user AND begins_with(sk, :device)")
        .value(":user", string(Key::preferences(user).pk))
        .value(":device", string(DEVICE));
    let items = store.query_all(query).await?;
    let mut rows = items.into_iter().map(read).collect::<Result<Vec<Row>, _>>()?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.registered_at));
    Ok(rows)
}

/// Registers a device, or says that it is still in use; `locale` is the language that the user's token speaks of.
///
/// # Errors
/// When DynamoDB fails or others keep changing the same device.
pub async fn register(
    store: &Store,
    user: &UserId,
    token: &Token,
    locale: Option<&str>,
    now: Millis,
) -> Result<(), StoreError> {
    let hash = token.hash();
    for _ in 0..TRIES {
        let (owner, mine) = try_join(owner(store, &hash), rows(store, user)).await?;
        let mut writes = vec![put_owner(&hash, user, owner.as_ref(), now), put_device(user, token, now)];
        if let Some(other) = owner.filter(|owner| owner != user) {
            writes.push(Action::delete(&Key::device(&other, &hash)));
        }
        for surplus in mine.into_iter().filter(|row| row.token != token.0).skip(MOST - 1) {
            let hash = Token(surplus.token).hash();
            writes.push(Action::delete(&Key::device(user, &hash)));
            writes.push(disown(user, &hash));
        }
        writes.extend(locale.map(|locale| keep_locale(user, locale)));
        if store.transact(writes).await? == Transaction::Done {
            return Ok(());
        }
    }
    Err(StoreError::Contended)
}

/// Takes devices from a user. One that is not the user's, or not any more, stays as it is.
///
/// # Errors
/// When DynamoDB fails or others keep changing the same device.
pub async fn remove(store: &Store, user: &UserId, tokens: &[Token]) -> Result<(), StoreError> {
    'tokens: for token in tokens {
        let hash = token.hash();
        for _ in 0..TRIES {
            if owner(store, &hash).await?.is_none_or(|owner| owner != *user) {
                continue 'tokens;
            }
            let writes = [Action::delete(&Key::device(user, &hash)), disown(user, &hash)];
            if store.transact(writes).await? == Transaction::Done {
                continue 'tokens;
            }
        }
        return Err(StoreError::Contended);
    }
    Ok(())
}

/// Takes all devices from a user.
///
/// # Errors
/// As [`remove`].
pub async fn remove_all(store: &Store, user: &UserId) -> Result<(), StoreError> {
    let tokens: Vec<_> = rows(store, user).await?.into_iter().map(|row| Token(row.token)).collect();
    remove(store, user, &tokens).await
}

async fn owner(store: &Store, hash: &str) -> Result<Option<UserId>, StoreError> {
    #[derive(Deserialize)]
    struct Owner {
        user: UserId,
    }
    let row = store.get(&Key::device_owner(hash), true).await?;
    Ok(row.map(read::<Owner>).transpose()?.map(|owner| owner.user))
}

fn put_owner(hash: &str, user: &UserId, before: Option<&UserId>, now: Millis) -> Action {
    let mut row = Key::device_owner(hash).item();
    row.insert("user".to_owned(), string(user.as_str()));
    row.insert("expires_at".to_owned(), number(now.plus_seconds(LIFETIME).seconds()));
    match before {
        None => Action::put_new(row),
        Some(before) => Action::put(row)
            .condition("#user = :before")
            .name("#user", "user")
            .value(":before", string(before.as_str())),
    }
}

fn put_device(user: &UserId, token: &Token, now: Millis) -> Action {
    let mut row = Key::device(user, &token.hash()).item();
    row.insert("token".to_owned(), string(token.as_str()));
    row.insert("registered_at".to_owned(), number(now.0));
    row.insert("expires_at".to_owned(), number(now.plus_seconds(LIFETIME).seconds()));
    Action::put(row)
}

/// Deletes the owner's row of a device, on the condition that it still names that user.
fn disown(user: &UserId, hash: &str) -> Action {
    Action::delete(&Key::device_owner(hash))
        .condition("attribute_not_exists(pk) OR #user = :owner")
        .name("#user", "user")
        .value(":owner", string(user.as_str()))
}

/// Keeps the language for as long as the user has not chosen one.
fn keep_locale(user: &UserId, locale: &str) -> Action {
    let locale = crate::notification::Locale::of_tag(locale).name();
    Action::update(&Key::preferences(user), "SET claimed_locale = :locale").value(":locale", string(locale))
}

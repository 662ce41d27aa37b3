//! The devices that receive a user's pushes.
//!
//! A device has two rows, which are written together: one among the user's rows (`DEVICE#…`), so that one query finds
//! all devices of a user, and one by token, which names the owner. When another user registers the token, one
//! transaction moves it, so it always has exactly one owner.
//!
//! FCM does not say when a device was last used, so a device is forgotten unless the app registers it again; apps register at
//! every start.

use futures_util::future::try_join;
use serde::{Deserialize, Serialize};

use crate::clients::fcm::DeviceToken;
use crate::contract::facts::Fact;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{WriteContext, fact_row};
use crate::table::key::{self, DEVICE};
use crate::table::{
    Action, Imported, Item, Key, LineDigest, Query, Table, TableError, Update, absent, eq, item, read, retry,
};
use crate::users::locale::Locale;

/// Most devices of a user. A further one replaces the one that was registered longest ago.
pub const MAX_DEVICES: usize = 20;
/// How long a device is kept after its last registration, in seconds: 270 days, after which FCM drops a token too
/// (Firebase, "Best practices for FCM registration token management").
const LIFETIME_SECONDS: i64 = 270 * 24 * 3600;

/// The kind of app that a device's token is for, as the app says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    Android,
    Ios,
    Web,
}

/// A device that receives pushes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub token: DeviceToken,
    platform: Option<Platform>,
}

impl Device {
    /// Whether it may be an iPhone or iPad, whose apps have a number on their icon: it is one, or did not say what it is.
    #[must_use]
    pub fn may_be_ios(&self) -> bool {
        matches!(self.platform, Some(Platform::Ios) | None)
    }
}

/// A device as its user sees it, without its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// The last characters of the token.
    token_end: String,
    platform: Option<Platform>,
    registered_at: String,
    /// When it is forgotten unless it is registered again.
    expires_at: String,
}

impl DeviceView {
    fn of(row: DeviceRow) -> Self {
        Self {
            token_end: row.token.end().to_owned(),
            platform: row.platform,
            registered_at: row.registered_at.iso(),
            expires_at: Millis(row.expires_at.saturating_mul(1000)).iso(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct DeviceRow {
    token: DeviceToken,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    registered_at: Millis,
    expires_at: i64,
}

#[derive(Serialize, Deserialize)]
struct OwnerRow {
    user: UserId,
    expires_at: i64,
}

/// The user's devices, the last registered first.
pub async fn of_user(table: &Table, user: &UserId, now: Millis) -> Result<Vec<Device>, TableError> {
    let device = |row: DeviceRow| Device { token: row.token, platform: row.platform };
    Ok(current(table, user, now).await?.into_iter().map(device).collect())
}

/// The user's devices as they may see them, the last registered first.
pub async fn list(table: &Table, user: &UserId, now: Millis) -> Result<Vec<DeviceView>, TableError> {
    Ok(current(table, user, now).await?.into_iter().map(DeviceView::of).collect())
}

async fn current(table: &Table, user: &UserId, now: Millis) -> Result<Vec<DeviceRow>, TableError> {
    let mut rows = rows(table, user).await?;
    rows.retain(|row| row.expires_at > now.seconds());
    rows.truncate(MAX_DEVICES);
    Ok(rows)
}

/// All rows of the user's devices, expired ones too. Twenty devices with today's tokens fit into one page.
async fn rows(table: &Table, user: &UserId) -> Result<Vec<DeviceRow>, TableError> {
    let items = table.query_all(Query::new(key::user(user)).begins_with(DEVICE)).await?;
    let mut rows = items.into_iter().map(read).collect::<Result<Vec<DeviceRow>, _>>()?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.registered_at));
    Ok(rows)
}

/// Registers a device, or renews its registration. `locale` is the language in the user's token.
///
/// # Errors
/// When DynamoDB fails or other writers keep changing the same device.
pub async fn register(
    table: &Table,
    (writer, now): (&WriteContext, Millis),
    user: &UserId,
    (token, platform): (&DeviceToken, Option<Platform>),
    locale: Option<&str>,
) -> Result<(), TableError> {
    let hash = token.hash();
    retry(|| async {
        let (owner, mine) = try_join(owner(table, &hash), rows(table, user)).await?;
        let mut facts = vec![Fact::DeviceRegistered { user_id: user.clone(), device_id: hash.clone() }];
        let mut writes =
            vec![put_owner(&hash, user, owner.as_ref(), now)?, Action::put(device_row(user, token, platform, now)?)];
        if let Some(other) = owner.filter(|owner| owner != user) {
            writes.push(Action::delete(&Key::device(&other, &hash)));
            facts.push(forgotten(&other, &hash));
        }
        for surplus in mine.into_iter().filter(|row| row.token != *token).skip(MAX_DEVICES - 1) {
            writes.extend(forget_oldest(user, &surplus));
            facts.push(forgotten(user, &surplus.token.hash()));
        }
        writes.extend(locale.map(|locale| keep_locale(user, locale)));
        writes.extend(fact_row(facts, writer, now)?);
        Ok(table.transact(writes).await?.is_done().then_some(()))
    })
    .await
}

/// Removes devices from a user. A device that belongs to another user stays as it is.
///
/// # Errors
/// When DynamoDB fails or other writers keep changing the same device.
pub async fn remove(
    table: &Table,
    writer: &WriteContext,
    user: &UserId,
    tokens: &[DeviceToken],
) -> Result<(), TableError> {
    for token in tokens {
        remove_one(table, writer, user, &token.hash()).await?;
    }
    Ok(())
}

async fn remove_one(table: &Table, writer: &WriteContext, user: &UserId, hash: &str) -> Result<(), TableError> {
    retry(|| async {
        if owner(table, hash).await?.is_none_or(|owner| owner != *user) {
            return Ok(Some(()));
        }
        let owes = fact_row([forgotten(user, hash)], writer, Millis::now())?;
        let writes = [Action::delete(&Key::device(user, hash)), disown(user, hash)];
        Ok(table.transact(writes.into_iter().chain(owes)).await?.is_done().then_some(()))
    })
    .await
}

/// Removes all devices from a user.
///
/// # Errors
/// As [`remove`].
pub async fn remove_all(table: &Table, writer: &WriteContext, user: &UserId) -> Result<(), TableError> {
    let tokens: Vec<_> = rows(table, user).await?.into_iter().map(|row| row.token).collect();
    remove(table, writer, user, &tokens).await
}

fn forgotten(user: &UserId, hash: &str) -> Fact {
    Fact::DeviceForgotten { user_id: user.clone(), device_id: hash.to_owned() }
}

async fn owner(table: &Table, hash: &str) -> Result<Option<UserId>, TableError> {
    let row = table.get(&Key::device_owner(hash), true).await?;
    Ok(row.map(read::<OwnerRow>).transpose()?.map(|row| row.user))
}

fn put_owner(hash: &str, user: &UserId, before: Option<&UserId>, now: Millis) -> Result<Action, TableError> {
    let row = OwnerRow { user: user.clone(), expires_at: now.plus_seconds(LIFETIME_SECONDS).seconds() };
    let row = item(&Key::device_owner(hash), &row)?;
    Ok(match before {
        None => Action::put_new(row, now),
        Some(before) => Action::put(row).when(eq("user", before)),
    })
}

fn device_row(
    user: &UserId,
    token: &DeviceToken,
    platform: Option<Platform>,
    registered_at: Millis,
) -> Result<Item, TableError> {
    let expires_at = registered_at.plus_seconds(LIFETIME_SECONDS).seconds();
    let row = DeviceRow { token: token.clone(), platform, registered_at, expires_at };
    item(&Key::device(user, &token.hash()), &row)
}

/// Deletes a device, unless another request renews it meanwhile: then it is not the oldest.
fn forget_oldest(user: &UserId, oldest: &DeviceRow) -> [Action; 2] {
    let hash = oldest.token.hash();
    let delete = Action::delete(&Key::device(user, &hash));
    [delete.when(eq("registered_at", oldest.registered_at)), disown(user, &hash)]
}

/// A device from another system's data.
#[derive(Debug, Clone)]
pub(crate) struct OldDevice {
    pub user: UserId,
    pub token: DeviceToken,
    pub platform: Option<Platform>,
    pub registered_at: Millis,
}

/// Registers a device as of when another system did. One that is registered here stays as it is, and so do the user's twenty that were
/// registered later.
///
/// # Errors
/// When DynamoDB fails or other writers keep changing the same device.
pub(crate) async fn import(
    table: &Table,
    old: &OldDevice,
    line: &LineDigest,
    now: Millis,
) -> Result<Imported, TableError> {
    let OldDevice { user, token, platform, registered_at } = old;
    let hash = token.hash();
    if registered_at.plus_seconds(LIFETIME_SECONDS) <= now {
        return Ok(Imported::Skipped("it was registered too long ago: FCM drops a token after 270 days"));
    }
    let (owner_key, key) = (Key::device_owner(&hash), Key::device(user, &hash));
    retry(|| async {
        let ([owner, device], mine) = try_join(table.get_each([&owner_key, &key], true), rows(table, user)).await?;
        let is_live = |row: &Item| read::<OwnerRow>(row.clone()).is_ok_and(|row| row.expires_at > now.seconds());
        if let Some(present) = device.filter(|_| owner.as_ref().is_some_and(is_live)).or(owner.filter(is_live)) {
            return Ok(Some(Imported::of_present(&present, line)));
        }
        let newer = mine.iter().filter(|row| row.registered_at >= *registered_at).count();
        if newer >= MAX_DEVICES {
            return Ok(Some(Imported::Skipped("the user has twenty devices that were registered later")));
        }
        let expires_at = registered_at.plus_seconds(LIFETIME_SECONDS).seconds();
        let owner = item(&owner_key, &OwnerRow { user: user.clone(), expires_at })?;
        let row = device_row(user, token, *platform, *registered_at)?;
        let mut writes = vec![Action::put_new(owner, now), Action::put_new(row, now).imported(line)];
        // A row of this token that has expired is written again, and not removed.
        let others = mine.iter().filter(|row| row.token != *token);
        writes.extend(others.skip(MAX_DEVICES - 1).flat_map(|surplus| forget_oldest(user, surplus)));
        Ok(table.transact(writes).await?.is_done().then_some(Imported::Created))
    })
    .await
}

/// Deletes the owner row of a device, on the condition that it still names this user.
fn disown(user: &UserId, hash: &str) -> Action {
    Action::delete(&Key::device_owner(hash)).when(absent("pk").or(eq("user", user)))
}

/// Stores the language, which applies until the user chooses one.
fn keep_locale(user: &UserId, locale: &str) -> Action {
    let locale = Locale::of_tag(locale).name();
    Update::new(&Key::preferences(user)).set("claimed_locale", locale).into()
}

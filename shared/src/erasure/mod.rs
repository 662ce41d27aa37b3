//! Erasing a user everywhere: in every system, and in the rows of others.
//!
//! Many rows name a user whom no index leads to: requests of a lease, invitations that they sent, notifications of others. So an
//! erasure reads the whole table, once, and treats each row by its kind (`rows`). Before that, it ends the user's connections and
//! removes what is the user's alone, and then what they wrote in chats, so that on a large table, too, they are gone for others at
//! once.
//!
//! | stage | what it does |
//! |---|---|
//! | own | ends connections; removes the partition `USER#{userId}`: profile, devices, preferences, notifications, keys, … |
//! | chats | messages and read marks, which an index has by their author |
//! | table | every row, by its kind |
//!
//! The row of the erasure remembers the stage and the place, and owes the events by which others learn of it, since the rows that
//! would owe them are removed. A call goes on until its time is up; the caller repeats it until it is done. Every step may be done
//! twice. A row that cannot be read is logged, counted and left as it is: it stops no other. The rows that
//! stay name the user by an alias: random, so that it differs from each user's id, and the same in all rows.
//!
//! | file | what it is |
//! |---|---|
//! | `messages` | messages and read marks |
//! | `rows` | which rule each kind of row has |
//! | `rules` | the rules that change a row, by system |

mod messages;
mod rows;
mod rules;

pub use messages::{Erased, MessageCursor, erase_messages};

use std::collections::BTreeSet;
use std::time::Instant;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::api_error::ApiError;
use crate::clients::connections::Connections;
use crate::contract::facts::Fact;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{self, ATTRIBUTE, Append, Committed, Delivery, Done, WriteContext};
use crate::settings::Secret;
use crate::sockets;
use crate::table::key::user as partition;
use crate::table::{Item, Key, Query, Table, TableError, Update, exists, read, retry, text, unchanged};
use crate::telemetry;
use crate::users::profile::Profile;

/// Rows of a page of the whole table.
const ROWS_OF_A_PAGE: u16 = 500;
/// Rows of the user's own that are removed at the same time.
const AT_ONCE: u16 = 16;
/// Most names of a user that are looked for in the texts of others.
const MAX_NAMES: usize = 50;
/// How long an erasure is remembered after its last call, in seconds. A later call begins again.
const REMEMBER_SECONDS: i64 = 7 * 24 * 3600;

/// The work done so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErasureReport {
    /// Whether the user is erased everywhere; if not, call again.
    pub done: bool,
    /// How many rows were removed or changed.
    pub erased: u64,
    /// How many rows of the whole table were looked at.
    pub looked_at: u64,
    /// How many rows that name the user were left as they are, because they cannot be read. The log says which.
    pub skipped: u64,
}

/// How far an erasure has come, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Progress {
    stage: Stage,
    alias: UserId,
    /// The user's names, by which texts of others name them; not kept when it is done.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    names: BTreeSet<String>,
    /// Where the chats' next page starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// The last row that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Key>,
    erased: u64,
    looked_at: u64,
    #[serde(default)]
    skipped: u64,
    expires_at: i64,
}

impl Progress {
    fn is_under_way(&self, now: Millis) -> bool {
        self.stage != Stage::Done && self.expires_at > now.seconds()
    }

    /// Adds names of the user. Of a token without a name, the name is the id.
    fn learn<'a>(&mut self, user: &UserId, names: impl IntoIterator<Item = &'a str>) {
        for name in names.into_iter().filter(|name| *name != user.as_str()) {
            if self.names.len() < MAX_NAMES {
                self.names.insert(name.to_owned());
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    Own,
    Chats,
    Table,
    Done,
}

/// The user to erase.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub user: &'a UserId,
    /// Hides the user's id in the key of the progress.
    pub secret: &'a Secret,
}

/// Erases a user until it is done or `deadline` has passed, at least by one row. The next call continues, or
/// begins again after the end. Calls at the same time all continue the same erasure. The caller ends the user's sessions first: the erasure may miss rows that the user writes meanwhile.
///
/// # Errors
/// 503 when too many change one of the rows at once, or too many events wait for delivery; 500 when DynamoDB fails. The steps before
/// that stay done.
pub async fn erase(
    table: &Table,
    writer: &WriteContext,
    connections: Option<&Connections>,
    Subject { user, secret }: Subject<'_>,
    deadline: Instant,
) -> Result<Done<ErasureReport>, ApiError> {
    // Keyed, so that a reader of the table cannot try ids. After a change of the secret, the next call begins again.
    let key = Key::erasure(&secret.pseudonym("erasure", user.as_str()));
    let progress = progress(table, &key, user).await?;
    let mut erasure = Erasure { table, writer, user, key, progress, pending: Vec::new() };
    while erasure.progress.stage != Stage::Done {
        // Boxed: the futures of all rules are large.
        Box::pin(erasure.step(connections, deadline)).await?;
        if Instant::now() >= deadline {
            break;
        }
    }
    let Progress { stage, erased, looked_at, skipped, .. } = erasure.progress;
    Ok(Done::now(ErasureReport { done: stage == Stage::Done, erased, looked_at, skipped }, erasure.pending))
}

/// The default in place of a row that cannot be read, which is counted.
fn or_skipped<T: Default>(found: Result<T, ApiError>, skipped: &mut u64) -> Result<T, ApiError> {
    match found {
        Err(error) if TableError::is_unreadable_row(&error) => {
            telemetry::cause(&error);
            *skipped += 1;
            Ok(T::default())
        }
        found => found,
    }
}

/// That of an earlier call which is not done, or a new one.
async fn progress(table: &Table, key: &Key, user: &UserId) -> Result<Progress, ApiError> {
    let mut skipped = 0;
    let stored = table.get(key, true).await?.map(read::<Progress>).transpose();
    let stored = or_skipped(stored.map_err(ApiError::from), &mut skipped)?;
    if let Some(progress) = stored.filter(|stored| stored.is_under_way(Millis::now())) {
        return Ok(progress);
    }
    // The profile goes with the user's own rows, readable or not.
    let profile = Profile::or_none(table.get(&Key::profile(user), true).await?);
    let alias = format!("erased;{}", uuid::Uuid::now_v7().simple());
    let mut progress = Progress {
        stage: Stage::Own,
        alias: UserId::parse(alias).map_err(ApiError::internal)?,
        names: BTreeSet::new(),
        cursor: None,
        after: None,
        erased: 0,
        looked_at: 0,
        skipped,
        expires_at: 0,
    };
    progress.learn(user, profile.iter().flat_map(Profile::names));
    Ok(progress)
}

/// An erasure under way.
struct Erasure<'a> {
    table: &'a Table,
    writer: &'a WriteContext,
    user: &'a UserId,
    key: Key,
    progress: Progress,
    /// Rows whose deliveries are this process's.
    pending: Vec<Committed>,
}

impl Erasure<'_> {
    async fn step(&mut self, connections: Option<&Connections>, deadline: Instant) -> Result<(), ApiError> {
        match self.progress.stage {
            Stage::Own => self.own(connections, deadline).await,
            Stage::Chats => self.chats().await,
            Stage::Table => self.page(deadline).await,
            Stage::Done => Ok(()),
        }
    }

    async fn own(&mut self, connections: Option<&Connections>, deadline: Instant) -> Result<(), ApiError> {
        let now = Millis::now();
        let ended = sockets::end_all(self.table, self.writer, connections, self.user, now).await;
        let mut events = or_skipped(ended.map_err(ApiError::from), &mut self.progress.skipped)?;
        events.push(Delivery::Terminate { user: self.user.clone() });
        self.save(events).await?;
        loop {
            let rows = self.table.query(&Query::new(partition(self.user)).limit(AT_ONCE)).await?.items;
            if rows.is_empty() {
                break;
            }
            try_join_all(rows.iter().map(|row| remove(self.table, row))).await?;
            self.progress.erased += count(rows.len());
            if Instant::now() >= deadline {
                return self.save(Vec::new()).await;
            }
        }
        self.progress.stage = Stage::Chats;
        self.save(Vec::new()).await
    }

    async fn chats(&mut self) -> Result<(), ApiError> {
        let cursor = self.progress.cursor.as_deref().map(MessageCursor::parse).transpose()?;
        let erased = Box::pin(erase_messages(self.table, self.writer, self.user, cursor.as_ref())).await;
        // The table has these rows again, one by one, and counts those that are skipped.
        let Some(done) = or_skipped(erased.map(Some), &mut 0)? else {
            self.progress.stage = Stage::Table;
            return self.save(Vec::new()).await;
        };
        self.pending.extend(done.pending);
        self.progress.erased += count(done.result.erased);
        self.progress.learn(self.user, done.result.names.iter().map(String::as_str));
        self.progress.cursor = done.result.next_cursor;
        if self.progress.cursor.is_none() {
            self.progress.stage = Stage::Table;
        }
        self.save(Vec::new()).await
    }

    async fn page(&mut self, deadline: Instant) -> Result<(), ApiError> {
        let page = self.table.scan(self.progress.after.as_ref(), ROWS_OF_A_PAGE).await?;
        for row in page.items {
            let key = Key::of(&row);
            // It is committed before its row is removed.
            if let Some(owed) = rows::owed(self.user, &row) {
                self.save(owed).await?;
            }
            let skipped = self.progress.skipped;
            let erased = Box::pin(self.row(row)).await;
            let is_erased = match or_skipped(erased, &mut self.progress.skipped) {
                Ok(is_erased) => is_erased,
                Err(error) => {
                    // The next call begins with this row.
                    self.save(Vec::new()).await?;
                    return Err(error);
                }
            };
            self.progress.erased += u64::from(is_erased);
            self.progress.looked_at += 1;
            self.progress.after = key;
            // Looking at a row that does not name the user costs no request.
            let is_costly = is_erased || self.progress.skipped > skipped;
            if is_costly && Instant::now() >= deadline {
                return self.save(Vec::new()).await;
            }
        }
        self.progress.after = page.last_evaluated_key.as_ref().and_then(Key::of);
        if self.progress.after.is_some() {
            return self.save(Vec::new()).await;
        }
        self.progress.stage = Stage::Done;
        self.progress.names.clear();
        self.save(vec![Delivery::fact(Fact::UserErased { user_id: self.user.clone() })]).await
    }

    /// Stores the progress, and owes these deliveries. Of two calls that begin at the same time, the later one takes the alias of the first.
    async fn save(&mut self, deliveries: Vec<Delivery>) -> Result<(), ApiError> {
        let this = &*self;
        let deliveries = &deliveries;
        let (progress, owes) = retry(|| async move {
            let (now, mut progress) = (Millis::now(), this.progress.clone());
            let stored = this.table.get(&this.key, true).await?;
            let earlier = stored.as_ref().and_then(Committed::of_row);
            let seen = stored.as_ref().and_then(|row| row.get("alias").and_then(text)).map(str::to_owned);
            let other = stored.and_then(|row| read::<Progress>(row).ok()).filter(|other| other.is_under_way(now));
            if let Some(other) = other {
                progress.alias = other.alias;
            }
            progress.expires_at = now.plus_seconds(REMEMBER_SECONDS).seconds();
            let append = Append::new(this.key.clone(), earlier, deliveries.clone(), this.writer, now)?;
            let put = append.put(&progress)?.when(unchanged("alias", seen));
            let is_done = this.table.write(put).await?.is_done();
            Ok::<_, TableError>(is_done.then(|| (progress, append.deliverable())))
        })
        .await?;
        self.progress = progress;
        if !deliveries.is_empty() {
            self.pending.extend(owes);
        }
        Ok(())
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// Removes a row with what it owes: a row that is deleted with an outbox is a dead letter.
async fn remove(table: &Table, row: &Item) -> Result<(), TableError> {
    let Some(key) = Key::of(row) else { return Ok(()) };
    if row.contains_key(ATTRIBUTE) {
        table.write(Update::new(&key).remove(ATTRIBUTE).when(exists("pk"))).await?;
    }
    outbox::discard(table, &key).await
}

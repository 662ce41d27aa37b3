//! How much a user may write: one budget for all commands of a user, over all functions and processes.
//!
//! ```text
//!                     in memory, per process                       LIMIT#writes, per user (GCRA)
//! first command       let through                                  counted after the response: 1, and 3 reserved
//! next three          spend the reserve                            -
//! the one after       let through; the last of a reserve orders    8, then 16 at a time, after the response
//!                     the next one
//! nothing reserved    waits for the row                            1 to 16, or refused
//! refused             429 until then, without a request            -
//! ```
//!
//! So the usual command waits for nothing. A process lets one command of a user through that it knows nothing of, and counts it in any
//! case: over any time, all processes together let through what the row admits, and at most one more per process, which the user then
//! waits for. A reserve that is not spent within a minute lapses.
//!
//! A command that names something unknown costs more ([`MISS`]): a user who guesses ids is stopped five times as soon. Messages
//! over WebSockets have limits of their own, and count here only if they miss.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::http;
use crate::table::rate_limit::{self, Limit, Wanted};
use crate::table::{Key, Table};
use crate::telemetry;

/// The price, in commands, of a command that names something unknown.
pub const MISS: i64 = 5;

/// The first reserve of a process. It includes the command that the process lets through without a reserve.
const FIRST_RESERVE: i64 = 4;
/// The largest reserve. Each reserve is twice the one before.
const MAX_RESERVE: i64 = 16;
/// How long a reserve may be spent, in seconds.
const RESERVE_SECONDS: i64 = 60;
/// Most users that a process remembers; then it forgets those whose reserve has lapsed, or else all.
const MAX_KNOWN: usize = 10_000;

/// The budgets of all users, as far as this process knows them.
#[derive(Debug, Clone)]
pub struct WriteBudget {
    table: Table,
    limit: Limit,
    known: Arc<Mutex<HashMap<UserId, Reserve>>>,
}

/// Commands that a process has reserved for a user.
#[derive(Debug)]
struct Reserve {
    /// Commands that are counted in the row, and not yet spent.
    left: i64,
    /// When it lapses.
    until: Millis,
    /// The row's time when this process last counted there.
    due: Option<Millis>,
    /// How much the next reserve takes.
    next: i64,
    /// Until when the row admits nothing.
    refused_until: Option<Millis>,
}

/// How to go on with a command.
enum Verdict {
    Spend,
    /// Spends the last of the reserve.
    SpendLast,
    /// The process knows nothing of the user.
    Unknown,
    Ask,
    Refuse(Duration),
}

impl WriteBudget {
    /// Budgets of so many commands a minute: that many at once, and then one more each time an equal part of the minute has passed.
    #[must_use]
    pub fn new(table: Table, per_minute: u32) -> Self {
        let per_minute = i64::from(per_minute.max(1));
        let limit = Limit { burst: per_minute, interval: 60_000 / per_minute };
        Self { table, limit, known: Arc::default() }
    }

    /// Counts a command of this user's, or a guest's, before it is done.
    ///
    /// A failure of the table lets the command through: it is then the command's to fail.
    ///
    /// # Errors
    /// 429 with how long to wait, when the budget is spent.
    pub async fn admit(&self, user: &UserId) -> Result<(), ApiError> {
        let now = Millis::now();
        match self.verdict(user, now) {
            Verdict::Spend => Ok(()),
            Verdict::SpendLast => {
                let (budget, user) = (self.clone(), user.clone());
                http::after_response(async move { budget.reserve(&user).await });
                Ok(())
            }
            Verdict::Unknown => {
                let (budget, user) = (self.clone(), user.clone());
                http::after_response(async move { budget.count_first(&user, now).await });
                Ok(())
            }
            Verdict::Ask => self.ask(user, now).await,
            Verdict::Refuse(wait) => Err(ApiError::TooManyRequests(wait)),
        }
    }

    /// Counts that a command named what is not there, on top of the command itself. To be done after the response.
    pub async fn miss(self, user: UserId) {
        let mut owing = MISS - 1;
        if let Some(reserve) = self.known().get_mut(&user) {
            let spent = owing.min(reserve.left);
            reserve.left -= spent;
            owing -= spent;
        }
        if owing > 0 {
            self.charge(&user, owing, Millis::now()).await;
        }
    }

    /// Refuses what may name what is not there and is counted only if it does, as over a WebSocket: while this process knows that the
    /// budget is spent. It costs no request.
    ///
    /// # Errors
    /// 429 with how long to wait.
    pub fn admit_uncounted(&self, user: &UserId) -> Result<(), ApiError> {
        let now = Millis::now();
        match self.known().get(user).and_then(|reserve| reserve.refused_until) {
            Some(until) if until > now => Err(ApiError::TooManyRequests(now.until(until))),
            _ => Ok(()),
        }
    }

    /// Counts that a command which was admitted uncounted named what is not there. To be done after the response.
    pub async fn miss_uncounted(self, user: UserId) {
        self.charge(&user, MISS, Millis::now()).await;
    }

    fn verdict(&self, user: &UserId, now: Millis) -> Verdict {
        let mut known = self.known();
        if known.len() >= MAX_KNOWN && !known.contains_key(user) {
            known.retain(|_, reserve| reserve.until > now);
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
        }
        let Some(reserve) = known.get_mut(user) else {
            known.insert(user.clone(), Reserve::empty(now));
            return Verdict::Unknown;
        };
        match reserve.refused_until {
            Some(until) if until > now => return Verdict::Refuse(now.until(until)),
            // The user has been refused: from now on, the row is asked first.
            Some(_) => return Verdict::Ask,
            None => {}
        }
        if reserve.until <= now {
            *reserve = Reserve::empty(now);
            return Verdict::Unknown;
        }
        match reserve.left {
            ..=0 => Verdict::Ask,
            1 => {
                reserve.left = 0;
                Verdict::SpendLast
            }
            _ => {
                reserve.left -= 1;
                Verdict::Spend
            }
        }
    }

    /// Counts a command that was let through, and reserves the next ones.
    async fn count_first(&self, user: &UserId, at: Millis) {
        let wanted = FIRST_RESERVE.min(self.limit.burst);
        match rate_limit::take(
            &self.table,
            &Self::key(user),
            self.limit,
            Wanted { requests: wanted, remembered: None },
            at,
        )
        .await
        {
            Ok(Ok(due)) => self.keep(user, wanted - 1, due, at),
            // It was done, and so it counts.
            Ok(Err(_)) => self.charge(user, 1, at).await,
            Err(error) => telemetry::cause(&error),
        }
    }

    /// Reserves the next commands, if they fit. If they do not, the next command asks for itself alone.
    async fn reserve(&self, user: &UserId) {
        let now = Millis::now();
        let (wanted, remembered) = self.wanted(user);
        match rate_limit::take(&self.table, &Self::key(user), self.limit, Wanted { requests: wanted, remembered }, now)
            .await
        {
            Ok(Ok(due)) => self.keep(user, wanted, due, now),
            Ok(Err(_)) => {}
            Err(error) => telemetry::cause(&error),
        }
    }

    /// Asks the row for a command, and for a reserve if there is more.
    async fn ask(&self, user: &UserId, now: Millis) -> Result<(), ApiError> {
        let key = Self::key(user);
        let (wanted, remembered) = self.wanted(user);
        for count in [wanted, 1] {
            match rate_limit::take(&self.table, &key, self.limit, Wanted { requests: count, remembered }, now).await {
                Ok(Ok(due)) => {
                    self.keep(user, count - 1, due, now);
                    return Ok(());
                }
                Ok(Err(wait)) if count == 1 => {
                    self.refuse(user, now, wait);
                    return Err(ApiError::TooManyRequests(wait));
                }
                Ok(Err(_)) => {}
                Err(error) => {
                    telemetry::cause(&error);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Counts what was done already, whether it fits or not.
    async fn charge(&self, user: &UserId, commands: i64, now: Millis) {
        match rate_limit::charge(&self.table, &Self::key(user), self.limit, commands, now).await {
            Ok(Some(wait)) => self.refuse(user, now, wait),
            Ok(None) => {}
            Err(error) => telemetry::cause(&error),
        }
    }

    fn key(user: &UserId) -> Key {
        Key::limit(user, "writes")
    }

    /// How much to reserve next, and what the row held last.
    fn wanted(&self, user: &UserId) -> (i64, Option<Millis>) {
        let known = self.known();
        let reserve = known.get(user);
        let next = reserve.map_or(FIRST_RESERVE, |reserve| reserve.next);
        (next.min(self.limit.burst), reserve.and_then(|reserve| reserve.due))
    }

    fn keep(&self, user: &UserId, reserved: i64, due: Millis, now: Millis) {
        let mut known = self.known();
        let reserve = known.entry(user.clone()).or_insert_with(|| Reserve::empty(now));
        reserve.left += reserved;
        reserve.due = Some(due);
        reserve.until = now.plus_seconds(RESERVE_SECONDS);
        reserve.next = (reserve.next * 2).min(MAX_RESERVE);
        reserve.refused_until = None;
    }

    fn refuse(&self, user: &UserId, now: Millis, wait: Duration) {
        let mut known = self.known();
        let reserve = known.entry(user.clone()).or_insert_with(|| Reserve::empty(now));
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        reserve.refused_until = Some(Millis(now.0.saturating_add(wait)));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<UserId, Reserve>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserve {
    fn empty(now: Millis) -> Self {
        Self { left: 0, due: None, until: now.plus_seconds(RESERVE_SECONDS), next: FIRST_RESERVE, refused_until: None }
    }
}

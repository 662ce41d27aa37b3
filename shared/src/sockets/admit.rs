//! How many messages a user may send: 100 at once and one more each 600 ms, over all of their connections. Exact, by a
//! conditional write of one row.

use std::time::Duration;

use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::table::rate_limit::Limit;
use crate::table::{Action, Backoff, Key, Table, TableError, Write, number};

/// 100 messages a minute.
pub const MESSAGES: Limit = Limit { burst: 100, interval: 600 };
/// How long the state is kept, in seconds: longer than it says anything.
const REMEMBER_SECONDS: i64 = 3600;

/// Counts a message of this user's; `Some` with how long to wait, if it is one too many.
///
/// # Errors
/// When DynamoDB fails or too many messages of the user's are counted at once.
pub async fn admit(table: &Table, user: &UserId, now: Millis) -> Result<Option<Duration>, TableError> {
    let key = Key::limit(user, "SOCKET_MESSAGES");
    let mut backoff = Backoff::new();
    // Most users have sent nothing for a while. That they have is not read but left to the condition.
    let mut seen: Option<Millis> = None;
    loop {
        let next = match MESSAGES.admit(seen, now) {
            Ok(next) => next,
            Err(wait) => return Ok(Some(wait)),
        };
        let update = Action::update(&key, "SET next_due = :next, expires_at = :expires")
            .value(":next", number(next.0))
            .value(":expires", number(now.plus_seconds(REMEMBER_SECONDS).seconds()));
        let update = match seen {
            None => update.condition("attribute_not_exists(next_due) OR next_due <= :now").value(":now", number(now.0)),
            Some(seen) => update.condition("next_due = :seen").value(":seen", number(seen.0)),
        };
        let Write::ConditionFailed(row) = table.write(update).await? else {
            return Ok(None);
        };
        let due = row.as_ref().and_then(|row| row.get("next_due")?.as_n().ok()?.parse().ok());
        if seen.is_some() {
            // Another message was counted meanwhile.
            backoff.wait().await?;
        }
        seen = due.map(Millis);
    }
}

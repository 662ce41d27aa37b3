//! One request that notifies several users: each has a notification and a result of their own.

use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout_at;

use super::content::NotificationContent;
use super::create::{self, Notifier};
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::http::idempotency::IdempotencyKey;
use crate::outbox::Done;
use crate::telemetry;

/// Users whose notifications are stored at once.
const MAX_AT_ONCE: usize = 16;

/// How the request ended for one of its users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserResult {
    /// As the request has it.
    user_id: String,
    #[serde(flatten)]
    ended: Ended,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Ended {
    /// The notification is stored, by this request or an earlier one with the same key.
    Created { notification_id: String },
    /// The same for this user is refused again.
    Refused(Why),
    /// It may succeed if the request is repeated.
    Failed(Why),
}

/// As the body of an error's response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Why {
    error: &'static str,
    message: String,
}

impl UserResult {
    #[must_use]
    pub fn is_created(&self) -> bool {
        matches!(self.ended, Ended::Created { .. })
    }
}

impl Ended {
    fn of(error: &ApiError) -> Self {
        let status = error.status();
        let why = Why { error: status.canonical_reason().unwrap_or("Error"), message: error.to_string() };
        let is_temporary = status.is_server_error() || error.retry_after().is_some();
        if is_temporary { Self::Failed(why) } else { Self::Refused(why) }
    }
}

impl Notifier<'_> {
    /// Notifies each of these users, sixteen of them at a time; returns a result for each, in their order. A failure of
    /// one does not concern the others. A repetition with the same key returns what was created, and creates what was not. Users who are
    /// not notified by the deadline have failed.
    ///
    /// The events are left to the stream's consumer, which sends them while further notifications are stored. At the end of a hundred,
    /// the writer's lease of the first would be over.
    ///
    /// # Errors
    /// 422 for a key that was used for another request, 500 when DynamoDB does not store the key. Then no user is notified.
    pub async fn create_each(
        self,
        users: &[String],
        content: &NotificationContent,
        key: &IdempotencyKey,
        deadline: Instant,
    ) -> Result<Done<Vec<UserResult>>, ApiError> {
        create::claim(self.table, key, Millis::now()).await?;
        let notifier = Notifier { writer: &self.writer.left_to_consumer(), ..self };
        let create = |user| notifier.create_by(deadline.into(), user, content, key);
        // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
        let each: Vec<_> = (0..).zip(users).map(|(place, user)| create(user).map(move |one| (place, one))).collect();
        // In any order: one that takes long holds up no other.
        let mut each: Vec<(usize, _)> = stream::iter(each).buffer_unordered(MAX_AT_ONCE).collect().await;
        each.sort_by_key(|(place, _)| *place);
        let each: Vec<Result<Done<String>, ApiError>> = each.into_iter().map(|(_, one)| one).collect();
        log(&each);
        let is_replay = each.iter().all(|one| one.as_ref().is_ok_and(|done| done.is_replay));
        let result = users.iter().zip(each).map(|(user, one)| {
            let ended = match one {
                Ok(done) => Ended::Created { notification_id: done.result },
                Err(error) => Ended::of(&error),
            };
            UserResult { user_id: user.clone(), ended }
        });
        Ok(Done { result: result.collect(), is_replay, pending: Vec::new() })
    }

    async fn create_by(
        self,
        deadline: tokio::time::Instant,
        user: &str,
        content: &NotificationContent,
        key: &IdempotencyKey,
    ) -> Result<Done<String>, ApiError> {
        let user = UserId::parse(user).map_err(|error| ApiError::field("userId", error))?;
        if tokio::time::Instant::now() >= deadline {
            return Err(too_late());
        }
        let one = async { self.create(&user, content, &key.of_user(&user), Millis::now()).await };
        timeout_at(deadline, one).await.unwrap_or_else(|_| Err(too_late()))
    }
}

/// A notification that was begun may be stored all the same, which only a repetition with its key finds out.
fn too_late() -> ApiError {
    ApiError::Unavailable(
        "There was no time left for this user: repeat the request with its Idempotency-Key, or without a key for such users alone"
            .to_owned(),
    )
}

/// Notes how many users were notified, and why the others were not, each reason once.
fn log(each: &[Result<Done<String>, ApiError>]) {
    let failed: Vec<_> = each.iter().filter_map(|one| one.as_ref().err()).collect();
    let is_refused = |error: &&&ApiError| matches!(Ended::of(error), Ended::Refused(_));
    let refused = failed.iter().filter(is_refused).count();
    let created = each.len() - failed.len();
    telemetry::note("users", json!({ "created": created, "refused": refused, "failed": failed.len() - refused }));
    let mut reasons: Vec<String> = Vec::new();
    for error in failed {
        let reason = error.log_text().into_owned();
        if reasons.contains(&reason) {
            continue;
        }
        if matches!(error, ApiError::Internal(_)) {
            telemetry::cause(error);
        }
        reasons.push(reason);
    }
    if !reasons.is_empty() {
        telemetry::note("reasons", reasons);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_result_says_whether_a_repetition_may_help() {
        let shown = |ended| json!(UserResult { user_id: "ada".to_owned(), ended });
        let created = Ended::Created { notification_id: "000000000001-ff".to_owned() };
        assert_eq!(
            shown(created),
            json!({ "userId": "ada", "status": "created", "notificationId": "000000000001-ff" })
        );
        let refused = shown(Ended::of(&ApiError::field("userId", "must be an id")));
        let message = "userId must be an id";
        assert_eq!(
            refused,
            json!({ "userId": "ada", "status": "refused", "error": "Bad Request", "message": message })
        );
        for error in [ApiError::internal("the table is away"), too_late(), ApiError::TooManyRequests(Duration::ZERO)] {
            assert_eq!(shown(Ended::of(&error))["status"], "failed", "{error}");
        }
    }
}

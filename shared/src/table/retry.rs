//! Retries of a read and a conditional write that lost to another writer.
//!
//! The attempts are closures that return futures, not async closures: a future that holds an async closure with references is not
//! `Send` (<https://github.com/rust-lang/rust/issues/110338>), and functions need that.

use std::ops::ControlFlow;
use std::time::Duration;

use super::TableError;

/// Most attempts after the first: about a second and a half.
const MAX_RETRIES: u32 = 12;
/// Most attempts after the first in a crowd: about six seconds. With five milliseconds a request, a hundred writers of one row take one
/// or two.
const MAX_RETRIES_IN_A_CROWD: u32 = 36;
/// Backoff before the second attempt; it doubles for each later one, up to the maximum.
const FIRST_BACKOFF: Duration = Duration::from_millis(5);
const MAX_BACKOFF: Duration = Duration::from_millis(200);

/// Repeats an attempt until it returns `Some`. It returns `None` after losing to another writer.
///
/// # Errors
/// Those of the attempt, and [`TableError::Contended`] when the last one has lost.
pub(crate) async fn retry<T, E: From<TableError>, F>(attempt: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    retry_or(|| TableError::Contended.into(), attempt).await
}

/// As [`retry`], with this error when the last attempt has lost.
///
/// # Errors
/// Those of the attempt, and this one.
pub(crate) async fn retry_or<T, E, F>(contended: impl Fn() -> E, attempt: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    retry_or_up_to(MAX_RETRIES, contended, attempt).await
}

/// As [`retry_or`], for a row that a crowd changes at once.
///
/// # Errors
/// Those of the attempt, and this one.
pub(crate) async fn retry_in_a_crowd_or<T, E, F>(contended: impl Fn() -> E, attempt: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    retry_or_up_to(MAX_RETRIES_IN_A_CROWD, contended, attempt).await
}

async fn retry_or_up_to<T, E, F>(most: u32, contended: impl Fn() -> E, mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    let mut retries = 0;
    loop {
        // Boxed: the future of an attempt is large, and so would be each that holds it.
        match Box::pin(attempt()).await? {
            Some(done) => return Ok(done),
            None => back_off(&mut retries, most).await.map_err(|_| contended())?,
        }
    }
}

/// As [`retry`], with what one attempt learns for the next one.
///
/// # Errors
/// As [`retry`].
pub(crate) async fn retry_from<S, T, E: From<TableError>, F>(known: S, attempt: impl FnMut(S) -> F) -> Result<T, E>
where
    F: Future<Output = Result<ControlFlow<T, S>, E>>,
{
    retry_up_to(MAX_RETRIES, known, attempt).await
}

/// As [`retry_from`], for a row that a client's frames change, which may come a hundred at once. Each attempt must read the row: what an
/// earlier one read is old.
///
/// # Errors
/// As [`retry`].
pub(crate) async fn retry_in_a_crowd<S, T, E: From<TableError>, F>(
    known: S,
    attempt: impl FnMut(S) -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<ControlFlow<T, S>, E>>,
{
    retry_up_to(MAX_RETRIES_IN_A_CROWD, known, attempt).await
}

async fn retry_up_to<S, T, E: From<TableError>, F>(
    most: u32,
    mut known: S,
    mut attempt: impl FnMut(S) -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<ControlFlow<T, S>, E>>,
{
    let mut retries = 0;
    loop {
        match Box::pin(attempt(known)).await? {
            ControlFlow::Break(done) => return Ok(done),
            ControlFlow::Continue(next) => known = next,
        }
        back_off(&mut retries, most).await?;
    }
}

/// Waits before the next attempt. The jitter makes it unlikely that two writers collide again.
async fn back_off(retries: &mut u32, most: u32) -> Result<(), TableError> {
    if *retries == most {
        return Err(TableError::Contended);
    }
    let wait = FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(*retries)).min(MAX_BACKOFF);
    *retries += 1;
    tokio::time::sleep(wait.mul_f64(0.5 + rand::random::<f64>())).await;
    Ok(())
}

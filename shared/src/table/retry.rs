//! Retries of a read and a conditional write that lost to another writer.
//!
//! The attempts are closures that return futures, not async closures: a future that holds an async closure with references is not
//! `Send` (<https://github.com/rust-lang/rust/issues/110338>), and functions need that.

use std::ops::ControlFlow;
use std::time::Duration;

use super::TableError;

/// Most attempts after the first.
const MAX_RETRIES: u32 = 12;
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
pub(crate) async fn retry_or<T, E, F>(contended: impl Fn() -> E, mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    let mut retries = 0;
    loop {
        match attempt().await? {
            Some(done) => return Ok(done),
            None => back_off(&mut retries).await.map_err(|_| contended())?,
        }
    }
}

/// As [`retry`], with what one attempt learns for the next one.
///
/// # Errors
/// As [`retry`].
pub(crate) async fn retry_from<S, T, E: From<TableError>, F>(
    mut known: S,
    mut attempt: impl FnMut(S) -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<ControlFlow<T, S>, E>>,
{
    let mut retries = 0;
    loop {
        match attempt(known).await? {
            ControlFlow::Break(done) => return Ok(done),
            ControlFlow::Continue(next) => known = next,
        }
        back_off(&mut retries).await?;
    }
}

/// Waits before the next attempt. The jitter makes it unlikely that two writers collide again.
async fn back_off(retries: &mut u32) -> Result<(), TableError> {
    if *retries == MAX_RETRIES {
        return Err(TableError::Contended);
    }
    let wait = (FIRST_BACKOFF * 2_u32.pow(*retries)).min(MAX_BACKOFF);
    *retries += 1;
    tokio::time::sleep(wait.mul_f64(0.5 + rand::random::<f64>())).await;
    Ok(())
}

//! Retries of a read and a conditional write that lost to another writer.

use std::time::Duration;

use super::TableError;

/// Most attempts after the first.
const MAX_RETRIES: u32 = 12;
/// Backoff before the second attempt; it doubles for each later one, up to the maximum.
const FIRST_BACKOFF: Duration = Duration::from_millis(5);
const MAX_BACKOFF: Duration = Duration::from_millis(200);

/// The retries that are left, and the wait before the next one.
#[derive(Debug)]
pub(crate) struct Backoff {
    left: u32,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { left: MAX_RETRIES, next: FIRST_BACKOFF }
    }

    /// Waits before the next attempt. The jitter makes it unlikely that two writers collide again.
    ///
    /// # Errors
    /// [`TableError::Contended`] after the last attempt.
    pub(crate) async fn wait(&mut self) -> Result<(), TableError> {
        self.left = self.left.checked_sub(1).ok_or(TableError::Contended)?;
        tokio::time::sleep(self.next.mul_f64(0.5 + rand::random::<f64>())).await;
        self.next = (self.next * 2).min(MAX_BACKOFF);
        Ok(())
    }
}

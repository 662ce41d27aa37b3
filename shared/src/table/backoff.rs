//! Deciding again when another writer changed what a decision was made on.

use std::time::Duration;

use super::TableError;

/// Attempts after the first.
const RETRIES: u32 = 12;
/// The pause before the second attempt; later ones double, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// The attempts that are left, and the pause before the next.
#[derive(Debug)]
pub(crate) struct Backoff {
    left: u32,
    pause: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { left: RETRIES, pause: FIRST_PAUSE }
    }

    /// Waits before the next attempt: longer each time, and with jitter, so that two writers do not meet again.
    ///
    /// # Errors
    /// [`TableError::Contended`] after the last attempt.
    pub(crate) async fn wait(&mut self) -> Result<(), TableError> {
        self.left = self.left.checked_sub(1).ok_or(TableError::Contended)?;
        tokio::time::sleep(self.pause.mul_f64(0.5 + rand::random::<f64>())).await;
        self.pause = (self.pause * 2).min(MAX_PAUSE);
        Ok(())
    }
}

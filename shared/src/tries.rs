//! Deciding again when somebody else changed what a decision was made on.

use std::time::Duration;

use crate::store::StoreError;

/// The tries that are left, and the pause before the next.
#[derive(Debug)]
pub(crate) struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    pub(crate) fn new() -> Self {
        Self { left: 12, pause: Duration::from_millis(5) }
    }

    /// Waits a while, longer each time and never as long as somebody else.
    pub(crate) async fn again(&mut self) -> Result<(), StoreError> {
        self.left = self.left.checked_sub(1).ok_or(StoreError::Contended)?;
        tokio::time::sleep(self.pause.mul_f64(0.5 + rand::random::<f64>())).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(200));
        Ok(())
    }
}

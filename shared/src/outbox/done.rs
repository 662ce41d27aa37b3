//! The result of a command.

use super::Committed;

/// A command that was done, now or by an earlier request with the same idempotency key.
#[derive(Debug)]
pub struct Done<T> {
    /// The result for the caller.
    pub result: T,
    /// Whether an earlier request did it.
    pub is_replay: bool,
    /// The rows that were committed and whose events the writer delivers, after its response.
    pub pending: Vec<Committed>,
}

impl<T> Done<T> {
    /// Done now, with these rows to deliver.
    #[must_use]
    pub fn now(result: T, pending: impl IntoIterator<Item = Committed>) -> Self {
        Self { result, is_replay: false, pending: pending.into_iter().filter(Committed::is_writers).collect() }
    }

    /// Done by an earlier request, and nothing is pending.
    pub(crate) fn replay(result: T) -> Self {
        Self { result, is_replay: true, pending: Vec::new() }
    }

    /// The same with another result.
    #[must_use]
    pub fn map<U>(self, result: impl FnOnce(T) -> U) -> Done<U> {
        Done { result: result(self.result), is_replay: self.is_replay, pending: self.pending }
    }
}

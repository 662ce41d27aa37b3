//! Why a connection may not enter a namespace, or wait for its token.

use std::time::Duration;

use super::row::MAX_OF_USER;
use crate::api_error::ApiError;
use crate::table::TableError;

/// After how long a place may be free again: a heartbeat finds who is gone.
const FULL_RETRY: Duration = Duration::from_secs(60);

/// After how long a place of those that wait for their token may be free again.
const WAIT: Duration = Duration::from_secs(10);

/// Why a connection may not enter.
#[derive(Debug, thiserror::Error)]
pub enum NotEntered {
    #[error("You have {MAX_OF_USER} connections here already; close one of them first")]
    TooManyOfUser,
    #[error("All connections of this namespace are in use; try again in a minute")]
    Full,
    /// The next entry is admitted after this time.
    #[error("You connect too often; try again in {} s", .0.as_secs().max(1))]
    TooOften(Duration),
    #[error("Too many connections wait to sign in; send the token in the address (query: {{ token }}), or try again in {} s", WAIT.as_secs())]
    Crowded,
    #[error("The connection is another user's: open one for each user")]
    OtherUser,
    /// The connection has ended meanwhile.
    #[error("The connection has ended")]
    Gone,
    #[error(transparent)]
    Table(#[from] TableError),
}

impl From<NotEntered> for ApiError {
    fn from(error: NotEntered) -> Self {
        match error {
            NotEntered::Table(error) => error.into(),
            NotEntered::Gone | NotEntered::OtherUser => Self::Conflict(error.to_string()),
            NotEntered::TooOften(wait) => Self::LimitReached { told: error.to_string(), retry_after: wait },
            NotEntered::Crowded => Self::LimitReached { told: error.to_string(), retry_after: WAIT },
            full => Self::LimitReached { told: full.to_string(), retry_after: FULL_RETRY },
        }
    }
}

//! `DELETE /parties/{partyId}/members/{userId}`: oneself leaves, another is removed.

use shared::contract::Person;
use shared::http::{self, Request};
use shared::{App, party};

use super::{Handled, party_id, user_id};

pub(super) async fn leave_or_remove(app: &App, request: &Request, caller: &Person) -> Handled {
    let (party, user) = (party_id(request)?, user_id(request)?);
    let done = if user == caller.user_id {
        party::leave(&app.store, &party, &user).await?
    } else {
        party::remove(&app.store, &party, &caller.user_id, &user).await?
    };
    Ok((http::no_content(), done.committed))
}

//! `DELETE /parties/{partyId}/members/{userId}`: leaves, or removes another member.

use shared::contract::person::Person;
use shared::http::{self, Request};
use shared::{App, parties};

use super::{Handled, party_id, user_id};

pub(super) async fn leave_or_remove(app: &App, request: &Request, caller: &Person) -> Handled {
    let (party, user) = (party_id(request)?, user_id(request)?);
    let departed = if user == caller.user_id {
        parties::leave(&app.table, &party, &user).await?
    } else {
        parties::remove(&app.table, &party, &caller.user_id, &user).await?
    };
    Ok(departed.map(|()| http::no_content()))
}

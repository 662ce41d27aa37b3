//! `DELETE /parties/{partyId}/members/{userId}`: leaves, or removes another member.

use shared::App;
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Identity;
use shared::parties::{self, Removal};

use super::{Handled, party_caller, party_id, user_id};

pub(super) async fn leave_or_remove(app: &App, request: &Request, caller: &Identity) -> Handled {
    let (party, user) = (party_id(request)?, user_id(request)?);
    let departed = if user == caller.user {
        parties::leave(&app.table, &app.writer(request.request_id()), &party, &user).await?
    } else {
        let terminate = app.settings.terminate_removed;
        parties::remove(
            &app.table,
            &app.writer(request.request_id()),
            &party,
            party_caller(caller),
            Removal { user: &user, terminate },
        )
        .await?
    };
    Ok(departed.map(|()| http::no_content()))
}

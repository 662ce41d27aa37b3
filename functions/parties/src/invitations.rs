//! Invitations: sent, taken back, answered and listed.

use shared::App;
use shared::contract::Person;
use shared::http::{Answer, Call};
use shared::party::{self, Cursor};

use super::{Handled, Named, party_id, user_id};

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: u8 = 100;

pub(super) async fn invite(app: &App, call: &Call, caller: &Person) -> Handled {
    let invitee = call.json::<Named>()?.user()?;
    let done = party::invite(&app.store, &party_id(call)?, caller, &invitee).await?;
    Ok((Answer::created(&done.told), done.committed))
}

pub(super) async fn revoke(app: &App, call: &Call, caller: &Person) -> Handled {
    party::revoke(&app.store, &party_id(call)?, &caller.user_id, &user_id(call)?).await?;
    Ok((Answer::no_content(), None))
}

pub(super) async fn accept(app: &App, call: &Call, caller: &Person) -> Handled {
    let done = party::accept(&app.store, &party_id(call)?, caller).await?;
    Ok((Answer::ok(&done.told), done.committed))
}

pub(super) async fn decline(app: &App, call: &Call, caller: &Person) -> Handled {
    party::decline(&app.store, &party_id(call)?, &caller.user_id).await?;
    Ok((Answer::no_content(), None))
}

pub(super) async fn list(app: &App, call: &Call, caller: &Person) -> Handled {
    let limit = call.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = call.query("cursor").map(Cursor::parse).transpose()?;
    let page = party::invitations(&app.store, &caller.user_id, limit, cursor.as_ref()).await?;
    Ok((Answer::ok(&page), None))
}

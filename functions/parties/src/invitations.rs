//! Invitations: sent, taken back, answered and listed.

use shared::App;
use shared::contract::Person;
use shared::http::{self, ReadRequest as _, Request};
use shared::party::{self, Cursor};

use super::{Handled, Named, party_id, user_id};

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: u8 = 100;

pub(super) async fn invite(app: &App, request: &Request, caller: &Person) -> Handled {
    let invitee = request.json::<Named>()?.user()?;
    let done = party::invite(&app.store, &party_id(request)?, caller, &invitee).await?;
    Ok((http::created(&done.told), done.committed))
}

pub(super) async fn revoke(app: &App, request: &Request, caller: &Person) -> Handled {
    party::revoke(&app.store, &party_id(request)?, &caller.user_id, &user_id(request)?).await?;
    Ok((http::no_content(), None))
}

pub(super) async fn accept(app: &App, request: &Request, caller: &Person) -> Handled {
    let done = party::accept(&app.store, &party_id(request)?, caller).await?;
    Ok((http::ok(&done.told), done.committed))
}

pub(super) async fn decline(app: &App, request: &Request, caller: &Person) -> Handled {
    party::decline(&app.store, &party_id(request)?, &caller.user_id).await?;
    Ok((http::no_content(), None))
}

pub(super) async fn list(app: &App, request: &Request, caller: &Person) -> Handled {
    let limit = request.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = request.query("cursor").map(Cursor::parse).transpose()?;
    let page = party::invitations(&app.store, &caller.user_id, limit, cursor.as_ref()).await?;
    Ok((http::ok(&page), None))
}

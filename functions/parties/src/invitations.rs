//! Sends, takes back, accepts, declines and lists invitations.

use shared::App;
use shared::contract::person::Person;
use shared::http::{self, ReadRequest as _, Request};
use shared::outbox::Done;
use shared::parties::{self, Cursor};

use super::{Handled, Named, party_id, user_id};

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: u8 = 100;

pub(super) async fn invite(app: &App, request: &Request, caller: &Person) -> Handled {
    let invitee = request.json::<Named>()?.user()?;
    let invited =
        parties::invite(&app.table, &app.writer(request.request_id()), &party_id(request)?, caller, &invitee).await?;
    Ok(invited.map(|invitation| http::created(&invitation)))
}

pub(super) async fn revoke(app: &App, request: &Request, caller: &Person) -> Handled {
    parties::revoke(&app.table, &party_id(request)?, &caller.user_id, &user_id(request)?).await?;
    Ok(Done::now(http::no_content(), None))
}

pub(super) async fn accept(app: &App, request: &Request, caller: &Person) -> Handled {
    let accepted = parties::accept(&app.table, &app.writer(request.request_id()), &party_id(request)?, caller).await?;
    Ok(accepted.map(|party| http::ok(&party)))
}

pub(super) async fn decline(app: &App, request: &Request, caller: &Person) -> Handled {
    parties::decline(&app.table, &party_id(request)?, &caller.user_id).await?;
    Ok(Done::now(http::no_content(), None))
}

pub(super) async fn list(app: &App, request: &Request, caller: &Person) -> Handled {
    let limit = request.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = request.query("cursor").map(Cursor::parse).transpose()?;
    let page = parties::invitations(&app.table, &caller.user_id, limit, cursor.as_ref()).await?;
    Ok(Done::now(http::ok(&page), None))
}

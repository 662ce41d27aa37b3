//! Sends, takes back, accepts, declines and lists invitations.

use shared::App;
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Identity;
use shared::outbox::Done;
use shared::parties::{self, InvitationCursor, NewInvitation};

use super::{Handled, party_id, user_id};

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: u8 = 100;

pub(super) async fn invite(app: &App, request: &Request, caller: &Identity) -> Handled {
    let invitee = request.json::<NewInvitation>()?.invitee()?;
    let (party, writer) = (party_id(request)?, app.writer(request.request_id()));
    let invited = parties::invite(&app.table, &writer, &party, &app.person(caller).await, &invitee).await?;
    Ok(invited.map(|invitation| http::created(&invitation)))
}

pub(super) async fn revoke(app: &App, request: &Request, caller: &Identity) -> Handled {
    let writer = app.writer(request.request_id());
    parties::revoke(&app.table, &writer, &party_id(request)?, &caller.user, &user_id(request)?).await?;
    Ok(Done::now(http::no_content(), None))
}

pub(super) async fn accept(app: &App, request: &Request, caller: &Identity) -> Handled {
    let (party, writer) = (party_id(request)?, app.writer(request.request_id()));
    let (person, most) = (app.person(caller).await, app.settings.max_party_members);
    let accepted = parties::accept(&app.table, &writer, &party, &person, most).await?;
    Ok(accepted.map(|party| http::ok(&party)))
}

pub(super) async fn decline(app: &App, request: &Request, caller: &Identity) -> Handled {
    parties::decline(&app.table, &app.writer(request.request_id()), &party_id(request)?, &caller.user).await?;
    Ok(Done::now(http::no_content(), None))
}

pub(super) async fn list(app: &App, request: &Request, caller: &Identity) -> Handled {
    let limit = request.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = request.query("cursor").map(InvitationCursor::parse).transpose()?;
    let page = parties::invitations(&app.table, &caller.user, limit, cursor.as_ref()).await?;
    Ok(Done::now(http::ok(&page), None))
}

//! Creates, lists, reads, changes and ends parties.

use shared::App;
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Identity;
use shared::outbox::Done;
use shared::parties::{self, MAX_PARTIES, MineCursor};

use super::{Handled, Named, party_id};

const DEFAULT_LIMIT: u8 = 20;

pub(super) async fn create(app: &App, request: &Request, caller: &Identity) -> Handled {
    let new = request.json()?;
    let key = app.idempotency_key(request, &caller.user)?;
    let writer = app.writer(request.request_id());
    let created = parties::create(&app.table, &writer, &app.person(caller).await, new, &key).await?;
    Ok(created.map(|party| http::created(&party)))
}

pub(super) async fn mine(app: &App, request: &Request, caller: &Identity) -> Handled {
    let limit = request.limit(DEFAULT_LIMIT, MAX_PARTIES)?;
    let cursor = request.query("cursor").map(MineCursor::parse).transpose()?;
    let page = parties::mine(&app.table, &caller.user, limit, cursor.as_ref()).await?;
    Ok(Done::now(http::ok(&page), None))
}

pub(super) async fn read(app: &App, request: &Request, caller: &Identity) -> Handled {
    let found = parties::read(&app.table, &party_id(request)?, &caller.user).await?;
    Ok(Done::now(http::ok(&found), None))
}

pub(super) async fn end(app: &App, request: &Request, caller: &Identity) -> Handled {
    let ended = parties::end(&app.table, &app.writer(request.request_id()), &party_id(request)?, &caller.user).await?;
    Ok(ended.map(|()| http::no_content()))
}

pub(super) async fn change(app: &App, request: &Request, caller: &Identity) -> Handled {
    let changed = parties::change(
        &app.table,
        &app.writer(request.request_id()),
        &party_id(request)?,
        &caller.user,
        request.json()?,
    )
    .await?;
    Ok(changed.map(|party| http::ok(&party)))
}

pub(super) async fn hand_over(app: &App, request: &Request, caller: &Identity) -> Handled {
    let heir = request.json::<Named>()?.user()?;
    let handed_over =
        parties::hand_over(&app.table, &app.writer(request.request_id()), &party_id(request)?, &caller.user, &heir)
            .await?;
    Ok(handed_over.map(|party| http::ok(&party)))
}

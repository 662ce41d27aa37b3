//! Creates, lists, reads, changes and ends parties.

use shared::contract::id::UserId;
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Identity;
use shared::outbox::Done;
use shared::parties::{self, AllCursor, MAX_PARTIES, MineCursor};
use shared::{ApiError, App};

use super::{Handled, Named, party_caller, party_id};

const DEFAULT_LIMIT: u8 = 20;

pub(super) async fn create(app: &App, request: &Request, caller: &Identity) -> Handled {
    let new = request.json()?;
    let key = app.idempotency_key(request, &caller.user)?;
    let writer = app.writer(request.request_id());
    let created = parties::create(&app.table, &writer, &app.person(caller).await, new, &key).await?;
    Ok(created.map(|party| http::created(&party)))
}

/// The caller's parties; for operators, those of the user whom they name, or all.
pub(super) async fn list(app: &App, request: &Request, caller: &Identity) -> Handled {
    let (named, all) = (request.query("userId"), request.query("all"));
    if named.or(all).is_some() {
        caller.must_be_operator()?;
    }
    let limit = request.limit(DEFAULT_LIMIT, MAX_PARTIES)?;
    let cursor = request.query("cursor");
    let page = match (named, all) {
        (Some(_), Some(_)) => return Err(ApiError::Malformed("Send userId or all=true, not both".to_owned())),
        (None, Some("true")) => {
            let cursor = cursor.map(AllCursor::parse).transpose()?;
            parties::all(&app.table, limit, cursor.as_ref()).await?
        }
        (None, Some(_)) => return Err(ApiError::field("all", "must be true; leave it out for your own parties")),
        (named, None) => {
            let named = named.map(UserId::parse).transpose().map_err(|error| ApiError::field("userId", error))?;
            let cursor = cursor.map(MineCursor::parse).transpose()?;
            parties::mine(&app.table, named.as_ref().unwrap_or(&caller.user), limit, cursor.as_ref()).await?
        }
    };
    Ok(Done::now(http::ok(&page), None))
}

pub(super) async fn read(app: &App, request: &Request, caller: &Identity) -> Handled {
    let found = parties::read(&app.table, &party_id(request)?, party_caller(caller)).await?;
    Ok(Done::now(http::ok(&found), None))
}

pub(super) async fn end(app: &App, request: &Request, caller: &Identity) -> Handled {
    let (party, writer) = (party_id(request)?, app.writer(request.request_id()));
    let ended = parties::end(&app.table, &writer, &party, party_caller(caller)).await?;
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

//! Creates, reads and changes a party.

use shared::contract::person::Person;
use shared::http::idempotency::IdempotencyKey;
use shared::http::{self, ReadRequest as _, Request};
use shared::outbox::Done;
use shared::{App, parties};

use super::{Handled, Named, party_id};

pub(super) async fn create(app: &App, request: &Request, caller: &Person) -> Handled {
    let new = request.json()?;
    let key = IdempotencyKey::of(request, "party", &caller.user_id)?;
    let created = parties::create(&app.table, caller, new, &key).await?;
    Ok(created.map(|party| http::created(&party)))
}

pub(super) async fn read(app: &App, request: &Request, caller: &Person) -> Handled {
    let found = parties::read(&app.table, &party_id(request)?, &caller.user_id).await?;
    Ok(Done::now(http::ok(&found), None))
}

pub(super) async fn change(app: &App, request: &Request, caller: &Person) -> Handled {
    let changed = parties::change(
        &app.table,
        &app.writer(request.request_id()),
        &party_id(request)?,
        &caller.user_id,
        request.json()?,
    )
    .await?;
    Ok(changed.map(|party| http::ok(&party)))
}

pub(super) async fn hand_over(app: &App, request: &Request, caller: &Person) -> Handled {
    let heir = request.json::<Named>()?.user()?;
    let handed_over =
        parties::hand_over(&app.table, &app.writer(request.request_id()), &party_id(request)?, &caller.user_id, &heir)
            .await?;
    Ok(handed_over.map(|party| http::ok(&party)))
}

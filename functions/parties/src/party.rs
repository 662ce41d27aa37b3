//! The party itself.

use shared::contract::Person;
use shared::http::{self, ReadRequest as _, Request, ResponseExt as _};
use shared::{App, idempotency, party};

use super::{Handled, Named, party_id};

pub(super) async fn create(app: &App, request: &Request, caller: &Person) -> Handled {
    let founding = request.json()?;
    let request = idempotency::IdempotencyKey::of(request, "party", &caller.user_id)?;
    let created = party::create(&app.store, caller, founding, &request).await?;
    Ok((http::created(&created.party).replayed(created.is_repeated), None))
}

pub(super) async fn read(app: &App, request: &Request, caller: &Person) -> Handled {
    let found = party::read(&app.store, &party_id(request)?, &caller.user_id).await?;
    Ok((http::ok(&found), None))
}

pub(super) async fn change(app: &App, request: &Request, caller: &Person) -> Handled {
    let done = party::change(&app.store, &party_id(request)?, &caller.user_id, request.json()?).await?;
    Ok((http::ok(&done.told), done.committed))
}

pub(super) async fn hand_over(app: &App, request: &Request, caller: &Person) -> Handled {
    let heir = request.json::<Named>()?.user()?;
    let done = party::hand_over(&app.store, &party_id(request)?, &caller.user_id, &heir).await?;
    Ok((http::ok(&done.told), done.committed))
}

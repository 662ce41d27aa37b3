//! The party itself.

use shared::contract::Person;
use shared::http::{Answer, Call};
use shared::{App, idempotency, party};

use super::{Handled, Named, party_id};

pub(super) async fn create(app: &App, call: &Call, caller: &Person) -> Handled {
    let founding = call.json()?;
    let request = idempotency::Request::of(call, "party", &caller.user_id)?;
    let created = party::create(&app.store, caller, founding, &request).await?;
    Ok((Answer::created(&created.party).replayed(created.is_repeated), None))
}

pub(super) async fn read(app: &App, call: &Call, caller: &Person) -> Handled {
    let found = party::read(&app.store, &party_id(call)?, &caller.user_id).await?;
    Ok((Answer::ok(&found), None))
}

pub(super) async fn change(app: &App, call: &Call, caller: &Person) -> Handled {
    let done = party::change(&app.store, &party_id(call)?, &caller.user_id, call.json()?).await?;
    Ok((Answer::ok(&done.told), done.committed))
}

pub(super) async fn hand_over(app: &App, call: &Call, caller: &Person) -> Handled {
    let heir = call.json::<Named>()?.user()?;
    let done = party::hand_over(&app.store, &party_id(call)?, &caller.user_id, &heir).await?;
    Ok((Answer::ok(&done.told), done.committed))
}

//! Requests between a lease's client and notary.

use serde::Deserialize;
use shared::App;
use shared::contract::id::LeaseId;
use shared::contract::leases::RequestStatus;
use shared::contract::person::Person;
use shared::http::{self, ReadRequest as _, Request};
use shared::identity::Identity;
use shared::leases::{self, Participant, RequestCursor, RequestId, StatusChange};
use shared::outbox::Done;

use super::Handled;

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    status: RequestStatus,
}

pub(super) async fn list(app: &App, request: &Request, participant: &Participant) -> Handled {
    let limit = request.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let cursor = request.query("cursor").map(RequestCursor::parse).transpose()?;
    let page = leases::requests(&app.table, &participant.lease, limit, cursor.as_ref()).await?;
    Ok(Done::now(http::ok(&page), None))
}

pub(super) async fn create(app: &App, request: &Request, caller: &Identity, participant: &Participant) -> Handled {
    let new = request.json()?;
    let key = app.idempotency_key(request, &participant.id)?;
    let asker = (participant, app.person(caller).await.display_name);
    let created = leases::create_request(&app.table, &app.writer(request.request_id()), asker, new, &key).await?;
    Ok(created.map(|request| http::created(&request)))
}

pub(super) async fn change(app: &App, request: &Request, lease: &LeaseId, caller: &Person) -> Handled {
    let (id, Change { status }) = (RequestId::parse(request.path("requestId"))?, request.json()?);
    let writer = app.writer(request.request_id());
    let changed = leases::change_request(&app.table, &writer, lease, caller, StatusChange { id: &id, status }).await?;
    Ok(changed.map(|request| http::ok(&request)))
}

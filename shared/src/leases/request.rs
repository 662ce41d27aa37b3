//! Requests of a lease: one side asks something of the other, or of the participant or the role to whom the request is addressed. They
//! accept or refuse it, until it is done.

use serde::{Deserialize, Serialize};

use super::lease::{Lease, Participant, participant_in};
use super::participants::{ParticipantView, role as role_named};
use super::request_row::{LeaseRequestRow, StoredPerson};
use super::request_rules::{name, permit, side};
use crate::api_error::ApiError;
use crate::chats::retry;
use crate::contract::facts::Fact;
use crate::contract::id::{LeaseId, UserId};
use crate::contract::leases::{LeasePerson, LeaseRequest, RequestAddressee, RequestStatus};
use crate::contract::person::Person;
use crate::contract::text::{Line, Text};
use crate::contract::time::Millis;
use crate::http::idempotency::{self, IdempotencyKey, REMEMBERED_SECONDS};
use crate::http::page::{cursor, parse_cursor};
use crate::outbox::{Append, Committed, Delivery, Done, Outbox, WriteContext};
use crate::table::key::{self, REQUEST};
use crate::table::rate_limit::{self, Limit};
use crate::table::{Action, IMPORTED, Key, Query, Table, TableError, eq, item, read};

use RequestStatus::Pending;

/// How many requests a user may make: twenty at once, then one each half minute.
pub const REQUESTS: Limit = Limit { burst: 20, interval: 30_000 };
/// Longest title and description, in characters. With the longest names, the event is then within Pusher's 10 KB.
const MAX_TITLE: usize = 200;
const MAX_DESCRIPTION: usize = 1_500;
/// Longest name of a person, in characters, as that of a caller.
pub(super) const MAX_NAME: usize = 128;
/// In place of the title and the name of a user who is erased: neither may be empty.
const ERASED: &str = "…";

/// A member's request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRequest {
    title: String,
    #[serde(default)]
    description: String,
    /// Without it, the request is for the other side.
    to: Option<NewAddressee>,
}

/// To whom a request is to be addressed: exactly one of the two.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewAddressee {
    user_id: Option<String>,
    role: Option<String>,
}

impl NewAddressee {
    /// # Errors
    /// 400 unless it names one participant or one role.
    fn parsed(self) -> Result<RequestAddressee, ApiError> {
        match (self.user_id, self.role) {
            (Some(id), None) => {
                let user_id = UserId::parse(id).map_err(|error| ApiError::field("to.userId", error))?;
                Ok(RequestAddressee::User { user_id })
            }
            (None, Some(role)) => Ok(RequestAddressee::Role { role: role_named(&role, "to.role")? }),
            _ => Err(ApiError::field("to", "must have either a userId or a role")),
        }
    }
}

/// # Errors
/// 422 when a request would be addressed to the caller alone, or to nobody in the lease.
fn must_be_another(to: &RequestAddressee, caller: &Participant) -> Result<(), ApiError> {
    let is_named = |other: &ParticipantView| to.names(&other.user_id, other.role);
    if caller.others().iter().any(is_named) {
        return Ok(());
    }
    Err(ApiError::Unprocessable("to must name another participant of the lease, or their role".to_owned()))
}

impl NewRequest {
    /// # Errors
    /// 400 for a bad field.
    pub(super) fn checked(self) -> Result<CheckedRequest, ApiError> {
        let title = Line::parse(&self.title, MAX_TITLE).map_err(|error| ApiError::field("title", error))?;
        let description = Text::parse_optional(&self.description, MAX_DESCRIPTION);
        let description = description.map_err(|error| ApiError::field("description", error))?;
        Ok(CheckedRequest { title, description, to: self.to.map(NewAddressee::parsed).transpose()? })
    }
}

/// The fields of a new request, checked.
#[derive(Debug, Clone)]
pub(super) struct CheckedRequest {
    pub(super) title: Line,
    pub(super) description: Text,
    pub(super) to: Option<RequestAddressee>,
}

/// The row of an idempotency key.
#[derive(Serialize, Deserialize)]
struct KeyRow {
    request: String,
    expires_at: i64,
}

/// Makes a request of a participant with this name, which is pending then. A repeated one returns the first one's, as it is now.
///
/// # Errors
/// 400 for a bad field, 422 for a reused key or an addressee who is not another participant, 429 over the limit, 503 when too many write at
/// once, 500.
pub async fn create_request(
    table: &Table,
    writer: &WriteContext,
    (participant, name): (&Participant, Line),
    new: NewRequest,
    key: &IdempotencyKey,
) -> Result<Done<LeaseRequest>, ApiError> {
    let CheckedRequest { title, description, to } = new.checked()?;
    to.as_ref().map_or(Ok(()), |to| must_be_another(to, participant))?;
    let limit = Key::limit(&participant.id, "lease-requests");
    let first = Key::idempotency(&key.id().to_string());
    let created_by = StoredPerson::of(participant.person(name));
    retry(|| async {
        let now = Millis::now();
        let [due, done] = table.get_each([&limit, &first], true).await?;
        let due = due.as_ref().and_then(rate_limit::due);
        let done = done.map(read::<KeyRow>).transpose()?.filter(|row| row.expires_at > now.seconds());
        if let Some(done) = done {
            let id = RequestId::parse(&done.request)?;
            let row =
                table.get(&Key::lease_request(&participant.lease, id.as_str()), true).await?.ok_or_else(unknown)?;
            let first = read::<LeaseRequestRow>(row)?;
            let is_same = first.title == title && first.description == description && first.to == to;
            idempotency::must_be_same(is_same)?;
            return Ok(Some(Done::replay(first.view(&participant.lease))));
        }
        let next = REQUESTS.admit(due, now).map_err(ApiError::TooManyRequests)?;
        let id = RequestId::new();
        let request = Key::lease_request(&participant.lease, id.as_str());
        let row = LeaseRequestRow {
            sk: request.sk.clone(),
            title: title.clone(),
            description: description.clone(),
            status: Pending,
            to: to.clone(),
            created_by: created_by.clone(),
            created_at: now,
            updated_by: None,
            updated_at: now,
        };
        let view = row.clone().view(&participant.lease);
        let fact = Delivery::fact(Fact::LeaseRequestCreated {
            bail_id: participant.lease.clone(),
            request_id: id.as_str().to_owned(),
            status: Pending,
            created_by: participant.id.clone(),
            to: to.clone(),
        });
        let committed = Committed::new(request, Outbox::new([Delivery::event(&view), fact], writer, now));
        let mut writes = vec![Action::put_new(committed.item(&row)?, now), rate_limit::count(&limit, due, next)];
        if key.has_key() {
            let expires_at = now.plus_seconds(REMEMBERED_SECONDS).seconds();
            let row = KeyRow { request: id.as_str().to_owned(), expires_at };
            writes.push(Action::put_new(item(&first, &row)?, now));
        }
        let is_done = table.transact(writes).await?.is_done();
        Ok(is_done.then(|| Done::now(view, [committed])))
    })
    .await
}

/// A change of a request's status.
#[derive(Debug, Clone, Copy)]
pub struct StatusChange<'a> {
    pub id: &'a RequestId,
    pub status: RequestStatus,
}

/// Changes a request's status as `request_rules` permits. Its present status changes nothing.
///
/// # Errors
/// 403 for a side that may not make this change, 404 for an unknown lease or request, 409 when its status permits no such change,
/// 503 when too many change it at once or its events wait for Pusher, 500.
pub async fn change_request(
    table: &Table,
    writer: &WriteContext,
    lease: &LeaseId,
    caller: &Person,
    StatusChange { id, status }: StatusChange<'_>,
) -> Result<Done<LeaseRequest>, ApiError> {
    let (of_lease, of_request) = (Key::lease(lease), Key::lease_request(lease, id.as_str()));
    retry(|| async {
        let [lease_row, found] = table.get_each([&of_lease, &of_request], true).await?;
        let now_lease = lease_row.map(Lease::of_row).transpose()?.ok_or_else(unknown)?;
        let participant = participant_in(&now_lease, lease, &caller.user_id);
        let found = found
            .map(|row| Ok::<_, TableError>((Committed::of_row(&row), read::<LeaseRequestRow>(row)?)))
            .transpose()?;
        let (Some(participant), Some((owing, row))) = (participant, found) else {
            return Err(unknown());
        };
        if row.status == status {
            return Ok(Some(Done::now(row.view(lease), None)));
        }
        permit(row.status, status, side(&row, &participant, &now_lease))?;
        let now = Millis::now();
        let seen = row.status;
        let updated_by = Some(StoredPerson::of(participant.person(caller.display_name.clone())));
        let changed = LeaseRequestRow { status, updated_by, updated_at: now, ..row };
        let view = changed.clone().view(lease);
        let fact = Delivery::fact(Fact::LeaseRequestUpdated {
            bail_id: lease.clone(),
            request_id: id.as_str().to_owned(),
            status,
            updated_by: participant.id.clone(),
        });
        let append = Append::new(of_request.clone(), owing, [Delivery::event(&view), fact], writer, now)?;
        let update = append.update_to(&changed)?.when(eq("status", name(seen)));
        let is_done = table.write(update).await?.is_done();
        Ok(is_done.then(|| Done::now(view, append.deliverable())))
    })
    .await
}

/// [`ERASED`] as a line.
fn erased_line() -> Line {
    Line::cleaned(ERASED, MAX_TITLE).unwrap_or_default()
}

/// Takes a user out of a request: as who made it, with what it asks; as who changed it last; as who was asked. The chat hears of the change. Returns
/// the row with its deliveries, or `None` when the user is not in it.
///
/// # Errors
/// 503 when too many change it at once, 500 when DynamoDB fails.
pub(crate) async fn erase_from_request(
    table: &Table,
    writer: &WriteContext,
    lease: &LeaseId,
    key: &Key,
    (user, alias): (&UserId, &UserId),
) -> Result<Option<Vec<Committed>>, ApiError> {
    let erased = |stored: StoredPerson| StoredPerson {
        person: LeasePerson { id: alias.clone(), name: erased_line(), ..stored.person },
        ..stored
    };
    let is_theirs = |stored: &StoredPerson| stored.person.id == *user;
    retry(|| async {
        let Some(found) = table.get(key, true).await? else {
            return Ok(Some(None));
        };
        let (owing, row) = (Committed::of_row(&found), read::<LeaseRequestRow>(found)?);
        let (is_asker, is_changer) = (is_theirs(&row.created_by), row.updated_by.as_ref().is_some_and(is_theirs));
        let is_addressee = matches!(&row.to, Some(RequestAddressee::User { user_id }) if user_id == user);
        if !is_asker && !is_changer && !is_addressee {
            return Ok(Some(None));
        }
        let now = Millis::now();
        let (status, mut left) = (row.status, row);
        if is_asker {
            left.title = erased_line();
            left.description = Text::default();
            left.created_by = erased(left.created_by);
        }
        if is_addressee {
            left.to = Some(RequestAddressee::User { user_id: alias.clone() });
        }
        if is_changer {
            left.updated_by = left.updated_by.map(erased);
        }
        let view = left.clone().view(lease);
        let append = Append::instead(key.clone(), owing, [Delivery::event(&view)], writer, now);
        let update = append.update_to(&left)?.remove(IMPORTED).when(eq("status", name(status)));
        let is_done = table.write(update).await?.is_done();
        Ok(is_done.then(|| Some(append.deliverable().into_iter().collect())))
    })
    .await
}

fn unknown() -> ApiError {
    ApiError::NotFound(
        "There is no such request in a lease with you in it: GET /leases/{bailId}/requests lists those that there are"
            .to_owned(),
    )
}

/// A request's id: the 32 hexadecimal digits of a UUID that sorts by time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub(super) String);

impl RequestId {
    fn new() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string())
    }

    fn of(text: &str) -> Option<Self> {
        let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
        is_id.then(|| Self(text.to_owned()))
    }

    /// Parses an id from a path.
    ///
    /// # Errors
    /// 404 for anything else, as for the id of an unknown request.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        Self::of(text).ok_or_else(unknown)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a page of requests starts.
#[derive(Debug, Clone)]
pub struct RequestCursor(RequestId);

impl RequestCursor {
    /// Parses the `nextCursor` of an earlier page.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        parse_cursor(text, |id| RequestId::of(&id)).map(Self)
    }
}

/// A page of requests.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestPage {
    requests: Vec<LeaseRequest>,
    next_cursor: Option<String>,
}

/// The requests of a lease, newest first: one consistent query.
///
/// # Errors
/// When DynamoDB fails.
pub async fn requests(
    table: &Table,
    lease: &LeaseId,
    limit: u8,
    after: Option<&RequestCursor>,
) -> Result<RequestPage, TableError> {
    let query = Query::new(key::lease(lease)).begins_with(REQUEST).descending();
    let after = after.map(|RequestCursor(id)| Key::lease_request(lease, id.as_str()));
    let (rows, next) = table.query_page(query, limit, after.as_ref()).await?;
    let rows = rows.into_iter().map(read).collect::<Result<Vec<LeaseRequestRow>, _>>()?;
    let next_cursor = next.and_then(|key| key.sk.strip_prefix(REQUEST).map(cursor));
    Ok(RequestPage { requests: rows.into_iter().map(|row| row.view(lease)).collect(), next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::event::{Event as _, MAX_EVENT_BYTES};

    #[test]
    fn the_longest_request_fits_into_an_event() {
        // Four bytes each, which is what a character can have at most where no control character is allowed.
        let text = |length: usize| "\u{1f600}".repeat(length);
        let line = |length: usize| Line::parse(&text(length), length).unwrap();
        let user_id = UserId::parse("x".repeat(128)).unwrap();
        let person = StoredPerson::of(LeasePerson {
            id: user_id.clone(),
            name: line(128),
            role: crate::contract::chats::Role::CoTenant,
        });
        let row = LeaseRequestRow {
            sk: format!("{REQUEST}{}", "f".repeat(32)),
            title: line(MAX_TITLE),
            description: Text::parse(&text(MAX_DESCRIPTION), MAX_DESCRIPTION).unwrap(),
            status: RequestStatus::Accepted,
            to: Some(RequestAddressee::User { user_id }),
            created_by: person.clone(),
            created_at: Millis(1),
            updated_by: Some(person),
            updated_at: Millis(1),
        };
        assert!(row.view(&LeaseId::parse("l").unwrap()).data().len() <= MAX_EVENT_BYTES);
    }
}

//! Requests of a lease: one side asks something of the other, or of the participant or the role to whom the request is addressed. They
//! accept or refuse it, until it is done.

use serde::{Deserialize, Serialize};

use super::lease::{Lease, Participant, participant_in};
use super::participants::{LEASE_ROLES, ParticipantView, role as role_named};
use super::role::{Right, is_of_leases, may};
use crate::api_error::ApiError;
use crate::chats::retry;
use crate::contract::chats::Role;
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

use RequestStatus::{Accepted, Done as Finished, Pending, Refused};

/// How many requests a user may make: twenty at once, then one each half minute.
pub const REQUESTS: Limit = Limit { burst: 20, interval: 30_000 };
/// Longest title and description, in characters. With the longest names, the event is then within Pusher's 10 KB.
const MAX_TITLE: usize = 200;
const MAX_DESCRIPTION: usize = 1_500;
/// Longest name of a person, in characters, as that of a caller.
const MAX_NAME: usize = 128;
/// In place of the title and the name of a user who is erased: neither may be empty.
const ERASED: &str = "…";

/// A participant's side of a request. A side is a role, not a person: a new notary has the requests of the notary before, and decides
/// on those of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Their side made it.
    Asker,
    /// It is for them to decide on.
    Asked,
    /// It is for others on their side to decide on.
    Bystander,
}

/// Permitted changes of the status, and by which side. All others are refused.
const TRANSITIONS: &[(RequestStatus, RequestStatus, &[Side])] = &[
    (Pending, Accepted, &[Side::Asked]),
    (Pending, Refused, &[Side::Asked]),
    (Accepted, Refused, &[Side::Asked]),
    (Accepted, Finished, &[Side::Asker, Side::Asked]),
];

/// Checks a change of status against the table.
fn permit(from: RequestStatus, to: RequestStatus, side: Side) -> Result<(), ApiError> {
    match TRANSITIONS.iter().find(|(before, after, _)| (*before, *after) == (from, to)) {
        None => Err(ApiError::Conflict(format!("A request that is {} cannot become {}", name(from), name(to)))),
        Some((.., sides)) if sides.contains(&side) => Ok(()),
        Some((.., [Side::Asked])) => {
            Err(ApiError::Forbidden(format!("Only whoever was asked may make it {}", name(to))))
        }
        Some(_) => {
            Err(ApiError::Forbidden(format!("Only the side that asked and who was asked may make it {}", name(to))))
        }
    }
}

fn name(status: RequestStatus) -> &'static str {
    match status {
        Pending => "pending",
        Accepted => "accepted",
        Refused => "refused",
        Finished => "done",
    }
}

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
    fn checked(self) -> Result<Asked, ApiError> {
        let title = Line::parse(&self.title, MAX_TITLE).map_err(|error| ApiError::field("title", error))?;
        let description = Text::parse_optional(&self.description, MAX_DESCRIPTION);
        let description = description.map_err(|error| ApiError::field("description", error))?;
        Ok(Asked { title, description, to: self.to.map(NewAddressee::parsed).transpose()? })
    }
}

/// The fields of a new request, checked.
#[derive(Debug, Clone)]
struct Asked {
    title: Line,
    description: Text,
    to: Option<RequestAddressee>,
}

/// A person in a request of another system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OldRequestPerson {
    id: String,
    name: String,
    role: Role,
}

impl OldRequestPerson {
    fn checked(self, field: &str) -> Result<StoredPerson, ApiError> {
        let id = UserId::parse(self.id).map_err(|error| ApiError::field(&format!("{field}.id"), error))?;
        let name =
            Line::parse(&self.name, MAX_NAME).map_err(|error| ApiError::field(&format!("{field}.name"), error))?;
        if !is_of_leases(self.role) {
            return Err(ApiError::field(&format!("{field}.role"), LEASE_ROLES));
        }
        Ok(StoredPerson::of(LeasePerson { id, name, role: self.role }))
    }
}

/// A request of another system, with its status.
#[derive(Debug, Clone)]
pub(crate) struct OldRequest {
    pub status: RequestStatus,
    pub created_by: OldRequestPerson,
    pub created_at: Millis,
    pub updated_by: Option<OldRequestPerson>,
    pub updated_at: Millis,
}

impl OldRequest {
    /// The id that the request has here: it sorts by time. `unique` is that of its own id.
    pub(crate) fn id(&self, unique: uuid::Uuid) -> RequestId {
        RequestId(format!("{:012x}{}", self.created_at.0, &unique.simple().to_string()[12..]))
    }

    /// The write of the request, unless it is there.
    ///
    /// # Errors
    /// 400 for invalid fields.
    pub(crate) fn imported(self, lease: &LeaseId, id: &RequestId, new: NewRequest) -> Result<Action, ApiError> {
        let Asked { title, description, to } = new.checked()?;
        let key = Key::lease_request(lease, id.as_str());
        let row = Row {
            sk: key.sk.clone(),
            title,
            description,
            status: self.status,
            to,
            created_by: self.created_by.checked("createdBy")?,
            created_at: self.created_at,
            updated_by: self.updated_by.map(|person| person.checked("updatedBy")).transpose()?,
            updated_at: self.updated_at,
        };
        Ok(Action::put_new(item(&key, &row)?, self.created_at))
    }
}

/// A request, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    #[serde(skip_serializing)]
    sk: String,
    title: Line,
    description: Text,
    status: RequestStatus,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    to: Option<RequestAddressee>,
    created_by: StoredPerson,
    created_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<StoredPerson>,
    updated_at: Millis,
}

/// A participant, as stored: with their side as the role, which is all that the version before reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredPerson {
    #[serde(flatten)]
    person: LeasePerson,
    #[serde(rename = "exactRole", skip_serializing_if = "Option::is_none", default)]
    exact_role: Option<Role>,
}

impl StoredPerson {
    fn of(person: LeasePerson) -> Self {
        let exact_role = person.role.beside_side();
        Self { person: LeasePerson { role: person.role.side(), ..person }, exact_role }
    }

    fn whole(self) -> LeasePerson {
        LeasePerson { role: self.exact_role.unwrap_or(self.person.role), ..self.person }
    }
}

/// The row of an idempotency key.
#[derive(Serialize, Deserialize)]
struct KeyRow {
    request: String,
    expires_at: i64,
}

impl Row {
    fn view(self, lease: &LeaseId) -> LeaseRequest {
        LeaseRequest {
            lease: lease.clone(),
            id: self.sk.strip_prefix(REQUEST).unwrap_or_default().to_owned(),
            title: self.title,
            description: self.description,
            status: self.status,
            to: self.to,
            created_by: self.created_by.whole(),
            created_at: self.created_at.iso(),
            updated_by: self.updated_by.map(StoredPerson::whole),
            updated_at: self.updated_at.iso(),
        }
    }
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
    let Asked { title, description, to } = new.checked()?;
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
            let first = read::<Row>(row)?;
            let is_same = first.title == title && first.description == description && first.to == to;
            idempotency::must_be_same(is_same)?;
            return Ok(Some(Done::replay(first.view(&participant.lease))));
        }
        let next = REQUESTS.admit(due, now).map_err(ApiError::TooManyRequests)?;
        let id = RequestId::new();
        let request = Key::lease_request(&participant.lease, id.as_str());
        let row = Row {
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

/// Changes a request's status as the table above permits. Its present status changes nothing.
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
        let found = found.map(|row| Ok::<_, TableError>((Committed::of_row(&row), read::<Row>(row)?))).transpose()?;
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
        let changed = Row { status, updated_by, updated_at: now, ..row };
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

fn side(row: &Row, participant: &Participant, lease: &Lease) -> Side {
    let is_askers = row.created_by.person.role == participant.role.side();
    // A request to somebody who has left the lease is as one to nobody.
    let is_asked = |to: &&RequestAddressee| {
        let mut others = lease.people().filter(|(user, _)| **user != row.created_by.person.id);
        others.any(|(user, role)| to.names(user, role))
    };
    let is_addressed = match row.to.as_ref().filter(is_asked) {
        // A clerk may ask all clerks, and the others decide.
        Some(_) if row.created_by.person.id == participant.id => false,
        Some(to) => to.names(&participant.id, participant.role),
        None => !is_askers && may(participant.role, Right::Decide),
    };
    match () {
        () if is_addressed => Side::Asked,
        () if is_askers => Side::Asker,
        () => Side::Bystander,
    }
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
        let (owing, row) = (Committed::of_row(&found), read::<Row>(found)?);
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
pub struct RequestId(String);

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
    let rows = rows.into_iter().map(read).collect::<Result<Vec<Row>, _>>()?;
    let next_cursor = next.and_then(|key| key.sk.strip_prefix(REQUEST).map(cursor));
    Ok(RequestPage { requests: rows.into_iter().map(|row| row.view(lease)).collect(), next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::event::{Event as _, MAX_EVENT_BYTES};

    const ALL: [RequestStatus; 4] = [Pending, Accepted, Refused, Finished];

    #[test]
    fn the_asked_side_decides_and_either_side_finishes() {
        let permitted = |side| {
            let pairs = ALL.into_iter().flat_map(|from| ALL.map(|to| (from, to)));
            pairs.filter(|(from, to)| permit(*from, *to, side).is_ok()).collect::<Vec<_>>()
        };
        assert_eq!(permitted(Side::Asker), [(Accepted, Finished)]);
        let asked = [(Pending, Accepted), (Pending, Refused), (Accepted, Refused), (Accepted, Finished)];
        assert_eq!(permitted(Side::Asked), asked);
        assert!(permitted(Side::Bystander).is_empty());
    }

    #[test]
    fn an_impossible_change_is_a_conflict_and_a_change_for_the_other_side_is_forbidden() {
        assert!(matches!(permit(Refused, Accepted, Side::Asked), Err(ApiError::Conflict(_))));
        assert!(matches!(permit(Finished, Pending, Side::Asker), Err(ApiError::Conflict(_))));
        assert!(matches!(permit(Pending, Accepted, Side::Asker), Err(ApiError::Forbidden(_))));
    }

    #[test]
    fn the_longest_request_fits_into_an_event() {
        // Four bytes each, which is what a character can have at most where no control character is allowed.
        let text = |length: usize| "\u{1f600}".repeat(length);
        let line = |length: usize| Line::parse(&text(length), length).unwrap();
        let user_id = UserId::parse("x".repeat(128)).unwrap();
        let person = StoredPerson::of(LeasePerson { id: user_id.clone(), name: line(128), role: Role::CoTenant });
        let row = Row {
            sk: format!("{REQUEST}{}", "f".repeat(32)),
            title: line(MAX_TITLE),
            description: Text::parse(&text(MAX_DESCRIPTION), MAX_DESCRIPTION).unwrap(),
            status: Accepted,
            to: Some(RequestAddressee::User { user_id }),
            created_by: person.clone(),
            created_at: Millis(1),
            updated_by: Some(person),
            updated_at: Millis(1),
        };
        assert!(row.view(&LeaseId::parse("l").unwrap()).data().len() <= MAX_EVENT_BYTES);
    }
}

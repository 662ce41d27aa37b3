//! A lease: its client, its notary, and up to eight clerks and co-tenants. A service puts it; it has no other way to come about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::participants::{FurtherParticipant, ParticipantView, Participants, PutParticipant, PutParticipants};
use super::role::{self, Right};
use crate::api_error::ApiError;
use crate::chats::retry;
use crate::contract::chats::Role;
use crate::contract::email::EmailAddress;
use crate::contract::id::{LeaseId, UserId};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::outbox::{Append, Committed, Delivery, Done, WriteContext};
use crate::table::{Action, Item, Key, Table, TableError, eq, item, read};
use crate::users::locale::Locale;

/// Longest title, in characters.
const MAX_TITLE: usize = 200;

/// A service's request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutLease {
    client_id: Option<String>,
    notary_id: Option<String>,
    title: String,
    locale: Option<String>,
    client_email: Option<String>,
    notary_email: Option<String>,
    /// In place of the four fields about the client and the notary.
    participants: Option<Vec<PutParticipant>>,
}

/// A lease, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub client: UserId,
    pub notary: UserId,
    /// Its title, for e-mails.
    pub title: Line,
    /// The language of e-mails to a participant who has chosen none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// Where the client's e-mail goes, instead of the address in their token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_email: Option<EmailAddress>,
    /// Likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notary_email: Option<EmailAddress>,
    /// Clerks and co-tenants.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    further: BTreeMap<UserId, FurtherParticipant>,
    created_at: Millis,
    updated_at: Millis,
}

/// A lease as services see it. It shows no addresses.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseView {
    bail_id: LeaseId,
    client_id: UserId,
    notary_id: UserId,
    title: Line,
    locale: Option<Locale>,
    /// Where there are more than these two.
    #[serde(skip_serializing_if = "Option::is_none")]
    participants: Option<Vec<ParticipantView>>,
    created_at: String,
    updated_at: String,
}

/// One of the people of a lease.
#[derive(Debug, Clone)]
pub struct Participant {
    pub lease: LeaseId,
    pub id: UserId,
    pub role: Role,
    /// The notary, for the client's side; the client, for the notary's.
    pub other: UserId,
    /// All participants, where there are more than the client and the notary.
    pub participants: Option<Vec<ParticipantView>>,
}

impl Participant {
    /// # Errors
    /// 403 when their role does not permit this.
    pub fn must(&self, right: Right) -> Result<(), ApiError> {
        role::must(self.role, right)
    }

    /// The ids of all others.
    #[must_use]
    pub fn other_ids(&self) -> Vec<UserId> {
        self.others().into_iter().map(|other| other.user_id).collect()
    }

    /// The others, with the other side's first person first.
    pub(super) fn others(&self) -> Vec<ParticipantView> {
        let opposite = if self.role.side() == Role::Client { Role::Notary } else { Role::Client };
        let other = ParticipantView { user_id: self.other.clone(), role: opposite };
        let further =
            self.participants.iter().flatten().filter(|one| one.user_id != self.id && **one != other).cloned();
        std::iter::once(other.clone()).chain(further).collect()
    }
}

impl Lease {
    /// Reads a lease's row.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when the row is not a lease.
    pub fn of_row(row: Item) -> Result<Self, TableError> {
        read(row)
    }

    /// The role of a user in this lease.
    #[must_use]
    pub fn role(&self, user: &UserId) -> Option<Role> {
        match user {
            user if *user == self.client => Some(Role::Client),
            user if *user == self.notary => Some(Role::Notary),
            user => self.further.get(user).map(|further| further.role),
        }
    }

    /// The address that the service gave for a user.
    #[must_use]
    pub fn email(&self, user: &UserId) -> Option<&EmailAddress> {
        match self.role(user)? {
            Role::Client => self.client_email.as_ref(),
            Role::Notary => self.notary_email.as_ref(),
            _ => self.further.get(user)?.email.as_ref(),
        }
    }

    pub(super) fn people(&self) -> impl Iterator<Item = (&UserId, Role)> {
        let two = [(&self.client, Role::Client), (&self.notary, Role::Notary)];
        two.into_iter().chain(self.further.iter().map(|(user, further)| (user, further.role)))
    }

    /// All participants, where there are more than the client and the notary.
    fn participants(&self) -> Option<Vec<ParticipantView>> {
        let all = || self.people().map(|(user, role)| ParticipantView { user_id: user.clone(), role }).collect();
        (!self.further.is_empty()).then(all)
    }

    fn view(self, lease: &LeaseId) -> LeaseView {
        LeaseView {
            participants: self.participants(),
            bail_id: lease.clone(),
            client_id: self.client,
            notary_id: self.notary,
            title: self.title,
            locale: self.locale,
            created_at: self.created_at.iso(),
            updated_at: self.updated_at.iso(),
        }
    }
}

impl PutLease {
    fn checked(self, now: Millis) -> Result<Lease, ApiError> {
        let people = match (self.participants, self.client_id, self.notary_id, self.client_email, self.notary_email) {
            (Some(people), None, None, None, None) => PutParticipants::Several(people),
            (None, Some(client_id), Some(notary_id), client_email, notary_email) => {
                PutParticipants::Two { client_id, notary_id, client_email, notary_email }
            }
            _ => {
                let told = "Send clientId and notaryId, with their e-mail addresses or without, or participants instead of these four";
                return Err(ApiError::Malformed(told.to_owned()));
            }
        };
        let Participants { client: (client, client_email), notary: (notary, notary_email), further } =
            people.checked()?;
        let locale = match self.locale.as_deref() {
            None => None,
            Some("en") => Some(Locale::En),
            Some("fr") => Some(Locale::Fr),
            Some(_) => return Err(ApiError::field("locale", "must be en or fr")),
        };
        Ok(Lease {
            client,
            notary,
            title: Line::parse(&self.title, MAX_TITLE).map_err(|error| ApiError::field("title", error))?,
            locale,
            client_email,
            notary_email,
            further,
            created_at: now,
            updated_at: now,
        })
    }
}

/// The write of a lease from another system's data, unless there is one of this id.
///
/// # Errors
/// 400 for a bad field, 422 when both are the same person.
pub(crate) fn imported(
    id: &LeaseId,
    put: PutLease,
    (created_at, updated_at): (Millis, Millis),
) -> Result<Action, ApiError> {
    let lease = Lease { updated_at, ..put.checked(created_at)? };
    Ok(Action::put_new(item(&Key::lease(id), &lease)?, created_at))
}

/// Puts a lease, or replaces it: absent fields are then absent. A replaced participant gets no further messages;
/// with `terminate`, their connections end too, since Pusher cannot end a single subscription.
///
/// # Errors
/// 400 for a bad field, 422 when one person is named twice or there is not one client and one notary, 503 when too many put it at once, 500.
pub async fn put(
    table: &Table,
    writer: &WriteContext,
    id: &LeaseId,
    put: PutLease,
    terminate: bool,
) -> Result<Done<LeaseView>, ApiError> {
    let wanted = put.checked(Millis::now())?;
    let key = Key::lease(id);
    retry(|| async {
        let row = table.get(&key, true).await?;
        let owing = row.as_ref().and_then(Committed::of_row);
        let seen = row.map(Lease::of_row).transpose()?;
        // Later than any earlier change, so that the condition tells the changes apart.
        let after = seen.as_ref().map_or(Millis::epoch(), |seen| Millis(seen.updated_at.0 + 1));
        let now = Millis::now().max(after);
        let created_at = seen.as_ref().map_or(now, |seen| seen.created_at);
        let lease = Lease { created_at, updated_at: now, ..wanted.clone() };
        let gone = seen.iter().flat_map(Lease::people).filter(|(user, _)| lease.role(user).is_none() && terminate);
        let ended: Vec<_> = gone.map(|(user, _)| Delivery::Terminate { user: user.clone() }).collect();
        let append = Append::new(key.clone(), owing, ended, writer, now)?;
        let put = match &seen {
            None => Action::put_new(append.committed().item(&lease)?, now),
            Some(seen) => append.put(&lease)?.when(eq("updated_at", seen.updated_at)),
        };
        let is_done = table.write(put).await?.is_done();
        Ok(is_done.then(|| Done::now(lease.view(id), append.deliverable())))
    })
    .await
}

/// The caller as a participant of a lease, by one consistent read: nothing is cached, so a replaced participant is out at once.
///
/// # Errors
/// 404 unless there is such a lease and the caller is one of its people: others learn nothing of it. 500.
pub async fn participant(table: &Table, id: &LeaseId, caller: &UserId) -> Result<Participant, ApiError> {
    let none = || {
        ApiError::NotFound("There is no lease of this id with you in it: check the id, or have your back end put it with PUT /leases/{bailId}".to_owned())
    };
    let row = table.get(&Key::lease(id), true).await?.ok_or_else(none)?;
    participant_in(&Lease::of_row(row)?, id, caller).ok_or_else(none)
}

/// The caller as a participant of this lease.
pub(super) fn participant_in(lease: &Lease, id: &LeaseId, caller: &UserId) -> Option<Participant> {
    let role = lease.role(caller)?;
    let other = if role.side() == Role::Client { &lease.notary } else { &lease.client };
    let participants = lease.participants();
    Some(Participant { lease: id.clone(), id: caller.clone(), role, other: other.clone(), participants })
}

/// The role of a user in a lease, for its channel.
///
/// # Errors
/// When DynamoDB fails.
pub async fn role_in(table: &Table, id: &LeaseId, user: &UserId) -> Result<Option<Role>, TableError> {
    let row = table.get(&Key::lease(id), true).await?;
    let role = row.map(Lease::of_row).transpose()?.and_then(|lease| lease.role(user));
    Ok(role.filter(|role| role::may(*role, Right::Read)))
}

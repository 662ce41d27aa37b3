//! The jobs of a request: those that share rows in the order of their lines, the others side by side.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::job::ImportJob;
use super::line;
use super::report::{ImportReport, LineOutcome, ReadLine};
use crate::api_error::ApiError;
use crate::chats::{self, Conversation, OldMessage};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::hotels;
use crate::notifications::{self, OldNotification};
use crate::parties;
use crate::settings::Settings;
use crate::sockets::contacts;
use crate::table::{Imported, LineDigest, Table, TableError};
use crate::telemetry;
use crate::users::device;

/// Sequences of jobs that run at once.
const MAX_AT_ONCE: usize = 16;

/// The table and the settings for all lines of a request.
#[derive(Debug, Clone, Copy)]
pub struct Importer<'a> {
    pub table: &'a Table,
    pub settings: &'a Settings,
    /// Lines that are not written by then fail, and may be sent again.
    pub deadline: std::time::Instant,
}

impl Importer<'_> {
    /// Writes the lines of a body, each once. A line that is refused does not concern the others.
    ///
    /// # Errors
    /// 400 for no line or more than [`super::MAX_LINES`]. Then nothing was written.
    pub async fn import(self, body: &[u8]) -> Result<ImportReport, ApiError> {
        let now = Millis::now();
        let lines = line::split(body)?.into_iter().map(|(number, text)| ReadLine::read(number, text, now)).collect();
        Ok(run(self, lines, now).await)
    }
}

/// A job with the place of its line.
type Placed = (usize, ImportJob, LineDigest);
/// The outcome of the line at this place, with the id that its row has here.
type Ended = (usize, LineOutcome, Option<String>);

async fn run(importer: Importer<'_>, lines: Vec<ReadLine>, now: Millis) -> ImportReport {
    let mut sequences: BTreeMap<String, Vec<Placed>> = BTreeMap::new();
    let mut ended: BTreeMap<usize, (LineOutcome, Option<String>)> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        match &line.job {
            Ok((job, digest)) => {
                sequences.entry(job.sequence.clone()).or_default().push((place, job.job.clone(), digest.clone()));
            }
            Err(error) => drop(ended.insert(place, (error.into(), None))),
        }
    }
    let each: Vec<_> = sequences.into_values().map(|jobs| sequence(importer, jobs, now)).collect();
    let done: Vec<Vec<Ended>> = stream::iter(each).buffer_unordered(MAX_AT_ONCE).collect().await;
    ended.extend(done.into_iter().flatten().map(|(place, outcome, stored_as)| (place, (outcome, stored_as))));
    let results = lines.into_iter().enumerate().map(|(place, line)| {
        let (outcome, stored_as) = ended.remove(&place).unwrap_or_else(|| (LineOutcome::late(), None));
        line.result(outcome, stored_as)
    });
    let report = ImportReport::of(results.collect());
    telemetry::note("lines", json!(report.counts));
    report
}

/// Jobs that are written together, or one job.
enum Step {
    One(Placed),
    Notifications(UserId, Vec<(usize, OldNotification)>),
    Messages(Conversation, Vec<(usize, OldMessage)>),
}

impl Step {
    fn places(&self) -> Vec<usize> {
        match self {
            Self::One((place, ..)) => vec![*place],
            Self::Notifications(_, some) => some.iter().map(|(place, _)| *place).collect(),
            Self::Messages(_, some) => some.iter().map(|(place, _)| *place).collect(),
        }
    }
}

/// The steps of a sequence. Together are those that follow each other, up to as many as a transaction holds, with different ids.
fn steps(jobs: Vec<Placed>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for (place, job, digest) in jobs {
        let step = match (job, steps.last_mut()) {
            (ImportJob::Notification(_, old), Some(Step::Notifications(_, some)))
                if some.len() < notifications::MAX_IMPORTED && ids.insert(old.id()) =>
            {
                some.push((place, *old));
                continue;
            }
            (ImportJob::Message(_, old), Some(Step::Messages(_, some)))
                if some.len() < chats::MAX_IMPORTED && ids.insert(old.id.clone()) =>
            {
                some.push((place, *old));
                continue;
            }
            (ImportJob::Notification(user, old), _) => {
                ids = BTreeSet::from([old.id()]);
                Step::Notifications(user, vec![(place, *old)])
            }
            (ImportJob::Message(conversation, old), _) => {
                ids = BTreeSet::from([old.id.clone()]);
                Step::Messages(conversation, vec![(place, *old)])
            }
            (job, _) => Step::One((place, job, digest)),
        };
        steps.push(step);
    }
    steps
}

/// Once a step may succeed later, the rest waits with it: messages are numbered in their order, and a member needs the party's line.
async fn sequence(importer: Importer<'_>, jobs: Vec<Placed>, now: Millis) -> Vec<Ended> {
    let deadline = Instant::from_std(importer.deadline);
    let mut ended: Vec<Ended> = Vec::with_capacity(jobs.len());
    for step in steps(jobs) {
        let places = step.places();
        if ended.iter().any(|(_, outcome, _)| outcome.is_to_be_sent_again()) {
            ended.extend(places.into_iter().map(|place| (place, LineOutcome::after_another(), None)));
            continue;
        }
        if Instant::now() >= deadline {
            ended.extend(places.into_iter().map(|place| (place, LineOutcome::late(), None)));
            continue;
        }
        match timeout_at(deadline, importer.step(step, now)).await {
            Ok(Ok(outcomes)) => {
                ended.extend(places.into_iter().zip(outcomes).map(|(place, (outcome, id))| (place, outcome, id)));
            }
            Ok(Err(error)) => {
                if matches!(error, ApiError::Internal(_)) {
                    telemetry::cause(&error);
                }
                ended.extend(places.into_iter().map(|place| (place, (&error).into(), None)));
            }
            Err(_) => ended.extend(places.into_iter().map(|place| (place, LineOutcome::late(), None))),
        }
    }
    ended
}

fn outcome(one: Result<Imported, ApiError>) -> LineOutcome {
    one.map_or_else(|error| LineOutcome::from(&error), Into::into)
}

impl Importer<'_> {
    async fn step(self, step: Step, now: Millis) -> Result<Vec<(LineOutcome, Option<String>)>, ApiError> {
        let table = self.table;
        match step {
            Step::One((_, job, line)) => Ok(vec![(self.one(job, &line, now).await?.into(), None)]),
            Step::Notifications(user, some) => {
                let old: Vec<_> = some.into_iter().map(|(_, old)| old).collect();
                let days = self.settings.notification_days;
                let results = notifications::import(table, &user, &old, days, now).await?;
                Ok(results.into_iter().map(|one| (outcome(one), None)).collect())
            }
            Step::Messages(conversation, some) => {
                let old: Vec<_> = some.into_iter().map(|(_, old)| old).collect();
                let results = self.messages(&conversation, &old, now).await?;
                Ok(results.into_iter().map(|(one, id)| (outcome(one), id)).collect())
            }
        }
    }

    async fn one(self, job: ImportJob, line: &LineDigest, now: Millis) -> Result<Imported, ApiError> {
        let table = self.table;
        match job {
            ImportJob::Row(action) => Ok(table.import(*action, line).await?),
            ImportJob::Profile(old) => Ok(old.import(table, line).await?),
            ImportJob::Device(old) => Ok(device::import(table, &old, line, now).await?),
            ImportJob::Party(party) => party.import(table, line, self.settings.max_party_members, now).await,
            ImportJob::Member(party, member) => {
                parties::import_member(table, &party, &member, line, self.settings.max_party_members).await
            }
            ImportJob::Invitation(old) => old.import(table, line, now).await,
            ImportJob::ReadMark(conversation, mark) => chats::import_mark(table, &conversation, &mark).await,
            ImportJob::Chat(old) => hotels::import_chat(table, &old, line).await,
            // Written together with others of their kind.
            ImportJob::Notification(..) | ImportJob::Message(..) => Err(ApiError::internal("a step of its own")),
        }
    }

    async fn messages(
        self,
        conversation: &Conversation,
        old: &[OldMessage],
        now: Millis,
    ) -> Result<Vec<chats::ImportedMessage>, ApiError> {
        let two = match conversation.kind() {
            chats::ConversationKind::Direct(one, other) => Some((one, other)),
            chats::ConversationKind::Guest(..) | chats::ConversationKind::Lease(_) => None,
        };
        let make = |at: Millis| match two {
            Some((one, other)) => Ok(vec![contacts::add(one, other, at)?, contacts::add(other, one, at)?]),
            None => Ok::<_, TableError>(Vec::new()),
        };
        let (results, has_made) = chats::import(self.table, conversation, old, &make, now).await?;
        if let Some((one, other)) = two.filter(|_| has_made) {
            for user in [one, other] {
                // The next message sees to it, too.
                if let Err(error) = contacts::bound(self.table, user).await {
                    telemetry::cause(&error);
                }
            }
        }
        Ok(results)
    }
}

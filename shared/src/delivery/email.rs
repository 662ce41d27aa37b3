//! E-mails on their way to whoever was not in a lease's chat.
//!
//! In this order:
//!
//! 1. If the recipient is in the presence channel now, they have seen the message. If Pusher does not say, they count as away.
//! 2. If they have read it, have turned e-mail off or have no address, nothing is sent.
//! 3. The window is claimed (`email_window`). While another e-mail's window runs, the entry waits; nothing has failed.
//! 4. The e-mail sums up all messages whose rows still owe one. It shows the five oldest and says how many more there are.
//!
//! Address and text are looked up here, so an outbox holds neither. A process killed between SES and its note sends once more.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};

use super::email_window::{Claim, Decision, decide};
use super::email_words::Told;
use super::plan::Fate;
use super::{Courier, Row};
use crate::chats::{self, Lease, Seq, Unseen};
use crate::clients::ses::{Mail, Mailer, SesError};
use crate::contract::channel::Channel;
use crate::contract::email::EmailAddress;
use crate::contract::id::{LeaseId, UserId};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::notifications::{self, Kind, Preferences};
use crate::outbox::{Delivery, OwedEmail};
use crate::table::{Action, Item, Key, TableError, Write, item, number, read, string};
use crate::telemetry;
use crate::users::locale::Locale;
use crate::users::profile::Profile;

/// Recipients at once.
const MAX_RECIPIENTS_AT_ONCE: usize = 8;
/// What is not begun within this time of a batch is postponed: the function has half a minute in all.
const BATCH_TIMEOUT: Duration = Duration::from_secs(8);
/// How long Pusher may take to say who is in the chat.
const PRESENT_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a claim is tried against other processes.
const MAX_CLAIMS: usize = 3;

/// An entry of an outbox.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its id in its row, which claims the window.
    token: String,
    email: OwedEmail,
}

/// Whoever sends e-mails. A trait for the sake of those who send none: their binaries have nothing of SES.
pub(crate) trait Emails: fmt::Debug + Send + Sync {
    /// Attempts these entries and returns each one's fate.
    fn all<'a>(
        &'a self,
        courier: &'a Courier,
        entries: &'a [Entry],
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Vec<Fate>> + Send + 'a>>;
}

impl Emails for Mailer {
    fn all<'a>(
        &'a self,
        courier: &'a Courier,
        entries: &'a [Entry],
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Vec<Fate>> + Send + 'a>> {
        Box::pin(async move {
            // A lease's e-mails to one recipient go one after another, oldest first: what the first tells of, the next need not.
            let mut groups: BTreeMap<(&LeaseId, &UserId), Vec<usize>> = BTreeMap::new();
            for (place, entry) in entries.iter().enumerate() {
                groups.entry((&entry.email.lease, &entry.email.recipient)).or_default().push(place);
            }
            let attempts: Vec<_> = groups
                .into_values()
                .map(|mut places| {
                    places.sort_by_key(|place| entries[*place].email.seq);
                    to_one(courier, self, entries, places, deadline)
                })
                .collect();
            let mut fates = vec![Fate::UNTRIED; entries.len()];
            let done: Vec<_> = stream::iter(attempts).buffered(MAX_RECIPIENTS_AT_ONCE).collect().await;
            for (place, fate) in done.into_iter().flatten() {
                fates[place] = fate;
            }
            fates
        })
    }
}

/// Delivers the rows' due e-mails and notes each one's fate in its row. Where nobody sends any, e-mail was turned off since.
pub(super) async fn deliver(courier: &Courier, rows: &mut [Row], deadline: Instant) {
    let deadline = deadline.min(Instant::now() + BATCH_TIMEOUT);
    let (mut places, mut entries) = (Vec::new(), Vec::new());
    for (n, row) in rows.iter().enumerate() {
        for place in &row.due {
            let owed = &row.committed.outbox.owed[*place];
            if let Delivery::Email(email) = &owed.delivery {
                places.push((n, *place));
                entries.push(Entry { token: owed.id.clone(), email: email.clone() });
            }
        }
    }
    if entries.is_empty() {
        return;
    }
    let fates = match &courier.emails {
        Some(sender) => sender.all(courier, &entries, deadline).await,
        None => vec![Fate::Moot; entries.len()],
    };
    for ((row, place), fate) in places.into_iter().zip(fates) {
        rows[row].fates[place] = fate;
    }
}

/// Attempts the entries of one lease and recipient, in order.
async fn to_one(
    courier: &Courier,
    mailer: &Mailer,
    entries: &[Entry],
    places: Vec<usize>,
    deadline: Instant,
) -> Vec<(usize, Fate)> {
    let OwedEmail { lease, recipient, .. } = &entries[places[0]].email;
    let all = |fate: Fate| places.iter().map(|place| (*place, fate.clone())).collect();
    if Instant::now() >= deadline {
        return all(Fate::UNTRIED);
    }
    if is_present(courier, lease, recipient).await {
        return all(Fate::Moot);
    }
    let mut known = match Known::read(courier, lease, recipient).await {
        Ok(Some(known)) => known,
        Ok(None) => return all(Fate::Moot),
        Err(error) => {
            telemetry::cause(&error);
            return all(Fate::UNTRIED);
        }
    };
    let mut fates = Vec::with_capacity(places.len());
    for place in places {
        let fate = if Instant::now() >= deadline {
            Fate::UNTRIED
        } else {
            attempt(courier, mailer, &mut known, &entries[place]).await.unwrap_or_else(|error| {
                telemetry::cause(&error);
                Fate::UNTRIED
            })
        };
        fates.push((place, fate));
    }
    fates
}

/// Whether the recipient is in the chat now. When Pusher does not say, nothing reaches them there.
async fn is_present(courier: &Courier, lease: &LeaseId, recipient: &UserId) -> bool {
    if courier.pusher.breaker().is_open(Millis::now()) {
        return false;
    }
    let channel = Channel::Lease(lease.clone()).to_string();
    match tokio::time::timeout(PRESENT_TIMEOUT, courier.pusher.users(&channel)).await {
        Ok(Ok(users)) => users.contains(recipient),
        Ok(Err(error)) => {
            telemetry::cause(&error);
            false
        }
        Err(_) => {
            telemetry::note("presence", "timed out");
            false
        }
    }
}

/// What is known of a recipient whom e-mail may be sent to.
struct Known {
    lease: LeaseId,
    title: Line,
    recipient: UserId,
    address: EmailAddress,
    locale: Locale,
    /// They have read up to here.
    mark: Seq,
    claim: Option<Claim>,
}

#[derive(serde::Deserialize)]
struct Mark {
    seq: Seq,
}

impl Known {
    /// One request. `None` where there is nobody to send to: not in the lease any more, no address, or e-mail turned off.
    async fn read(courier: &Courier, lease: &LeaseId, recipient: &UserId) -> Result<Option<Self>, TableError> {
        let keys = [
            Key::lease(lease),
            chats::read_mark_key(lease, recipient),
            Key::lease_email(lease, recipient),
            Key::profile(recipient),
            Key::preferences(recipient),
        ];
        let mut rows: Vec<Option<Item>> = vec![None; keys.len()];
        for row in courier.table.get_many(&keys, true).await? {
            if let Some(place) = Key::of(&row).and_then(|key| keys.iter().position(|known| *known == key)) {
                rows[place] = Some(row);
            }
        }
        let mut row = |place: usize| rows[place].take();
        let Some(found) = row(0).map(Lease::of_row).transpose()?.filter(|found| found.role(recipient).is_some()) else {
            return Ok(None);
        };
        let mark = row(1).map(read::<Mark>).transpose()?.map_or(Seq::NONE, |mark| mark.seq);
        let claim = row(2).map(read).transpose()?;
        let profile = row(3).map(Profile::of_row).transpose()?;
        let preferences = Preferences::of_row(row(4))?;
        let claimed = profile.as_ref().and_then(|profile| profile.email().map(str::to_owned));
        let address = found.email(recipient).cloned().or_else(|| EmailAddress::parse(claimed?).ok());
        let Some(address) = address.filter(|_| preferences.of(Kind::Message).email) else {
            return Ok(None);
        };
        let of_token = profile.and_then(|profile| profile.locale).map(|tag| Locale::of_tag(&tag));
        let locale = preferences.locale.or(of_token).or(found.locale).unwrap_or_default();
        let (lease, recipient) = (lease.clone(), recipient.clone());
        Ok(Some(Self { lease, title: found.title, recipient, address, locale, mark, claim }))
    }

    /// Writes the claim, on the condition that the row is as it was read; returns whether it is ours. Otherwise it is read again.
    async fn claim(&mut self, courier: &Courier, claim: Claim) -> Result<bool, TableError> {
        let key = Key::lease_email(&self.lease, &self.recipient);
        let put = Action::put(item(&key, &claim)?);
        let put = match &self.claim {
            None => put.condition("attribute_not_exists(pk)"),
            Some(seen) => put
                .condition("sent_at = :at AND #token = :token")
                .name("#token", "token")
                .value(":at", number(seen.sent_at.0))
                .value(":token", string(&seen.token)),
        };
        match courier.table.write(put).await? {
            Write::Done(_) => {
                self.claim = Some(claim);
                Ok(true)
            }
            Write::ConditionFailed(row) => {
                self.claim = row.map(read).transpose()?;
                Ok(false)
            }
        }
    }

    /// Notes that SES took the claimed e-mail. If that fails, it may be summed up once more.
    async fn note_sent(&mut self, courier: &Courier) {
        let Some(claim) = &mut self.claim else { return };
        claim.sent = true;
        let update = Action::update(&Key::lease_email(&self.lease, &self.recipient), "SET sent = :sent")
            .condition("sent_at = :at AND #token = :token")
            .name("#token", "token")
            .value(":sent", crate::table::AttributeValue::Bool(true))
            .value(":at", number(claim.sent_at.0))
            .value(":token", string(&claim.token));
        if let Err(error) = courier.table.write(update).await {
            telemetry::cause(&error);
        }
    }

    fn mail(&self, mailer: &Mailer, unseen: &Unseen) -> Mail {
        let sender = &mailer.sender;
        let link = format!("{}/leases/{}/chat#message-{}", sender.app_url, self.lease, unseen.first.id);
        let unsubscribe =
            notifications::unsubscribe_link(&mailer.settings, &sender.api_url, &self.recipient, self.locale);
        let texts = std::iter::once(&unseen.first).chain(&unseen.next);
        let words = Told {
            locale: self.locale,
            author: &unseen.first.author_name,
            title: &self.title,
            count: unseen.count,
            is_more: unseen.is_more,
            texts: texts.filter_map(|message| message.text.as_ref()).collect(),
            link: &link,
            unsubscribe: &unsubscribe,
        }
        .words();
        Mail {
            to: self.address.clone(),
            recipient: self.recipient.clone(),
            subject: words.subject,
            text: words.text,
            html: words.html,
            unsubscribe,
        }
    }
}

async fn attempt(courier: &Courier, mailer: &Mailer, known: &mut Known, entry: &Entry) -> Result<Fate, TableError> {
    let seq = Seq(entry.email.seq);
    if known.mark >= seq {
        return Ok(Fate::Moot);
    }
    for _ in 0..MAX_CLAIMS {
        let now = Millis::now();
        match decide(known.claim.as_ref(), &entry.token, seq, now, mailer.settings.window) {
            Decision::Covered => return Ok(Fate::Moot),
            Decision::Later(then) => return Ok(Fate::Later(then)),
            Decision::Send => {}
        }
        let told = known.claim.as_ref().filter(|claim| claim.sent).map_or(Seq::NONE, |claim| claim.covered);
        let after = known.mark.max(told);
        let Some(unseen) = chats::unseen(&courier.table, &known.lease, &known.recipient, after, seq).await? else {
            return Ok(Fate::Moot);
        };
        let claim = Claim { sent_at: now, covered: unseen.newest, token: entry.token.clone(), sent: false };
        if known.claim(courier, claim).await? {
            return Ok(send(courier, mailer, known, &unseen).await);
        }
    }
    Ok(Fate::UNTRIED)
}

async fn send(courier: &Courier, mailer: &Mailer, known: &mut Known, unseen: &Unseen) -> Fate {
    match mailer.send(&known.mail(mailer, unseen)).await {
        Ok(()) => {
            known.note_sent(courier).await;
            Fate::Delivered
        }
        Err(error @ (SesError::Refused { .. } | SesError::Incomplete(_))) => Fate::GivenUp(error.to_string()),
        Err(error @ SesError::Operator { .. }) => {
            telemetry::operator_error(error.to_string());
            Fate::TRIED
        }
        Err(error @ (SesError::Later { .. } | SesError::NoResponse(_))) => {
            telemetry::cause(&error);
            Fate::TRIED
        }
    }
}

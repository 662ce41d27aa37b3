//! The transport of e-mails about messages of a lease's chat that their recipient has not seen.
//!
//! In this order:
//!
//! 1. If the recipient is in the presence channel now, they have seen the message. If Pusher does not say, they count as away.
//! 2. If they have read it, have turned e-mail off or have no address, nothing is sent.
//! 3. The window is claimed (`window`). While another e-mail's window runs, the entry waits; nothing has failed.
//! 4. The e-mail sums up all messages whose rows have one pending. It shows the five oldest and says how many more there are.
//!
//! Address and text are looked up here, so an outbox holds neither. A process killed between SES and its note sends once more.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

use super::lease::Lease;
use super::unseen::{Unseen, unseen};
use super::window::{Claim, Decision, decide};
use super::words::EmailFacts;
use crate::channel_server::ChannelServer;
use crate::chats::{Conversation, Seq, seq_of};
use crate::clients::ses::{Mail, Mailer, SesError};
use crate::contract::channel::Channel;
use crate::contract::email::EmailAddress;
use crate::contract::id::{LeaseId, UserId};
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::delivery::{Due, Outcome, Transport, Visit};
use crate::notifications::{self, NotificationKind, Preferences};
use crate::outbox::{Delivery, TransportName, UnseenEmail};
use crate::table::{Action, Key, Table, TableError, Update, Write, absent, item, read};
use crate::telemetry;
use crate::users::locale::Locale;
use crate::users::profile::Profile;

/// Recipients at once.
const MAX_RECIPIENTS_AT_ONCE: usize = 8;
/// E-mails that have not begun within this time wait for the next visit: the function has half a minute in all.
const BATCH_TIMEOUT: Duration = Duration::from_secs(8);
/// How long Pusher may take to say who is in the chat.
const PRESENT_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a claim is tried against other processes.
const MAX_CLAIMS: usize = 3;

/// Sends e-mails about unseen messages.
#[derive(Debug)]
pub(crate) struct Emails {
    pub mailer: Mailer,
    pub channels: ChannelServer,
    pub table: Table,
}

/// A due entry with what it says.
type Unsent<'a> = (Due<'a>, &'a UnseenEmail);

impl Transport for Emails {
    fn name(&self) -> TransportName {
        TransportName::Email
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        let deadline = visit.deadline.min(Instant::now() + BATCH_TIMEOUT);
        let mut of_recipients: BTreeMap<_, Vec<Unsent<'a>>> = BTreeMap::new();
        for due in entries {
            if let Delivery::Email(email) = &due.entry.delivery {
                of_recipients.entry((&email.lease, &email.recipient)).or_default().push((due, email));
            }
        }
        // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
        let attempts: Vec<_> =
            of_recipients.into_iter().map(|(to, emails)| self.to_one(to, emails, visit, deadline)).collect();
        Box::pin(stream::iter(attempts).buffer_unordered(MAX_RECIPIENTS_AT_ONCE).collect())
    }
}

impl Emails {
    /// Sends a lease's e-mails to one recipient, oldest message first: the first one may cover the others.
    async fn to_one(
        &self,
        (lease, recipient): (&LeaseId, &UserId),
        mut emails: Vec<Unsent<'_>>,
        visit: &Visit,
        deadline: Instant,
    ) {
        if Instant::now() >= deadline {
            return;
        }
        let known = if self.is_present(lease, recipient).await { Ok(None) } else { self.known(lease, recipient).await };
        let mut known = match known {
            Ok(Some(known)) => known,
            Ok(None) => return emails.iter().for_each(|(due, _)| visit.report(due, Outcome::Skipped)),
            Err(error) => return telemetry::cause(&error),
        };
        emails.sort_by_key(|(_, email)| email.seq);
        for (due, email) in emails {
            if Instant::now() < deadline {
                let outcome = self.attempt(&mut known, &due.entry.id, Seq(email.seq)).await;
                visit.report(&due, outcome.unwrap_or_else(|error| Outcome::unsent(&error)));
            }
        }
    }

    /// Whether the recipient is in the chat now. When Pusher does not say, nothing reaches them there.
    async fn is_present(&self, lease: &LeaseId, recipient: &UserId) -> bool {
        if self.channels.is_shut(Millis::now()) {
            return false;
        }
        let channel = Channel::Lease(lease.clone()).to_string();
        match tokio::time::timeout(PRESENT_TIMEOUT, self.channels.users(&channel)).await {
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

    /// One request. `None` where there is nobody to send to: not in the lease any more, no address, or e-mail turned off.
    async fn known(&self, lease: &LeaseId, recipient: &UserId) -> Result<Option<Known>, TableError> {
        let keys = [
            Key::lease(lease),
            Conversation::lease(lease).read_mark(recipient),
            Key::lease_email(lease, recipient),
            Key::profile(recipient),
            Key::preferences(recipient),
        ];
        let [found, mark, claim, profile, preferences] = self.table.get_each(keys.each_ref(), true).await?;
        let Some(found) = found.map(Lease::of_row).transpose()?.filter(|found| found.role(recipient).is_some()) else {
            return Ok(None);
        };
        let mark = seq_of(mark)?;
        let claim = claim.map(read).transpose()?;
        let profile = Profile::or_none(profile);
        let preferences = Preferences::of_row(preferences)?;
        let claimed = profile.as_ref().and_then(|profile| profile.email().map(str::to_owned));
        let address = found.email(recipient).cloned().or_else(|| EmailAddress::parse(claimed?).ok());
        let Some(address) = address.filter(|_| preferences.of(&NotificationKind::Message.into()).email) else {
            return Ok(None);
        };
        let of_token = profile.and_then(|profile| profile.locale).map(|tag| Locale::of_tag(&tag));
        let locale = preferences.locale.or(of_token).or(found.locale).unwrap_or_default();
        let (lease, recipient) = (lease.clone(), recipient.clone());
        Ok(Some(Known { lease, title: found.title, recipient, address, locale, mark, claim }))
    }

    async fn attempt(&self, known: &mut Known, token: &str, seq: Seq) -> Result<Outcome, TableError> {
        if known.mark >= seq {
            return Ok(Outcome::Skipped);
        }
        for _ in 0..MAX_CLAIMS {
            let now = Millis::now();
            match decide(known.claim.as_ref(), token, seq, now, self.mailer.settings.window) {
                Decision::Covered => return Ok(Outcome::Skipped),
                Decision::Later(then) => return Ok(Outcome::NotYet(then)),
                Decision::Send => {}
            }
            let told = known.claim.as_ref().filter(|claim| claim.sent).map_or(Seq::NONE, |claim| claim.covered);
            let after = known.mark.max(told);
            let Some(unseen) = unseen(&self.table, &known.lease, &known.recipient, after, seq).await? else {
                return Ok(Outcome::Skipped);
            };
            let claim = Claim { sent_at: now, covered: unseen.newest, token: token.to_owned(), sent: false };
            if known.claim(&self.table, claim).await? {
                return Ok(self.deliver(known, &unseen).await);
            }
        }
        Ok(Outcome::UNSENT)
    }

    async fn deliver(&self, known: &mut Known, unseen: &Unseen) -> Outcome {
        match self.mailer.send(&known.mail(&self.mailer, unseen)).await {
            Ok(()) => {
                known.note_sent(&self.table).await;
                Outcome::Delivered
            }
            Err(error @ (SesError::Refused { .. } | SesError::Incomplete(_))) => Outcome::Failed(error.to_string()),
            Err(error @ SesError::Operator { .. }) => {
                telemetry::operator_error(error.to_string());
                Outcome::UNCONFIRMED
            }
            Err(error @ (SesError::Later { .. } | SesError::NoResponse(_))) => {
                telemetry::cause(&error);
                Outcome::UNCONFIRMED
            }
        }
    }
}

/// A recipient, with the data that their e-mails need.
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

impl Known {
    /// Writes the claim, on the condition that the row is as it was read; returns whether it is ours. Otherwise it is read again.
    async fn claim(&mut self, table: &Table, claim: Claim) -> Result<bool, TableError> {
        let key = Key::lease_email(&self.lease, &self.recipient);
        let is_as_read = self.claim.as_ref().map_or_else(|| absent("pk"), Claim::is_stored);
        let put = Action::put(item(&key, &claim)?).when(is_as_read);
        match table.write(put).await? {
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
    async fn note_sent(&mut self, table: &Table) {
        let Some(claim) = &mut self.claim else { return };
        claim.sent = true;
        let update = Update::new(&Key::lease_email(&self.lease, &self.recipient)).set("sent", true);
        let update = update.when(claim.is_stored());
        if let Err(error) = table.write(update).await {
            telemetry::cause(&error);
        }
    }

    fn mail(&self, mailer: &Mailer, unseen: &Unseen) -> Mail {
        let sender = &mailer.sender;
        let link = sender.lease_page.at(self.lease.as_str(), &unseen.first.id.to_string());
        let unsubscribe = notifications::unsubscribe_link(&mailer.links, &sender.api_url, &self.recipient, self.locale);
        let texts = std::iter::once(&unseen.first).chain(&unseen.next);
        let words = EmailFacts {
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

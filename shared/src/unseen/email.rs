//! The transport of e-mails about messages that their recipient has not seen.
//!
//! In this order:
//!
//! 1. If the recipient has the chat open now, they have seen the message. If Pusher does not say, they count as away.
//! 2. If they have read it, have turned e-mail off or have no address, nothing is sent.
//! 3. The window is claimed (`window`). While another e-mail's window runs, the entry waits; nothing has failed.
//! 4. The e-mail sums up all messages whose rows have one pending. It shows the five oldest and says how many more there are.
//!
//! Address and text are looked up here, so an outbox holds neither. A process killed between SES and its note sends once more.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

use super::recipient::Recipient;
use super::summary::{Unseen, unseen};
use super::window::{ATTEMPT_SECONDS, Claim, Decision, decide};
use super::words::EmailFacts;
use crate::channel_server::ChannelServer;
use crate::chats::{Conversation, Message, Seq, seq_of};
use crate::clients::ses::{Mail, Mailer, SesError};
use crate::contract::email::EmailAddress;
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::delivery::{Due, Outcome, Transport, Visit};
use crate::notifications::{self, AddressesOff, Preferences};
use crate::outbox::{Delivery, EmailRecipient, TransportName, UnseenEmail};
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
    /// The recipient whom a row names; `None` for an id that none has.
    pub recipient: fn(&EmailRecipient) -> Option<Box<dyn Recipient>>,
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
                of_recipients.entry(&email.to).or_default().push((due, email));
            }
        }
        // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
        let attempts: Vec<_> =
            of_recipients.into_iter().map(|(to, emails)| self.to_one(to, emails, visit, deadline)).collect();
        Box::pin(stream::iter(attempts).buffer_unordered(MAX_RECIPIENTS_AT_ONCE).collect())
    }
}

impl Emails {
    /// Sends a conversation's e-mails to one recipient, oldest message first: the first one may cover the others.
    async fn to_one(&self, to: &EmailRecipient, mut emails: Vec<Unsent<'_>>, visit: &Visit, deadline: Instant) {
        if Instant::now() >= deadline {
            return;
        }
        let known = match (self.recipient)(to) {
            Some(recipient) if !self.is_there(recipient.as_ref()).await => self.known(to, recipient).await,
            _ => Ok(None),
        };
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

    /// Whether the recipient has the chat open now. When Pusher does not say, nothing reaches them there.
    async fn is_there(&self, recipient: &dyn Recipient) -> bool {
        if self.channels.is_shut(Millis::now()) {
            return false;
        }
        match tokio::time::timeout(PRESENT_TIMEOUT, recipient.is_there(&self.channels)).await {
            Ok(Ok(is_there)) => is_there,
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

    /// One request. `None` where there is nobody to send to: not in the conversation any more, no address, or e-mail turned off.
    async fn known(&self, to: &EmailRecipient, recipient: Box<dyn Recipient>) -> Result<Option<Known>, TableError> {
        let (user, conversation, window) = (recipient.id(), recipient.conversation(), recipient.window());
        let (mark, profile, preferences) = (conversation.read_mark(user), Key::profile(user), Key::preferences(user));
        let own = recipient.row();
        let keys = [&mark, &window, &profile, &preferences].into_iter().chain(&own);
        let mut rows = self.table.get_many(keys, true).await?;
        let profile = Profile::or_none(rows.remove(&profile));
        let preferences = rows.remove(&preferences);
        let off = AddressesOff::of_row(preferences.as_ref());
        let preferences = Preferences::of_row(preferences)?;
        let of_token = profile.as_ref().and_then(|profile| profile.locale.as_deref()).map(Locale::of_tag);
        let own = own.and_then(|own| rows.remove(&own));
        let Some(addressee) = recipient.addressee(own, preferences.locale.or(of_token))? else {
            return Ok(None);
        };
        let claimed = profile.as_ref().and_then(|profile| profile.email().map(str::to_owned));
        let address = addressee.address.or_else(|| EmailAddress::parse(claimed?).ok());
        let Some(address) = address.filter(|address| off.permit(&preferences, address)) else {
            return Ok(None);
        };
        let mark = seq_of(rows.remove(&mark))?;
        let claim = rows.remove(&window).map(read).transpose()?;
        let (title, locale) = (addressee.title, addressee.locale);
        Ok(Some(Known { to: to.clone(), recipient, conversation, window, title, address, locale, mark, claim }))
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
            let recipient = (&known.to, known.recipient.id());
            let Some(unseen) = unseen(&self.table, &known.conversation, recipient, after, seq).await? else {
                return Ok(Outcome::Skipped);
            };
            let busy_until = Some(now.plus_seconds(ATTEMPT_SECONDS));
            let claim =
                Claim { sent_at: now, covered: unseen.newest, token: token.to_owned(), sent: false, busy_until };
            if known.claim(&self.table, claim).await? {
                return Ok(self.deliver(known, &unseen).await);
            }
        }
        Ok(Outcome::UNSENT)
    }

    async fn deliver(&self, known: &mut Known, unseen: &Unseen) -> Outcome {
        let Some(mail) = known.mail(&self.mailer, unseen) else {
            return Outcome::Skipped;
        };
        let sent = self.mailer.send(&mail).await;
        match &sent {
            Ok(()) => known.note_sent(&self.table).await,
            // SES may have taken it, and may still be about to say so.
            Err(SesError::NoResponse(_)) => {}
            Err(_) => known.note_refused(&self.table).await,
        }
        match sent {
            Ok(()) => Outcome::Delivered,
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
    to: EmailRecipient,
    recipient: Box<dyn Recipient>,
    conversation: Conversation,
    /// The row of the claim.
    window: Key,
    title: Line,
    address: EmailAddress,
    locale: Locale,
    /// They have read up to here.
    mark: Seq,
    claim: Option<Claim>,
}

impl Known {
    /// Writes the claim, on the condition that the row is as it was read; returns whether it is ours. Otherwise it is read again.
    async fn claim(&mut self, table: &Table, claim: Claim) -> Result<bool, TableError> {
        let is_as_read = self.claim.as_ref().map_or_else(|| absent("pk"), Claim::is_stored);
        let put = Action::put(item(&self.window, &claim)?).when(is_as_read);
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
        let update = Update::new(&self.window).set("sent", true);
        self.note(table, update).await;
    }

    /// Notes that SES did not take the claimed e-mail, so that the next visit need not wait. If that fails, it waits.
    async fn note_refused(&mut self, table: &Table) {
        let Some(claim) = &mut self.claim else { return };
        claim.busy_until = None;
        let update = Update::new(&self.window).remove("busy_until");
        self.note(table, update).await;
    }

    /// Changes the row, if the claim is still in it.
    async fn note(&self, table: &Table, update: Update) {
        let Some(claim) = &self.claim else { return };
        if let Err(error) = table.write(update.when(claim.is_stored())).await {
            telemetry::cause(&error);
        }
    }

    /// `None` where the settings name no page to link to.
    fn mail(&self, mailer: &Mailer, unseen: &Unseen) -> Option<Mail> {
        let (sender, user) = (&mailer.sender, self.recipient.id());
        let link = self.recipient.link(mailer, &unseen.first.id)?;
        let unsubscribe =
            notifications::unsubscribe_link(&mailer.links, &sender.api_url, (user, &self.address), self.locale);
        let texts: Vec<_> = std::iter::once(&unseen.first).chain(&unseen.next).filter_map(Message::words).collect();
        let words = EmailFacts {
            locale: self.locale,
            author: &unseen.first.author_name,
            title: &self.title,
            count: unseen.count,
            is_more: unseen.is_more,
            texts: texts.iter().collect(),
            link: &link,
            unsubscribe: &unsubscribe,
        }
        .words();
        Some(Mail {
            to: self.address.clone(),
            recipient: user.clone(),
            subject: words.subject,
            text: words.text,
            html: words.html,
            unsubscribe,
        })
    }
}

//! Pushes on their way to a user's devices.

use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::{self, StreamExt as _};

use super::transport::by_row;
use super::{Due, Outcome, Transport, Visit};
use crate::channel_server::ChannelServer;
use crate::clients::fcm::{self, DeviceToken, Refusal};
use crate::contract::channel::Channel;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::notifications::{badge_message, push_message, unread_count};
use crate::outbox::{Delivery, Push, Rest, TransportName, WriteContext};
use crate::settings::FactsWanted;
use crate::table::{Table, TableError};
use crate::telemetry;
use crate::users::device::{self, Device};
use crate::users::quiet_hours::QuietHours;

/// Rows visited at once; the client bounds the requests to FCM by itself.
const MAX_ROWS_AT_ONCE: usize = 16;
/// Pushes that have not begun within this time wait for the next visit: the function has half a minute in all.
const BATCH_TIMEOUT: Duration = Duration::from_secs(8);
/// The longest `Retry-After` that is honoured: the queue gives a message up long before a later one.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Sends pushes.
#[derive(Debug)]
pub(crate) struct Pushes {
    pub fcm: fcm::FcmClient,
    pub channels: ChannelServer,
    pub table: Table,
    pub facts: FactsWanted,
}

impl Transport for Pushes {
    fn name(&self) -> TransportName {
        TransportName::Push
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        let deadline = visit.deadline.min(Instant::now() + BATCH_TIMEOUT);
        Box::pin(async move {
            // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
            let of_rows: Vec<_> = by_row(&entries).map(|row| self.of_row(row, visit, deadline)).collect();
            stream::iter(of_rows).buffer_unordered(MAX_ROWS_AT_ONCE).collect().await
        })
    }
}

impl Pushes {
    /// Sends the pushes of a row in order: one that is to be tried again holds up those after it. Rows do not wait for each other.
    async fn of_row(&self, row: &[Due<'_>], visit: &Visit, deadline: Instant) {
        for due in row {
            if Instant::now() >= deadline {
                return;
            }
            let outcome = match &due.entry.delivery {
                Delivery::Push(push) => self.attempt(push).await,
                Delivery::Badge { user } => self.set_badge(user).await,
                _ => continue,
            };
            let is_held_up = outcome.is_retry();
            visit.report(due, outcome);
            if is_held_up {
                return;
            }
        }
    }

    async fn attempt(&self, push: &Push) -> Outcome {
        let now = Millis::now();
        let quiet = push.quiet_hours.as_ref().and_then(QuietHours::read);
        if !push.high && quiet.is_some_and(|hours| hours.cover(now)) {
            return Outcome::Skipped;
        }
        let mut devices = match device::of_user(&self.table, &push.user, now).await {
            Ok(devices) => devices,
            Err(error) => return Outcome::unsent(&error),
        };
        if let Some(left) = &push.devices {
            devices.retain(|device| left.contains(&device.token.hash()));
        }
        let own_channel = Channel::User(push.user.clone());
        if devices.is_empty() || (!push.even_if_connected && self.channels.is_occupied(&own_channel).await) {
            return Outcome::Skipped;
        }
        let badge = match self.badge(push, &devices, now).await {
            Ok(badge) => badge,
            Err(error) => return Outcome::unsent(&error),
        };
        let tokens: Vec<_> = devices.into_iter().map(|device| device.token).collect();
        let to = Receiver { user: &push.user, is_begun: push.devices.is_some() };
        match push_message(push, badge) {
            Ok(message) => self.deliver(to, &tokens, &message).await,
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    /// Sets the number on the icons of a user's iPhones, connected or not: in quiet hours, too, since nothing is heard or shown.
    async fn set_badge(&self, user: &UserId) -> Outcome {
        let now = Millis::now();
        let devices = match device::of_user(&self.table, user, now).await {
            Ok(devices) => devices,
            Err(error) => return Outcome::unsent(&error),
        };
        let tokens: Vec<_> = devices.into_iter().filter(Device::may_be_ios).map(|device| device.token).collect();
        if tokens.is_empty() {
            return Outcome::Skipped;
        }
        match unread_count(&self.table, user, now).await {
            Ok(unread) => self.deliver(Receiver { user, is_begun: false }, &tokens, &badge_message(unread)).await,
            Err(error) => Outcome::unsent(&error),
        }
    }

    /// The user's unread notifications at this moment. It costs a read, so it is left out if no device can show it.
    async fn badge(&self, push: &Push, devices: &[Device], now: Millis) -> Result<Option<i64>, TableError> {
        if !devices.iter().any(Device::may_be_ios) {
            return Ok(None);
        }
        unread_count(&self.table, &push.user, now).await.map(Some)
    }

    async fn deliver(&self, to: Receiver<'_>, devices: &[DeviceToken], message: &fcm::FcmMessage) -> Outcome {
        let outcomes = join_all(devices.iter().map(|token| self.fcm.send(token, message))).await;
        let mut tally = Tally::default();
        for (token, outcome) in devices.iter().zip(outcomes) {
            tally.count(token, outcome);
        }
        tally.judge(&self.fcm, to).await;
        let writer = WriteContext::of_consumer("", self.facts);
        if let Err(error) = device::remove(&self.table, &writer, to.user, &tally.gone).await {
            // FCM will say so again.
            telemetry::cause(&error);
        }
        tally.outcome(to, devices.len())
    }
}

/// The receiver of a push.
#[derive(Clone, Copy)]
struct Receiver<'a> {
    user: &'a UserId,
    /// Whether an earlier attempt reached some of the devices, or none of them for a reason of their own.
    is_begun: bool,
}

/// The devices' responses, counted.
#[derive(Default)]
struct Tally {
    /// Devices that are reached no more: their tokens are deleted.
    gone: Vec<DeviceToken>,
    /// Devices that are tried again.
    later: Vec<DeviceToken>,
    /// The latest time that FCM asked to wait for.
    not_before: Option<Millis>,
    /// Devices that FCM refused for what may be the device's fault. A dry run decides.
    suspects: Vec<(DeviceToken, Refusal)>,
    /// Why no device can take the message.
    invalid: Option<String>,
    arrived: usize,
}

impl Tally {
    fn count(&mut self, token: &DeviceToken, outcome: Result<(), Refusal>) {
        match outcome {
            Ok(()) => self.arrived += 1,
            Err(Refusal::UnknownToken) => self.gone.push(token.clone()),
            Err(Refusal::Invalid(why)) => self.invalid = Some(why),
            Err(Refusal::Later { why, after }) => {
                telemetry::failure(why);
                self.again(token, after);
            }
            Err(Refusal::Operator { why, after }) => {
                telemetry::operator_error(why);
                self.again(token, after);
            }
            Err(suspect) => self.suspects.push((token.clone(), suspect)),
        }
    }

    fn again(&mut self, token: &DeviceToken, after: Option<Millis>) {
        self.later.push(token.clone());
        self.not_before = self.not_before.max(after);
    }

    /// Decides whose fault the suspects' refusals are: the device's, the message's or the operator's. A device is deleted
    /// only for what FCM says of it twice: of the message, and of a minimal one in a dry run. For a token of another project
    /// another device must have taken the message, too, now or on an earlier attempt: what every device gets is a wrong project.
    async fn judge(&mut self, fcm: &fcm::FcmClient, to: Receiver<'_>) {
        let is_good = self.arrived > 0 || to.is_begun;
        let is_our_project = is_good || fcm.is_proven(Millis::now());
        let suspects = std::mem::take(&mut self.suspects);
        let (suspects, of_all): (Vec<_>, Vec<_>) = suspects
            .into_iter()
            .partition(|(_, refusal)| is_our_project || !matches!(refusal, Refusal::OtherSender(_)));
        for (token, refusal) in of_all {
            telemetry::operator_error(refusal.to_string());
            self.again(&token, None);
        }
        let second = join_all(suspects.iter().map(|(token, _)| fcm.would_take(token))).await;
        for ((token, first), second) in suspects.into_iter().zip(second) {
            let is_about_token = |refusal: &Refusal| matches!(refusal, Refusal::InvalidToken(_) | Refusal::Unclear(_));
            match (first, second) {
                // The token is good, and so the message is not.
                (Refusal::Unclear(why), Ok(())) if !is_good => self.invalid = Some(why),
                (_, Err(Refusal::UnknownToken)) => self.gone.push(token),
                (Refusal::OtherSender(_), Err(Refusal::OtherSender(_))) => {
                    telemetry::other_sender();
                    self.gone.push(token);
                }
                (first, Err(second)) if is_about_token(&first) && is_about_token(&second) => self.gone.push(token),
                (_, Err(second @ (Refusal::Later { .. } | Refusal::Operator { .. }))) => {
                    self.count(&token, Err(second));
                }
                // FCM contradicts itself: the device stays, and is tried again.
                (first, _) => {
                    telemetry::failure(first.to_string());
                    self.again(&token, None);
                }
            }
        }
    }

    fn outcome(self, to: Receiver<'_>, devices: usize) -> Outcome {
        if let Some(why) = self.invalid {
            return Outcome::Failed(why);
        }
        if !self.later.is_empty() {
            let is_partly_done = self.later.len() < devices;
            let left = self.later.iter().map(DeviceToken::hash).collect();
            // Without a list it goes to all devices; with one, an empty-handed attempt stays known as such.
            let rest = is_partly_done && (self.arrived > 0 || to.is_begun);
            let rest = rest.then_some(Rest::Devices(left));
            let latest = Millis::now().plus_seconds(MAX_RETRY_AFTER.as_secs().cast_signed());
            return Outcome::Retry { not_before: self.not_before.map(|then| then.min(latest)), rest, tried: true };
        }
        if self.arrived == 0 { Outcome::Skipped } else { Outcome::Delivered }
    }
}

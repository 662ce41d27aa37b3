//! Pushes on their way to a user's devices.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};

use super::fcm_message::message;
use super::plan::Fate;
use super::{Courier, Row};
use crate::clients::fcm::{self, Refusal, Token};
use crate::contract::channel::{Channel, ChannelName};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Push};
use crate::telemetry;
use crate::users::device;
use crate::users::quiet_hours::QuietHours;

/// Rows visited at once; the client bounds the requests to FCM by itself.
const MAX_ROWS_AT_ONCE: usize = 16;
/// What is not begun within this time of a batch is postponed: the function has half a minute in all.
const BATCH_TIMEOUT: Duration = Duration::from_secs(8);
/// How long Pusher may take to say whether a user is connected.
const CONNECTED_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest `Retry-After` that is honoured: the queue gives a message up long before a later one.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Whoever sends pushes. A trait for the sake of those who send none: a function that makes no FCM client has nothing of it
/// in its binary, neither HTTP/2 nor the world's time zones.
pub(crate) trait Pushes: fmt::Debug + Send + Sync {
    /// Attempts the rows' pushes and returns each one's fate. Rows do not wait for each other; within a row, what follows
    /// something postponed is postponed too.
    fn all<'a>(
        &'a self,
        courier: &'a Courier,
        rows: &'a [Vec<Push>],
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Vec<Vec<Fate>>> + Send + 'a>>;
}

impl Pushes for fcm::Client {
    fn all<'a>(
        &'a self,
        courier: &'a Courier,
        rows: &'a [Vec<Push>],
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Vec<Vec<Fate>>> + Send + 'a>> {
        // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
        let of_rows: Vec<_> = rows.iter().map(|pushes| of_row(courier, self, pushes, deadline)).collect();
        Box::pin(stream::iter(of_rows).buffered(MAX_ROWS_AT_ONCE).collect())
    }
}

/// Delivers the rows' due pushes and notes each one's fate in its row. Where nobody sends any, there is nobody whom they
/// should reach.
pub(super) async fn deliver(courier: &Courier, rows: &mut [Row], deadline: Instant) {
    let deadline = deadline.min(Instant::now() + BATCH_TIMEOUT);
    let places: Vec<Vec<usize>> = rows.iter().map(places).collect();
    if places.iter().all(Vec::is_empty) {
        return;
    }
    let pushes: Vec<Vec<Push>> = rows.iter().zip(&places).map(|(row, places)| pushes(row, places)).collect();
    let fates = match &courier.pushes {
        Some(sender) => sender.all(courier, &pushes, deadline).await,
        None => places.iter().map(|places| vec![Fate::Moot; places.len()]).collect(),
    };
    for ((row, places), fates) in rows.iter_mut().zip(places).zip(fates) {
        for (place, fate) in places.into_iter().zip(fates) {
            row.fates[place] = fate;
        }
    }
}

fn places(row: &Row) -> Vec<usize> {
    let is_push = |place: &&usize| matches!(row.committed.outbox.owed[**place].delivery, Delivery::Push(_));
    row.due.iter().filter(is_push).copied().collect()
}

fn pushes(row: &Row, places: &[usize]) -> Vec<Push> {
    let push = |place: &usize| match &row.committed.outbox.owed[*place].delivery {
        Delivery::Push(push) => Some(push.as_ref().clone()),
        _ => None,
    };
    places.iter().filter_map(push).collect()
}

async fn of_row(courier: &Courier, fcm: &fcm::Client, pushes: &[Push], deadline: Instant) -> Vec<Fate> {
    let mut fates = Vec::with_capacity(pushes.len());
    for push in pushes {
        let is_held_up = matches!(fates.last(), Some(Fate::Postponed { .. })) || Instant::now() >= deadline;
        fates.push(if is_held_up { Fate::UNTRIED } else { attempt(courier, fcm, push).await });
    }
    fates
}

async fn attempt(courier: &Courier, fcm: &fcm::Client, push: &Push) -> Fate {
    let now = Millis::now();
    let quiet = push.quiet_hours.as_ref().and_then(QuietHours::read);
    if !push.high && quiet.is_some_and(|hours| hours.cover(now)) {
        return Fate::Moot;
    }
    let mut devices = match device::of_user(&courier.table, &push.user, now).await {
        Ok(devices) => devices,
        Err(error) => {
            telemetry::cause(&error);
            return Fate::UNTRIED;
        }
    };
    if let Some(left) = &push.devices {
        devices.retain(|token| left.contains(&token.hash()));
    }
    if devices.is_empty() || (!push.even_if_connected && is_connected(courier, &push.user).await) {
        return Fate::Moot;
    }
    match message(push) {
        Ok(message) => send(courier, fcm, push, &devices, &message).await,
        Err(error) => Fate::GivenUp(error.to_string()),
    }
}

/// Whether the user's own channel is occupied. When Pusher does not say, nothing reaches the user there either.
async fn is_connected(courier: &Courier, user: &UserId) -> bool {
    let Ok(channel) = ChannelName::parse(&Channel::User(user.clone()).to_string()) else {
        return false;
    };
    match tokio::time::timeout(CONNECTED_TIMEOUT, courier.pusher.channel(&channel)).await {
        Ok(Ok(info)) => info.occupied,
        Ok(Err(error)) => {
            telemetry::cause(&error);
            false
        }
        Err(_) => false,
    }
}

/// What the devices' responses come to: each device by its own.
#[derive(Default)]
struct Tally {
    /// Devices that are reached no more: their tokens are deleted.
    gone: Vec<Token>,
    /// Devices that are tried again.
    later: Vec<Token>,
    /// The latest time that FCM asked to wait for.
    not_before: Option<Millis>,
    /// Devices that FCM refused for what may be the device's fault. A dry run decides.
    suspects: Vec<(Token, Refusal)>,
    /// Why no device can take the message.
    invalid: Option<String>,
    arrived: usize,
}

async fn send(courier: &Courier, fcm: &fcm::Client, push: &Push, devices: &[Token], message: &fcm::Message) -> Fate {
    let outcomes = join_all(devices.iter().map(|token| fcm.send(token, message))).await;
    let mut tally = Tally::default();
    for (token, outcome) in devices.iter().zip(outcomes) {
        tally.count(token, outcome);
    }
    tally.judge(fcm, push).await;
    if let Err(error) = device::remove(&courier.table, &push.user, &tally.gone).await {
        // FCM will say so again.
        telemetry::cause(&error);
    }
    tally.fate(push, devices.len())
}

impl Tally {
    fn count(&mut self, token: &Token, outcome: Result<(), Refusal>) {
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

    fn again(&mut self, token: &Token, after: Option<Millis>) {
        self.later.push(token.clone());
        self.not_before = self.not_before.max(after);
    }

    /// Decides whose fault the suspects' refusals are: the device's, the message's or the operator's. A device is deleted
    /// only for what FCM says of it twice: of the message, and of a minimal one in a dry run. For a token of another project
    /// another device must have taken the message, too, now or on an earlier attempt: what every device gets is a wrong project.
    async fn judge(&mut self, fcm: &fcm::Client, push: &Push) {
        let is_good = self.arrived > 0 || push.devices.is_some();
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

    fn fate(self, push: &Push, devices: usize) -> Fate {
        if let Some(why) = self.invalid {
            return Fate::GivenUp(why);
        }
        if !self.later.is_empty() {
            let is_partly_done = self.later.len() < devices;
            let left = self.later.iter().map(Token::hash).collect();
            // Without a list it goes to all devices; with one, an empty-handed attempt stays known as such.
            let rest = is_partly_done && (self.arrived > 0 || push.devices.is_some());
            let rest = rest.then(|| Delivery::Push(Box::new(Push { devices: Some(left), ..push.clone() })));
            let latest = Millis::now().plus_seconds(MAX_RETRY_AFTER.as_secs().cast_signed());
            return Fate::Postponed { not_before: self.not_before.map(|then| then.min(latest)), rest, tried: true };
        }
        if self.arrived == 0 { Fate::Moot } else { Fate::Delivered }
    }
}

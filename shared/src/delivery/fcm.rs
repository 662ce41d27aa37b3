//! Pushes on their way to a user's devices.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};

use super::Courier;
use super::attempt::Fate;
use super::fcm_message::message;
use crate::clients::fcm::{self, Refusal, Token};
use crate::contract::channel::{Channel, ChannelName};
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::outbox::{Delivery, Push};
use crate::telemetry;
use crate::users::device;
use crate::users::quiet_hours::QuietHours;

/// Rows looked after at once; the client bounds the requests to FCM by itself.
const ROWS_AT_ONCE: usize = 16;
/// What is not begun within this time of a batch is postponed: the function has half a minute in all.
const BUDGET: Duration = Duration::from_secs(8);
/// How long Pusher may take to say whether a user is connected.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whoever sends pushes. A trait for the sake of those who send none: a function that makes no FCM client has nothing of it
/// in its binary, neither HTTP/2 nor the world's time zones.
pub(crate) trait Pushes: fmt::Debug + Send + Sync {
    /// Attempts the rows' pushes and tells each one's fate. Rows do not wait for each other; within a row, what follows
    /// something postponed is postponed too.
    fn all<'a>(
        &'a self,
        courier: &'a Courier,
        rows: &'a [&'a [Push]],
    ) -> Pin<Box<dyn Future<Output = Vec<Fate>> + Send + 'a>>;
}

impl Pushes for fcm::Client {
    fn all<'a>(
        &'a self,
        courier: &'a Courier,
        rows: &'a [&'a [Push]],
    ) -> Pin<Box<dyn Future<Output = Vec<Fate>> + Send + 'a>> {
        let deadline = Instant::now() + BUDGET;
        // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
        let of_rows: Vec<_> = rows.iter().map(|pushes| of_row(courier, self, pushes, deadline)).collect();
        Box::pin(stream::iter(of_rows).buffered(ROWS_AT_ONCE).concat())
    }
}

/// As [`Pushes::all`]; where nobody sends any, there is nobody whom they should reach.
pub(super) async fn all(courier: &Courier, rows: &[&[Push]]) -> Vec<Fate> {
    match &courier.pushes {
        Some(pushes) if !rows.is_empty() => pushes.all(courier, rows).await,
        _ => vec![Fate::Moot; rows.iter().map(|row| row.len()).sum()],
    }
}

async fn of_row(courier: &Courier, fcm: &fcm::Client, pushes: &[Push], deadline: Instant) -> Vec<Fate> {
    let mut fates = Vec::with_capacity(pushes.len());
    for push in pushes {
        let is_held_up = matches!(fates.last(), Some(Fate::Postponed { .. })) || Instant::now() >= deadline;
        fates.push(if is_held_up { Fate::POSTPONED } else { attempt(courier, fcm, push).await });
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
            return Fate::POSTPONED;
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
    match tokio::time::timeout(PATIENCE, courier.pusher.channel(&channel)).await {
        Ok(Ok(info)) => info.occupied,
        Ok(Err(error)) => {
            telemetry::cause(&error);
            false
        }
        Err(_) => false,
    }
}

async fn send(courier: &Courier, fcm: &fcm::Client, push: &Push, devices: &[Token], message: &fcm::Message) -> Fate {
    let outcomes = join_all(devices.iter().map(|token| fcm.send(token, message))).await;
    let (mut left, mut unknown) = (Vec::new(), Vec::new());
    let (mut postponed, mut not_before, mut invalid) = (false, None, None);
    for (token, outcome) in devices.iter().zip(outcomes) {
        match outcome {
            Ok(()) => continue,
            Err(Refusal::UnknownToken) => {
                unknown.push(token.clone());
                continue;
            }
            Err(Refusal::Invalid(why)) => invalid = Some(why),
            Err(Refusal::Later { why, after }) => {
                telemetry::failure(why);
                postponed = true;
                not_before = not_before.max(after);
            }
        }
        left.push(token.hash());
    }
    if let Err(error) = device::remove(&courier.table, &push.user, &unknown).await {
        // FCM will say so again.
        telemetry::cause(&error);
    }
    let arrived = left.len() < devices.len();
    match invalid {
        None if postponed => {
            let rest = Push { devices: Some(left), ..push.clone() };
            Fate::Postponed { not_before, rest: arrived.then(|| Delivery::Push(Box::new(rest))) }
        }
        None if unknown.len() == devices.len() => Fate::Moot,
        None => Fate::Delivered,
        Some(why) => Fate::GivenUp(why),
    }
}

//! Waking a hotel: a notification for each member of its staff, when nobody of them has the inbox open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Map, Value, json};

use super::guest::guest_id;
use super::staff::staff;
use crate::api_error::ApiError;
use crate::channel_server::ChannelServer;
use crate::contract::channel::Channel;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::delivery::{Due, Outcome, Transport, Visit};
use crate::http::idempotency::{Cause, IdempotencyKey};
use crate::notifications::{NotificationContent, NotificationKind, Notifier, Sender};
use crate::outbox::{Delivery, TransportName, Wake, WriteContext};
use crate::settings::Settings;
use crate::table::Table;
use crate::telemetry;

/// Hotels woken at once, and notifications of each that are stored at once.
const MAX_AT_ONCE: usize = 4;
/// Entries that have not begun within this time wait for the next visit: the function has half a minute in all.
const BATCH_TIMEOUT: Duration = Duration::from_secs(8);

/// Wakes hotels.
#[derive(Debug)]
pub(crate) struct Wakes {
    pub table: Table,
    pub channels: ChannelServer,
    pub settings: Arc<Settings>,
}

impl Transport for Wakes {
    fn name(&self) -> TransportName {
        TransportName::Wake
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        let deadline = visit.deadline.min(Instant::now() + BATCH_TIMEOUT);
        Box::pin(async move {
            // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
            let attempts: Vec<_> = entries.iter().map(|due| self.attempt(due, visit, deadline)).collect();
            stream::iter(attempts).buffer_unordered(MAX_AT_ONCE).collect().await
        })
    }
}

impl Wakes {
    async fn attempt(&self, due: &Due<'_>, visit: &Visit, deadline: Instant) {
        let Delivery::Wake(wake) = &due.entry.delivery else { return };
        if Instant::now() < deadline {
            let request = due.entry.request_id.as_deref().unwrap_or_default();
            visit.report(due, self.wake(request, wake, deadline).await);
        }
    }

    async fn wake(&self, request: &str, wake: &Wake, deadline: Instant) -> Outcome {
        // The guest's own channel does not say whether the staff are there: the guest is there, too, and a private channel has no
        // list of its users.
        if self.channels.is_occupied(&Channel::HotelStaff(wake.hotel.clone())).await {
            return Outcome::Skipped;
        }
        let staff = match staff(&self.table, &wake.hotel).await {
            Ok(staff) if staff.is_empty() => return Outcome::Skipped,
            Ok(staff) => staff,
            Err(error) => return Outcome::unsent(&error),
        };
        let notified: Vec<_> = staff.iter().map(|user| self.notify(request, wake, user, deadline)).collect();
        let notified: Vec<_> = stream::iter(notified).buffered(MAX_AT_ONCE).collect().await;
        // The next attempt notifies nobody twice: its keys are the same.
        if notified.into_iter().all(|notified| notified) { Outcome::Delivered } else { Outcome::UNCONFIRMED }
    }

    /// Stores a member's notification, whose own row then has its event and its pushes. Returns whether it is stored.
    async fn notify(&self, request: &str, wake: &Wake, user: &UserId, deadline: Instant) -> bool {
        if Instant::now() >= deadline {
            return false;
        }
        let Wake { hotel, booking, message, guest_name } = wake;
        // Every hotel and booking make an id.
        let Ok(guest) = guest_id(hotel, booking) else { return true };
        let sender = Sender { id: &guest, name: guest_name };
        let content = NotificationContent::from(&sender, NotificationKind::Message, data(wake));
        let key = IdempotencyKey::of_cause(Cause::Wake { member: user, hotel, booking, message });
        let writer = WriteContext::of_consumer(request, self.settings.facts);
        let notifier = Notifier { table: &self.table, writer: &writer, settings: &self.settings };
        let created = async { notifier.create(user, &content?, &key, Millis::now()).await }.await;
        match created {
            Ok(_) => true,
            Err(error) => {
                telemetry::cause(&error);
                // A refusal is permanent. It is not tried again, and the others are notified.
                !matches!(error, ApiError::Internal(_) | ApiError::Unavailable(_))
            }
        }
    }
}

/// The data beside the sender. Pushes of one conversation replace each other.
fn data(wake: &Wake) -> Map<String, Value> {
    let Wake { hotel, booking, message, .. } = wake;
    let conversation = json!(format!("{hotel}/{booking}"));
    let fields = [
        ("conversationId", conversation),
        ("hotelSlug", json!(hotel)),
        ("bookingId", json!(booking)),
        ("messageId", json!(message)),
    ];
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

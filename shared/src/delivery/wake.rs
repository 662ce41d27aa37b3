//! Waking a hotel: a notification for each member of its staff, when nobody of them has the inbox open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Map, Value, json};

use super::plan::Fate;
use super::{Courier, Row};
use crate::chats;
use crate::contract::channel::{Channel, ChannelName};
use crate::contract::id::{HotelSlug, UserId};
use crate::contract::time::Millis;
use crate::http::idempotency::{Cause, IdempotencyKey};
use crate::notifications::{self, Kind, NewNotification};
use crate::outbox::{Delivery, Wake, Writer};
use crate::problem::Problem;
use crate::settings::Settings;
use crate::telemetry;

/// Hotels woken at once, and notifications of each that are stored at once.
const MAX_AT_ONCE: usize = 4;
/// What is not begun within this time of a batch is postponed: the function has half a minute in all.
const BATCH_TIMEOUT: Duration = Duration::from_secs(8);
/// How long Pusher may take to say whether anybody is there.
const PRESENT_TIMEOUT: Duration = Duration::from_secs(1);

/// Delivers the rows' due entries of this way and notes each one's fate in its row.
pub(super) async fn deliver(courier: &Courier, rows: &mut [Row], deadline: Instant) {
    let deadline = deadline.min(Instant::now() + BATCH_TIMEOUT);
    let wakes: Vec<_> = rows.iter().enumerate().flat_map(|(row, of)| wakes(row, of)).collect();
    // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
    let attempts: Vec<_> =
        wakes.iter().map(|(_, _, request, wake)| attempt(courier, request, wake, deadline)).collect();
    let fates: Vec<_> = stream::iter(attempts).buffered(MAX_AT_ONCE).collect().await;
    for ((row, entry, ..), fate) in wakes.into_iter().zip(fates) {
        rows[row].fates[entry] = fate;
    }
}

/// The due entries of this way: the row's place, the entry's, the request that caused it.
fn wakes(place: usize, row: &Row) -> Vec<(usize, usize, String, Wake)> {
    let wake = |entry: &usize| {
        let owed = &row.committed.outbox.owed[*entry];
        match &owed.delivery {
            Delivery::Wake(wake) => {
                Some((place, *entry, owed.request_id.clone().unwrap_or_default(), wake.as_ref().clone()))
            }
            _ => None,
        }
    };
    row.due.iter().filter_map(wake).collect()
}

async fn attempt(courier: &Courier, request: &str, wake: &Wake, deadline: Instant) -> Fate {
    if Instant::now() >= deadline {
        return Fate::UNTRIED;
    }
    if is_anybody_there(courier, &wake.hotel).await {
        return Fate::Moot;
    }
    let staff = match chats::staff(&courier.table, &wake.hotel).await {
        Ok(staff) => staff,
        Err(error) => {
            telemetry::cause(&error);
            return Fate::UNTRIED;
        }
    };
    let Some(settings) = courier.settings.clone().filter(|_| !staff.is_empty()) else {
        return Fate::Moot;
    };
    let told: Vec<_> = staff.iter().map(|user| notify(courier, &settings, request, wake, user, deadline)).collect();
    let told: Vec<_> = stream::iter(told).buffered(MAX_AT_ONCE).collect().await;
    // Those who have theirs get no second one: the key is the same the next time.
    if told.into_iter().all(|told| told) { Fate::Delivered } else { Fate::TRIED }
}

/// Whether anybody of the staff is subscribed to the channel of the inbox. The guest's own channel does not say: the guest is
/// there, too, and a private channel has no list of its users. When Pusher does not say, nobody hears anything there.
async fn is_anybody_there(courier: &Courier, hotel: &HotelSlug) -> bool {
    let Ok(channel) = ChannelName::parse(&Channel::HotelStaff(hotel.clone()).to_string()) else {
        return false;
    };
    match tokio::time::timeout(PRESENT_TIMEOUT, courier.pusher.channel(&channel)).await {
        Ok(Ok(info)) => info.occupied,
        Ok(Err(error)) => {
            telemetry::cause(&error);
            false
        }
        Err(_) => false,
    }
}

/// Stores a member's notification, whose own row then owes its event and its pushes. Returns whether it is stored.
async fn notify(
    courier: &Courier,
    settings: &Arc<Settings>,
    request: &str,
    wake: &Wake,
    user: &UserId,
    deadline: Instant,
) -> bool {
    if Instant::now() >= deadline {
        return false;
    }
    let new = NewNotification::of(user, Kind::Message, data(wake));
    let Wake { hotel, booking, message, .. } = wake;
    let key = IdempotencyKey::of_cause(Cause::Wake { member: user, hotel, booking, message });
    let writer = Writer::without_delivery(request);
    match notifications::create(&courier.table, &writer, settings, new, &key, Millis::now()).await {
        Ok(_) => true,
        Err(problem) => {
            telemetry::cause(&problem);
            // What is refused is refused the next time, too, and the others have theirs.
            !matches!(problem, Problem::Internal(_) | Problem::Unavailable(_))
        }
    }
}

/// What the notification is about. Pushes of one conversation replace each other.
fn data(wake: &Wake) -> Map<String, Value> {
    let Wake { hotel, booking, message, guest_name } = wake;
    let mut data = Map::new();
    data.insert("senderName".to_owned(), json!(guest_name));
    data.insert("conversationId".to_owned(), json!(format!("{hotel}/{booking}")));
    data.insert("hotelSlug".to_owned(), json!(hotel));
    data.insert("bookingId".to_owned(), json!(booking));
    data.insert("messageId".to_owned(), json!(message));
    data
}

//! Kudos: one reader's thanks to another.
//!
//! The receiver need not be known here: a user of the web app alone may have no row, and the write budget bounds guessing.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api_error::ApiError;
use crate::contract::event::{Event as _, MAX_EVENT_BYTES};
use crate::contract::facts::Fact;
use crate::contract::id::{InvalidId, UserId, is_channel_byte};
use crate::contract::person::Person;
use crate::contract::rooms::KudosReceived;
use crate::contract::text::Line;
use crate::contract::time::Millis;
use crate::http::idempotency::{self, IdempotencyKey};
use crate::notifications::{NotificationKind, Sender};
use crate::outbox::{Committed, Delivery, Done, Outbox, WriteContext};
use crate::table::key::kudos_received;
use crate::table::{Action, ByTime, Item, Key, Table, TableError, Write, item, read};

/// Longest book title, in characters.
const MAX_TITLE: usize = 500;

/// The giver's request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewKudos {
    receiver_id: String,
    session_id: String,
    book_title: String,
}

/// Kudos that were given.
#[derive(Debug)]
pub struct Kudos {
    pub id: String,
    /// When they were given; a repeated request returns the time of the first.
    pub created_at: Millis,
}

/// Kudos, as stored.
#[derive(Serialize, Deserialize)]
pub(super) struct KudosRow {
    pub(super) giver: UserId,
    pub(super) receiver: UserId,
    pub(super) session_id: String,
    pub(super) book_title: Line,
    pub(super) created_at: Millis,
    /// Its place among its receiver's.
    #[serde(skip_deserializing)]
    gsi1pk: String,
    #[serde(skip_deserializing)]
    gsi1sk: String,
}

/// Gives kudos: one conditional put, which carries the event.
///
/// # Errors
/// 400 for invalid fields, 413 when the event would be over 10 KB, 422 for kudos to oneself or a
/// reused key, 500 when DynamoDB fails.
pub async fn give(
    table: &Table,
    writer: &WriteContext,
    from: Person,
    new: NewKudos,
    key: &IdempotencyKey,
) -> Result<Done<Kudos>, ApiError> {
    let (id, now) = (key.id().to_string(), Millis::now());
    let row = KudosRow::new(&id, from.user_id.clone(), new, now)?;
    let KudosRow { receiver, session_id, book_title, .. } = &row;
    let event = KudosReceived {
        receiver: receiver.clone(),
        from_user: from,
        session_id: session_id.clone(),
        book_title: book_title.clone(),
    };
    let bytes = event.data().len();
    if bytes > MAX_EVENT_BYTES {
        return Err(ApiError::TooLarge { what: "The event", bytes, limit: MAX_EVENT_BYTES });
    }
    let notify = writer.notifications_of.kudos.then(|| of_kudos(&id, &event));
    let fact = Delivery::fact(Fact::KudosGiven {
        kudos_id: id.clone(),
        giver_id: row.giver.clone(),
        receiver_id: row.receiver.clone(),
        session_id: row.session_id.clone(),
    });
    let deliveries = [Delivery::event(&event)].into_iter().chain(notify).chain([fact]);
    let outbox = Outbox::new(deliveries, writer, row.created_at);
    let committed = Committed::new(Key::kudos(&id), outbox);
    match table.create(committed.item(&row)?, now).await? {
        Write::Done(()) => Ok(Done::now(Kudos { id, created_at: row.created_at }, [committed])),
        Write::ConditionFailed(first) => replay(id, first, &row),
    }
}

/// The write of kudos from another system's data, unless there are some of this id.
///
/// # Errors
/// 400 for invalid fields, 422 for kudos to oneself.
pub(crate) fn imported(id: &str, giver: UserId, new: NewKudos, at: Millis) -> Result<Action, ApiError> {
    Ok(Action::put_new(item(&Key::kudos(id), &KudosRow::new(id, giver, new, at)?)?, at))
}

impl KudosRow {
    fn new(id: &str, giver: UserId, new: NewKudos, at: Millis) -> Result<Self, ApiError> {
        let receiver = UserId::parse(new.receiver_id).map_err(|error| ApiError::field("receiverId", error))?;
        check_session(&new.session_id)?;
        let book_title = Line::parse(&new.book_title, MAX_TITLE);
        let book_title = book_title.map_err(|error| ApiError::field("bookTitle", error))?;
        if receiver == giver {
            return Err(ApiError::Unprocessable(
                "Kudos are for others: receiverId is your own id; send that of the reader whom you thank".to_owned(),
            ));
        }
        let (gsi1pk, gsi1sk) = (kudos_received(&receiver), ByTime::new(at, id).text());
        Ok(Self { giver, receiver, session_id: new.session_id, book_title, created_at: at, gsi1pk, gsi1sk })
    }
}

/// The notification, for a receiver who does not see the event.
fn of_kudos(id: &str, KudosReceived { receiver, from_user, session_id, book_title }: &KudosReceived) -> Delivery {
    let sender = Sender { id: &from_user.user_id, name: &from_user.display_name };
    let more = [("kudosId", json!(id)), ("sessionId", json!(session_id)), ("bookTitle", json!(book_title))];
    sender.notifies(receiver, NotificationKind::Kudos, more, &format!("kudos {id}")).into()
}

fn replay(id: String, first: Option<Item>, again: &KudosRow) -> Result<Done<Kudos>, ApiError> {
    // Kudos are deleted with their giver or receiver alone: then this was its last moment.
    let first: KudosRow = read(first.ok_or(TableError::Contended)?)?;
    let asked_for = |row: &KudosRow| (row.receiver.clone(), row.session_id.clone(), row.book_title.clone());
    idempotency::must_be_same(asked_for(&first) == asked_for(again))?;
    Ok(Done::replay(Kudos { id, created_at: first.created_at }))
}

fn check_session(id: &str) -> Result<(), ApiError> {
    if (1..=128).contains(&id.len()) && id.bytes().all(is_channel_byte) {
        return Ok(());
    }
    Err(ApiError::field("sessionId", InvalidId))
}

//! Storing a notification: one transaction of the row, the counter and, for a request with a key, its idempotency row.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Counter, Kind, Priority};
use crate::contract::{Event, MAX_EVENT_BYTES};
use crate::http::Problem;
use crate::id::UserId;
use crate::idempotency;
use crate::key::{Item, Key, number, string};
use crate::outbox::{ATTRIBUTE, Committed, Outbox};
use crate::store::{Store, StoreError, on_heap, read};
use crate::time::Millis;

/// Notifications are kept this long, in seconds.
const LIFETIME: i64 = 90 * 24 * 3600;
/// How often a number is taken anew when somebody else took it.
const TRIES: u32 = 12;

/// What a service asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    user_id: String,
    r#type: String,
    #[serde(default)]
    data: Map<String, Value>,
    #[serde(default)]
    priority: Priority,
}

/// A notification that was stored, now or by the same request before.
#[derive(Debug)]
pub struct Created {
    /// The id.
    pub id: String,
    /// The row with what it owes; `None` when this is a repetition.
    pub committed: Option<Committed>,
}

#[derive(Deserialize)]
struct First {
    notification: String,
    fingerprint: String,
}

/// Stores a notification, numbered after the user's last one.
///
/// # Errors
/// 400 for fields that are not what they should be, 413 when the event would be over 10 KB, 422 for a reused key, 500
/// when DynamoDB fails or too many writers compete for one user's next number.
pub async fn create(store: &Store, request: Request, key: &idempotency::Request) -> Result<Created, Problem> {
    let user = UserId::parse(request.user_id.clone()).map_err(|error| error.in_field("userId"))?;
    let kind = Kind::named(&request.r#type)
        .ok_or_else(|| Problem::field("type", format!("must be one of {}", Kind::names())))?;
    if let Some(first) = first_of(store, key).await? {
        key.must_match(&first.fingerprint)?;
        return Ok(Created { id: first.notification, committed: None });
    }
    let mut pause = std::time::Duration::from_millis(5);
    for _ in 0..TRIES {
        let counter = Counter::of(store, &user, true).await?;
        let row = Row::new(&user, kind, &request, counter.unwrap_or_default().last + 1, key)?;
        match commit(store, &user, &row, counter, key).await? {
            Outcome::Done => {
                return Ok(Created { id: row.id, committed: Some(row.committed) });
            }
            Outcome::Repeated => {
                let first = first_of(store, key).await?.ok_or(StoreError::Contended)?;
                key.must_match(&first.fingerprint)?;
                return Ok(Created { id: first.notification, committed: None });
            }
            Outcome::NumberTaken => {
                tokio::time::sleep(pause.mul_f64(0.5 + rand::random::<f64>())).await;
                pause = (pause * 2).min(std::time::Duration::from_millis(200));
            }
        }
    }
    Err(StoreError::Contended.into())
}

/// What an earlier request with the same key stored.
async fn first_of(store: &Store, key: &idempotency::Request) -> Result<Option<First>, StoreError> {
    if !key.has_key {
        return Ok(None);
    }
    let row = store.get(&Key::idempotency(&key.id.to_string()), true).await?;
    row.map(read).transpose()
}

struct Row {
    id: String,
    item: Item,
    committed: Committed,
}

impl Row {
    fn new(user: &UserId, kind: Kind, request: &Request, n: i64, key: &idempotency::Request) -> Result<Self, Problem> {
        // Ids sort as their numbers do, and no other user's notification has the same.
        let id = format!("{n:012}-{}", key.id.simple());
        let now = Millis::now();
        let message = kind.sentence(&request.data);
        let mut data = request.data.clone();
        data.insert("notificationId".to_owned(), Value::String(id.clone()));
        let event =
            Event::NotificationNew { user: user.clone(), kind: kind.name().to_owned(), message: message.clone(), data };
        if event.data().len() > MAX_EVENT_BYTES {
            return Err(Problem::TooLarge { what: "The event", limit: MAX_EVENT_BYTES });
        }
        let committed = Committed { key: Key::notification(user, &id), outbox: Outbox::of(&[event], now) };
        let mut item = committed.key.item();
        let mut set = |name: &str, value| item.insert(name.to_owned(), value);
        set("n", number(n));
        set("type", string(kind.name()));
        set("message", string(message));
        set("data", string(Value::Object(request.data.clone()).to_string()));
        set("priority", string(if request.priority == Priority::High { "high" } else { "normal" }));
        set("created_at", number(now.0));
        set("expires_at", number(now.plus_seconds(LIFETIME).seconds()));
        set(ATTRIBUTE, committed.outbox.value());
        Ok(Self { id, item, committed })
    }
}

enum Outcome {
    Done,
    NumberTaken,
    Repeated,
}

async fn commit(
    store: &Store,
    user: &UserId,
    row: &Row,
    counter: Option<Counter>,
    key: &idempotency::Request,
) -> Result<Outcome, StoreError> {
    let mut items = vec![
        TransactWriteItem::builder().update(count_up(store, user, counter)?).build(),
        TransactWriteItem::builder().put(new(store, row.item.clone())?).build(),
    ];
    if key.has_key {
        let mut first = Key::idempotency(&key.id.to_string()).item();
        first.insert("notification".to_owned(), string(&row.id));
        first.insert("fingerprint".to_owned(), string(&key.fingerprint));
        first.insert("expires_at".to_owned(), number(Millis::now().plus_seconds(LIFETIME).seconds()));
        items.push(TransactWriteItem::builder().put(new(store, first)?).build());
    }
    match on_heap(store.client().transact_write_items().set_transact_items(Some(items)).send()).await {
        Ok(_) => Ok(Outcome::Done),
        Err(SdkError::ServiceError(error)) if error.err().is_transaction_canceled_exception() => {
            let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.into_err() else {
                return Err(StoreError::Contended);
            };
            let reasons = cancelled.cancellation_reasons();
            let refused =
                |at: usize| reasons.get(at).and_then(|reason| reason.code()) == Some("ConditionalCheckFailed");
            let conflict = reasons.iter().any(|reason| reason.code() == Some("TransactionConflict"));
            match () {
                () if refused(2) => Ok(Outcome::Repeated),
                () if refused(0) || refused(1) || conflict => Ok(Outcome::NumberTaken),
                () => Err(StoreError::dynamodb(cancelled)),
            }
        }
        Err(error) => Err(StoreError::dynamodb(error)),
    }
}

fn count_up(store: &Store, user: &UserId, counter: Option<Counter>) -> Result<Update, StoreError> {
    let last = counter.unwrap_or_default().last;
    let update = Update::builder()
        .table_name(store.table())
        .set_key(Some(Key::notification_counter(user).item()))
        .update_expression("SET #last = :next ADD unread :one")
        .expression_attribute_names("#last", "last")
        .expression_attribute_values(":next", number(last + 1))
        .expression_attribute_values(":one", number(1));
    let update = match counter {
        None => update.condition_expression("attribute_not_exists(pk)"),
        Some(_) => update.condition_expression("#last = :last").expression_attribute_values(":last", number(last)),
    };
    update.build().map_err(StoreError::dynamodb)
}

fn new(store: &Store, item: Item) -> Result<Put, StoreError> {
    let put =
        Put::builder().table_name(store.table()).set_item(Some(item)).condition_expression("attribute_not_exists(pk)");
    put.build().map_err(StoreError::dynamodb)
}

//! Stores a message: its row with its deliveries, the conversation's head, the author's rate limit, and the idempotency key, in one
//! transaction. The head has the author's read mark, and a guest's rate limit. The first message of a conversation lists it for the
//! others, by a row each; later ones find in the head that it is listed, and cost nothing more.

use serde::{Deserialize, Serialize};

use super::attach::{Copies, Uploads};
use super::created::{reopened, sent, shortened};
use super::head::Head;
use super::message::MessageRow;
use super::{Conversation, Message, MessageId, NewMessage, Seq};
use crate::api_error::ApiError;
use crate::contract::event::MAX_EVENT_BYTES;
use crate::contract::id::UserId;
use crate::contract::time::Millis;
use crate::http::idempotency::{self, IdempotencyKey, REMEMBERED_SECONDS};
use crate::outbox::{Committed, Delivery, Done, Outbox, WriteContext};
use crate::table::key::author;
use crate::table::rate_limit::{self, Limit};
use crate::table::{Action, Key, Table, TableError, Update, item, read};

/// How much an author may write: thirty messages at once, then one every two seconds.
pub const MESSAGES: Limit = Limit { burst: 30, interval: 2_000 };

/// The row of an idempotency key. A repetition is compared with the message, and with the fingerprint once the message is deleted.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyRow {
    pub(super) message: MessageId,
    /// Only in a row that expires.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) expires_at: Option<i64>,
}

/// The row that lists a conversation for a user who has neither written nor read in it. By their first read mark it is found without.
#[derive(Serialize)]
pub(super) struct ListedRow {
    pub(super) since: Millis,
}

/// Further writes of a message's transaction, on top of this head, at this time.
type Also<'a> = dyn Fn(&Head, Millis) -> Result<Vec<Action>, TableError> + Sync + 'a;

/// The differences between kinds of conversation.
pub(crate) struct Terms<'a> {
    /// How much an author may write over all conversations; `None` where the caller has counted already.
    pub limit: Option<Limit>,
    /// How long a key is remembered, in seconds; `None` for as long as the message has an author.
    pub key_seconds: Option<i64>,
    /// How long a repeat of the newest message, by its author and without a key, is the same message, in seconds.
    pub repeat_seconds: Option<i64>,
    /// Whether the text is a sealed content.
    pub sealed: bool,
    /// The name that its sender gave a direct message.
    pub client_message_id: Option<&'a str>,
    /// For the first message of a conversation, one of these rows must exist, as proof that the receiver does.
    pub receiver: &'a [Key],
    /// Adds writes to the same transaction.
    pub also: &'a Also<'a>,
}

impl Default for Terms<'_> {
    fn default() -> Self {
        Self {
            limit: Some(MESSAGES),
            key_seconds: Some(REMEMBERED_SECONDS),
            repeat_seconds: None,
            sealed: false,
            client_message_id: None,
            receiver: &[],
            also: &|_, _| Ok(Vec::new()),
        }
    }
}

/// A message to post, and the terms of its kind of conversation.
pub(crate) struct Posting<'a> {
    pub terms: Terms<'a>,
    pub new: NewMessage,
}

/// Stores a message with the conversation's next number, and with the deliveries that `owes` makes once the number is known. It
/// moves its author's read mark: an author has seen the messages above, and their own message is not unread to them. A repeated
/// request, also one that comes while the first is under way, returns the first one's message.
///
/// # Errors
/// 409 for a file that another message has, 413 when an event would be over 10 KB, 422 for a reused key and for a file that was not
/// uploaded here, 429 over the limit, 503 when too many write at once; then
/// nothing was written. 500 when DynamoDB fails.
pub async fn post(
    table: &Table,
    writer: &WriteContext,
    conversation: &Conversation,
    new: NewMessage,
    owes: impl Fn(&Message) -> Vec<Delivery>,
) -> Result<Done<Message>, ApiError> {
    post_on(table, writer, conversation, &Posting { terms: Terms::default(), new }, owes).await
}

/// As [`post`], on these terms.
///
/// # Errors
/// As [`post`].
pub(crate) async fn post_on(
    table: &Table,
    writer: &WriteContext,
    conversation: &Conversation,
    posting: &Posting<'_>,
    owes: impl Fn(&Message) -> Vec<Delivery>,
) -> Result<Done<Message>, ApiError> {
    let Posting { terms, new } = posting;
    let (unique, copies) = (uuid::Uuid::now_v7(), Copies::default());
    super::retry(|| async {
        let now = Millis::now();
        let seen = Seen::read(table, conversation, new, now).await?;
        if let Some(first) = seen.first {
            return replay(table, conversation, new, first).await.map(Some);
        }
        if let Some(newest) = repeated(table, conversation, posting, &seen.head, now).await? {
            return Ok(Some(Done::replay(newest)));
        }
        let uploads = Uploads { table, conversation, author: &new.author.id, new: new.attachments.as_ref() };
        let attachments = uploads.asked(now).await?;
        let is_first = seen.head.seq == Seq::NONE && !terms.receiver.is_empty();
        if is_first && table.get_many(terms.receiver, true).await?.is_empty() {
            return Err(super::unknown_receiver());
        }
        let due = terms.limit.map(|limit| limit.admit(seen.due, now)).transpose().map_err(ApiError::TooManyRequests)?;
        let (guest_due, author_due) = if conversation.is_of_guest(&new.author.id) { (due, None) } else { (None, due) };
        let message = Message { sealed: terms.sealed, attachments, ..new.numbered(&seen.head, unique, now) };
        let mut deliveries = owes(&message);
        must_fit(&deliveries)?;
        deliveries.push(sent(conversation, &message));
        deliveries.extend(reopened(conversation, &seen.head, &message));
        deliveries.extend(keep(&message));
        let outbox = Outbox::new(deliveries, writer, now);
        let outbox = shortened(outbox, conversation, &message, terms.client_message_id);
        let committed = Committed::new(conversation.message(message.seq), outbox);
        // Last of all that may be refused.
        let files = uploads.copied(message.attachments.clone(), unique, &copies).await?;
        let unlisted: Vec<_> = new.others.iter().filter(|user| !seen.head.lists(conversation, user)).collect();
        let mut writes = vec![
            seen.head.advance(conversation, &new.author, &message, (&unlisted, guest_due)),
            Action::put_new(committed.item(&MessageRow::new(&message, new.lock()))?, now),
        ];
        if !seen.head.has_mark_of(&new.author.id) {
            writes.push(mark_of_author(conversation, &new.author.id, message.seq));
        }
        for user in unlisted {
            writes.push(Action::put(item(
                &Key::listed_conversation(user, conversation.partition()),
                &ListedRow { since: now },
            )?));
        }
        writes.extend(author_due.map(|due| rate_limit::count(&new.limit(), seen.due, due)));
        writes.extend(new.remember(conversation, &message, terms.key_seconds, now)?);
        writes.extend((terms.also)(&seen.head, now)?);
        writes.extend(files.iter().map(|file| file.attach(conversation, &new.author.id, &message.id)));
        let is_done = table.transact(writes).await?.is_done();
        // Another message took the number, or it is the first request with this key.
        Ok(is_done.then(|| Done::now(message, [committed])))
    })
    .await
}

/// The state before a message is written, read in one request.
struct Seen {
    head: Head,
    /// The state of the author's rate limit.
    due: Option<Millis>,
    /// The result of the first request with the same key.
    first: Option<KeyRow>,
}

impl Seen {
    async fn read(
        table: &Table,
        conversation: &Conversation,
        new: &NewMessage,
        now: Millis,
    ) -> Result<Self, TableError> {
        let (head, first) = (conversation.head(), new.key_row(conversation));
        let is_guest = conversation.is_of_guest(&new.author.id);
        let limit = (!is_guest).then(|| new.limit());
        let mut rows = table.get_many(std::iter::once(&head).chain(&limit).chain(&first), true).await?;
        let due = limit.and_then(|limit| rows.get(&limit).and_then(rate_limit::due));
        let first = first.and_then(|key| rows.remove(&key)).map(read::<KeyRow>).transpose()?;
        let first = first.filter(|first| first.expires_at.is_none_or(|expires_at| expires_at > now.seconds()));
        let head = Head::of_row(rows.remove(&head))?;
        Ok(Self { due: due.or(head.guest_due.filter(|_| is_guest)), head, first })
    }
}

impl NewMessage {
    fn key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref().filter(|key| key.has_key())
    }

    fn key_row(&self, conversation: &Conversation) -> Option<Key> {
        self.lock().map(|lock| Key::chat_key(conversation.partition(), &lock))
    }

    fn lock(&self) -> Option<String> {
        self.key().map(|key| key.id().simple().to_string())
    }

    fn limit(&self) -> Key {
        Key::limit(&self.author.id, "messages")
    }

    fn numbered(&self, head: &Head, unique: uuid::Uuid, now: Millis) -> Message {
        let seq = head.seq.next();
        Message {
            id: MessageId::new(seq, unique),
            seq,
            author: Some(self.author.id.clone()),
            author_name: self.author.name.clone(),
            role: self.author.role,
            text: Some(self.text.clone()),
            sealed: false,
            attachments: Vec::new(),
            created_at: now,
            deleted_at: None,
        }
    }

    fn remember(
        &self,
        conversation: &Conversation,
        message: &Message,
        seconds: Option<i64>,
        now: Millis,
    ) -> Result<Option<Action>, TableError> {
        let Some(row) = self.key_row(conversation) else {
            return Ok(None);
        };
        let expires_at = seconds.map(|seconds| now.plus_seconds(seconds).seconds());
        let fingerprint = self.key().filter(|_| seconds.is_some()).and_then(IdempotencyKey::fingerprint);
        let first = KeyRow { message: message.id.clone(), fingerprint, expires_at };
        Ok(Some(Action::put_unless_live(item(&row, &first)?, now)))
    }
}

/// The author has read up to their own message. No mark is higher than its number, which is new in this transaction. By the mark's
/// entry in the index an erasure finds the conversation, so an author's first message in it writes one.
pub(super) fn mark_of_author(conversation: &Conversation, user: &UserId, seq: Seq) -> Action {
    Update::new(&conversation.read_mark(user))
        .set("seq", seq)
        .set("gsi1pk", author(user))
        .set("gsi1sk", conversation.partition())
        .into()
}

/// The delivery by which the bucket keeps the files of a message. It is the consumer's: the message is written by then.
fn keep(message: &Message) -> Option<Delivery> {
    let files = message.objects();
    (!files.is_empty()).then_some(Delivery::KeepCopies { files })
}

/// Refuses an event that Pusher would refuse.
fn must_fit(deliveries: &[Delivery]) -> Result<(), ApiError> {
    let bytes = |delivery: &Delivery| match delivery {
        Delivery::Pusher(event) => event.data.len(),
        _ => 0,
    };
    match deliveries.iter().map(bytes).max() {
        Some(bytes) if bytes > MAX_EVENT_BYTES => {
            Err(ApiError::TooLarge { what: "The event with this text", bytes, limit: MAX_EVENT_BYTES })
        }
        _ => Ok(()),
    }
}

async fn replay(
    table: &Table,
    conversation: &Conversation,
    new: &NewMessage,
    first: KeyRow,
) -> Result<Done<Message>, ApiError> {
    // A message is never taken away, only what is in it.
    let row = table.get(&conversation.message(first.message.seq()), true).await?;
    let message = Message::of_row(row.ok_or_else(super::unknown_message)?)?;
    // A deleted message no longer holds its text. It must not be the response to another text, which would be lost.
    idempotency::must_be_same(match &message.text {
        Some(text) => text == new.text.as_str() && new.has_files_of(&message),
        None => new.key().is_some_and(|key| key.is_of(first.fingerprint.as_deref())),
    })?;
    Ok(Done::replay(message))
}

/// The newest message, if this one says the same again. The head tells almost always that it does not, so mostly no row is read.
async fn repeated(
    table: &Table,
    conversation: &Conversation,
    Posting { terms, new }: &Posting<'_>,
    head: &Head,
    now: Millis,
) -> Result<Option<Message>, TableError> {
    let Some(seconds) = terms.repeat_seconds.filter(|_| new.key().is_none()) else {
        return Ok(None);
    };
    let is_recent = head.last_at.is_some_and(|at| at.plus_seconds(seconds) > now);
    let may_be_same = new.attachments.is_some() || head.may_say(&new.author.id, &new.text, terms.sealed);
    if !is_recent || !may_be_same {
        return Ok(None);
    }
    let newest = table.get(&conversation.message(head.seq), true).await?.map(Message::of_row).transpose()?;
    let is_same = |newest: &Message| {
        newest.author.as_ref() == Some(&new.author.id)
            && newest.text.as_ref() == Some(&new.text)
            && new.has_files_of(newest)
    };
    Ok(newest.filter(is_same))
}

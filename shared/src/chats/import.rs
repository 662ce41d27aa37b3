//! Messages of another system, numbered in the order in which they come, and how far somebody has read them.
//!
//! Each has a row with its own id, as a message with an idempotency key has, so that it is stored once. Messages are imported before the first
//! one is written here: after that, they would come behind newer ones, and all would count as unread.

use uuid::Uuid;

use super::head::Head;
use super::message::MessageRow;
use super::post::{KeyRow, ListedRow, mark_of_author};
use super::read::seq_of;
use super::wire_id::shown_id;
use super::{Author, Conversation, ConversationKind, Message, MessageId, Seq};
use crate::api_error::ApiError;
use crate::contract::id::UserId;
use crate::contract::text::Text;
use crate::contract::time::Millis;
use crate::http::idempotency::{Cause, IdempotencyKey};
use crate::table::key::author;
use crate::table::{Action, Imported, Key, Table, TableError, Update, item, read, unchanged};

/// Most messages that are written at once. A transaction has the head, two rows for each, the first read mark of each author, and two
/// contacts: 99 rows. One who has not written has a row that lists the conversation in place of a mark.
pub(crate) const MAX_IMPORTED: usize = 32;

/// A message of another system.
#[derive(Debug, Clone)]
pub(crate) struct OldMessage {
    /// Its own id.
    pub id: String,
    /// That id as a UUID.
    pub unique: Uuid,
    pub author: Author,
    /// `None` for one that is deleted.
    pub text: Option<Text>,
    pub created_at: Millis,
    pub deleted_at: Option<Millis>,
}

/// Names the row of a message's own id.
fn lock(conversation: &Conversation, id: &str) -> String {
    let cause = Cause::Line { kind: "message", within: conversation.partition(), id };
    IdempotencyKey::of_cause(cause).id().simple().to_string()
}

impl OldMessage {
    fn numbered(&self, seq: Seq) -> Message {
        Message {
            id: MessageId::new(seq, self.unique),
            seq,
            author: Some(self.author.id.clone()),
            author_name: self.author.name.clone(),
            role: self.author.role,
            text: self.text.clone(),
            sealed: false,
            attachments: Vec::new(),
            created_at: self.created_at,
            deleted_at: self.deleted_at,
        }
    }

    /// Whether the stored message is this one. One that was deleted here since, is.
    fn is(&self, stored: &Message) -> bool {
        stored.author.as_ref() == Some(&self.author.id)
            && stored.role == self.author.role
            && stored.created_at == self.created_at
            && (stored.deleted_at.is_some() || stored.text == self.text && stored.deleted_at == self.deleted_at)
    }
}

/// How the import of a message ended, with the id by which its readers know it here.
pub(crate) type ImportedMessage = (Result<Imported, ApiError>, Option<String>);

/// Further writes of the transaction in which messages make or renew contacts, at this time.
type Contacts<'a> = dyn Fn(Millis) -> Result<Vec<Action>, TableError> + Sync + 'a;

/// Stores up to [`MAX_IMPORTED`] messages with different ids: those that are not there, in one transaction. Returns a result for each, and
/// whether contacts were made. Where somebody has written here, each new message is refused with 409; the others are not concerned.
///
/// # Errors
/// 500 when DynamoDB fails or others keep writing.
pub(crate) async fn import(
    table: &Table,
    conversation: &Conversation,
    old: &[OldMessage],
    contacts: &Contacts<'_>,
    now: Millis,
) -> Result<(Vec<ImportedMessage>, bool), ApiError> {
    let locks: Vec<_> = old.iter().map(|old| lock(conversation, &old.id)).collect();
    let keys: Vec<_> = locks.iter().map(|lock| Key::chat_key(conversation.partition(), lock)).collect();
    let head_key = conversation.head();
    super::retry(|| async {
        let mut found = table.get_many(std::iter::once(&head_key).chain(&keys), true).await?;
        let head = Head::of_row(found.remove(&head_key))?;
        let ids = keys.iter().map(|key| found.remove(key).map(read::<KeyRow>).transpose());
        let ids: Vec<_> = ids.map(|row| Ok(row?.map(|row| row.message))).collect::<Result<_, TableError>>()?;
        let stored: Vec<_> = ids.iter().flatten().map(|id| conversation.message(id.seq())).collect();
        let mut stored = table.get_many(&stored, true).await?;

        let (mut results, mut messages, mut rows) = (Vec::with_capacity(old.len()), Vec::new(), Vec::new());
        let mut seq = head.seq;
        for (n, (old, id)) in old.iter().zip(ids).enumerate() {
            if let Some(id) = id {
                let row = stored.remove(&conversation.message(id.seq())).map(Message::of_row).transpose()?;
                let is_same = row.as_ref().is_some_and(|message| old.is(message));
                let id = row.map_or_else(|| id.to_string(), |message| shown_id(conversation, &message));
                results.push((Ok(if is_same { Imported::Unchanged } else { Imported::Conflict }), Some(id)));
                continue;
            }
            if head.goes_on_here() {
                results.push((Err(goes_on_here()), None));
                continue;
            }
            seq = seq.next();
            let message = old.numbered(seq);
            let row = MessageRow { deleted_at: old.deleted_at, ..MessageRow::new(&message, Some(locks[n].clone())) };
            rows.push(Action::put_new(item(&conversation.message(seq), &row)?, now));
            let row = KeyRow { message: message.id.clone(), fingerprint: None, expires_at: None };
            rows.push(Action::put_unless_live(item(&keys[n], &row)?, now));
            results.push((Ok(Imported::Created), Some(shown_id(conversation, &message))));
            messages.push(message);
        }
        let unlisted = unlisted(conversation, &head, &messages);
        let Some(advanced) = head.advance_imported(conversation, &messages, &unlisted) else {
            return Ok(Some((results, false)));
        };
        let made = head.contacts_of_imported(conversation, &messages);
        let mut writes = vec![advanced];
        writes.extend(rows);
        writes.extend(first_marks(conversation, &head, &messages));
        for user in unlisted {
            let key = Key::listed_conversation(user, conversation.partition());
            writes.push(Action::put(item(&key, &ListedRow { since: now })?));
        }
        writes.extend(made.map(contacts).transpose()?.into_iter().flatten());
        Ok(table.transact(writes).await?.is_done().then_some((results, made.is_some())))
    })
    .await
}

/// The two of a direct conversation who need a row that lists it: they have not written. Those of a lease are listed by their read marks.
fn unlisted<'a>(conversation: &'a Conversation, head: &Head, messages: &[Message]) -> Vec<&'a UserId> {
    let ConversationKind::Direct(one, other) = conversation.kind() else { return Vec::new() };
    let has_written = |user: &UserId| messages.iter().any(|message| message.author.as_ref() == Some(user));
    [one, other].into_iter().filter(|user| !head.lists(conversation, user) && !has_written(user)).collect()
}

/// The read marks of authors for whom the head has none: of their newest message.
fn first_marks(conversation: &Conversation, head: &Head, messages: &[Message]) -> Vec<Action> {
    let newest: std::collections::BTreeMap<_, _> =
        messages.iter().filter_map(|message| Some((message.author.as_ref()?, message.seq))).collect();
    let without = newest.into_iter().filter(|(author, _)| !head.has_mark_of(author));
    without.map(|(author, seq)| mark_of_author(conversation, author, seq)).collect()
}

fn goes_on_here() -> ApiError {
    ApiError::Conflict(
        "Somebody has written in this conversation here: its messages can be imported only before the first one is sent".to_owned(),
    )
}

/// How far somebody has read, by the own id of the last message that they have read.
#[derive(Debug, Clone)]
pub(crate) struct OldMark {
    pub reader: UserId,
    pub message: String,
}

/// Moves a reader's mark forward, never back. No event is sent.
///
/// # Errors
/// 422 where the message is not here, 500 when DynamoDB fails or others keep moving the mark.
pub(crate) async fn import_mark(
    table: &Table,
    conversation: &Conversation,
    OldMark { reader, message }: &OldMark,
) -> Result<Imported, ApiError> {
    let key = Key::chat_key(conversation.partition(), &lock(conversation, message));
    let (head_key, mark_key) = (conversation.head(), conversation.read_mark(reader));
    super::retry(|| async {
        let [id, head, mark] = table.get_each([&key, &head_key, &mark_key], true).await?;
        let read_up_to = id.map(read::<KeyRow>).transpose()?.map(|row| row.message.seq());
        let read_up_to = read_up_to.ok_or_else(|| {
            ApiError::Unprocessable("messageId names no message here: send the message's line first".to_owned())
        })?;
        let stored = seq_of(mark)?;
        if read_up_to <= stored.max(Head::of_row(head)?.last_of(reader)) {
            return Ok(Some(Imported::Unchanged));
        }
        let update = Update::new(&mark_key)
            .set("seq", read_up_to)
            .set("gsi1pk", author(reader))
            .set("gsi1sk", conversation.partition())
            .when(unchanged("seq", (stored != Seq::NONE).then_some(stored)));
        Ok(table.write(update).await?.is_done().then_some(Imported::Created))
    })
    .await
}

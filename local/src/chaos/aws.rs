//! The harness's own requests to ministack. They bypass the proxy.

use std::collections::BTreeMap;

use anyhow::Result;
use contract::key::{CHAT_MESSAGE, Key, LEASE_CHAT, RowKind};
use serde_json::{Value, json};

use super::event::{Event, PusherEvent, RoomUser, Word, messages_in};
use super::ledger::Remains;
use crate::services::aws::{self, Row, text};
use crate::state::State;

/// The stack's table, its queues and its bucket.
pub(super) struct Inspector {
    aws: aws::Aws,
    bucket: Option<String>,
    retry_queue: String,
    dead_letter_queue: String,
}

/// Pending deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outstanding {
    pub(super) rows: usize,
    pub(super) retries: u64,
}

impl Outstanding {
    pub(super) fn is_nothing(self) -> bool {
        self.rows == 0 && self.retries == 0
    }
}

impl Inspector {
    pub(super) fn of(state: &State) -> Self {
        Self {
            aws: aws::Aws::of(state),
            bucket: state.outputs.attachment_bucket_name.clone(),
            retry_queue: state.outputs.retry_queue_url.clone(),
            dead_letter_queue: state.outputs.dead_letter_queue_url.clone(),
        }
    }

    /// How many users have a profile, and so can be invited.
    pub(super) async fn profiles(&self) -> Result<usize> {
        let rows = self.aws.scan(json!({})).await?;
        Ok(rows.iter().filter_map(key).filter(|key| RowKind::of(key) == Some(RowKind::Profile)).count())
    }

    pub(super) async fn outstanding(&self) -> Result<Outstanding> {
        let (rows, retries) = (self.aws.owing().await?, self.aws.messages_in(&self.retry_queue).await?);
        Ok(Outstanding { rows: rows.len(), retries })
    }

    /// The state of the table, and these dead letters.
    pub(super) async fn remains(&self, dead_letters: &[Vec<PusherEvent>]) -> Result<Remains> {
        let mut remains =
            Remains { dead: dead_letters.concat(), dead_letters: dead_letters.len(), ..Remains::default() };
        for row in self.aws.scan(json!({ "ConsistentRead": true })).await? {
            if let Some(outbox) = row.get("outbox") {
                remains.rows_owing += 1;
                remains.owed.extend(messages_in(outbox));
            }
            remains.room_users.extend(room_user(&row));
            remains.committed.extend(committed(&row));
            remains.files.attached.extend(attached(&row));
        }
        remains.files.objects = self.objects().await?;
        Ok(remains)
    }

    /// The ids of the bucket's files, each with whether it has the tag by which the bucket deletes it.
    async fn objects(&self) -> Result<BTreeMap<String, bool>> {
        let mut found = BTreeMap::new();
        let Some(bucket) = &self.bucket else { return Ok(found) };
        for key in self.aws.objects(bucket).await? {
            if let Some(tags) = self.aws.object_tags(bucket, &key).await? {
                let id = key.rsplit('/').next().unwrap_or_default().to_owned();
                found.insert(id, tags.contains(&("state".to_owned(), "unsent".to_owned())));
            }
        }
        Ok(found)
    }

    /// The events of each dead letter. Takes them from the queue.
    pub(super) async fn dead_letters(&self) -> Result<Vec<Vec<PusherEvent>>> {
        let mut letters = Vec::new();
        loop {
            let input =
                json!({ "QueueUrl": self.dead_letter_queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600 });
            let received = self.aws.action("sqs", "AmazonSQS.ReceiveMessage", &input).await?;
            let messages = received.get("Messages").and_then(Value::as_array).cloned().unwrap_or_default();
            if messages.is_empty() {
                return Ok(letters);
            }
            letters.extend(messages.iter().map(messages_in));
        }
    }
}

/// The seat that a row is about, and whether the user is there.
fn room_user(row: &Row) -> Option<(RoomUser, Word)> {
    let key = key(row).filter(|key| RowKind::of(key) == Some(RowKind::Presence))?;
    let (book, user) = (id_in(&key.pk)?, id_in(&key.sk)?);
    let word = if row.get("present")?.get("BOOL")?.as_bool()? { Word::In } else { Word::Out };
    Some((RoomUser { book, user }, word))
}

/// The event that was committed with a row.
fn committed(row: &Row) -> Option<Event> {
    let key = key(row)?;
    match RowKind::of(&key)? {
        RowKind::Kudos => Some(Event::Kudos { session: text(row, "session_id")?.to_owned() }),
        RowKind::Notification => Some(Event::Notification { id: id_in(&key.sk)? }),
        RowKind::ChatMessage => {
            let (lease, seq) = (key.pk.strip_prefix(LEASE_CHAT)?.to_owned(), seq_of(&key.sk)?);
            Some(match row.contains_key("deleted_at") {
                true => Event::MessageDeleted { lease, seq },
                false => Event::Message { lease, seq },
            })
        }
        RowKind::Invitation => Some(Event::Invitation { party: id_in(&key.sk)?, invitee: id_in(&key.pk)? }),
        _ => None,
    }
}

/// The ids of the files of a message.
fn attached(row: &Row) -> Vec<String> {
    let is_message = key(row).is_some_and(|key| RowKind::of(&key) == Some(RowKind::ChatMessage));
    let files = row.get("attachments").filter(|_| is_message).and_then(|files| files.get("L")?.as_array());
    let id = |file: &Value| Some(file.pointer("/M/id/S")?.as_str()?.to_owned());
    files.into_iter().flatten().filter_map(id).collect()
}

/// The number of the message with this sort key.
pub(super) fn seq_of(sk: &str) -> Option<u64> {
    sk.strip_prefix(CHAT_MESSAGE)?.parse().ok()
}

fn key(row: &Row) -> Option<Key> {
    Some(Key { pk: text(row, "pk")?.to_owned(), sk: text(row, "sk")?.to_owned() })
}

/// The id behind the kind in a part of a key.
fn id_in(part: &str) -> Option<String> {
    part.split_once('#').map(|(_, id)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::id::{BookId, UserId};

    #[test]
    fn a_presence_row_is_a_seat() {
        let presence = Key::presence(&BookId::parse("b").unwrap(), &UserId::parse("ben").unwrap());
        let row = json!({ "pk": { "S": presence.pk }, "sk": { "S": presence.sk }, "present": { "BOOL": true } });
        let expected = RoomUser { book: "b".to_owned(), user: "ben".to_owned() };
        assert_eq!(room_user(row.as_object().unwrap()), Some((expected, Word::In)));
        let other = json!({ "pk": { "S": "USER#ben" }, "sk": { "S": "PROFILE" } });
        assert_eq!(room_user(other.as_object().unwrap()), None);
    }

    #[test]
    fn rows_show_what_happened() {
        let committed = |pk: &str, sk: &str| {
            let row = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "session_id": { "S": "s1" } });
            committed(row.as_object().unwrap())
        };
        assert_eq!(committed("KUDOS#k", "KUDOS"), Some(Event::Kudos { session: "s1".to_owned() }));
        assert_eq!(committed("USER#u", "NOTIFICATION#7"), Some(Event::Notification { id: "7".to_owned() }));
        let invitation = Event::Invitation { party: "p".to_owned(), invitee: "u".to_owned() };
        assert_eq!(committed("USER#u", "INVITATION#p"), Some(invitation));
        assert_eq!(committed("USER#u", "NOTIFICATIONS"), None);
        let message = Event::Message { lease: "b".to_owned(), seq: 7 };
        assert_eq!(committed("CHAT#LEASE#b", "MSG#000000000007"), Some(message));
    }

    #[test]
    fn a_message_has_files_until_it_is_deleted() {
        let file = json!({ "M": { "id": { "S": "a1" }, "size": { "N": "3" } } });
        let mut row =
            json!({ "pk": { "S": "CHAT#LEASE#b" }, "sk": { "S": "MSG#000000000007" }, "attachments": { "L": [file] } });
        assert_eq!(attached(row.as_object().unwrap()), ["a1"]);
        row["deleted_at"] = json!({ "N": "1" });
        row.as_object_mut().unwrap().remove("attachments");
        assert!(attached(row.as_object().unwrap()).is_empty());
        let deleted = Event::MessageDeleted { lease: "b".to_owned(), seq: 7 };
        assert_eq!(committed(row.as_object().unwrap()), Some(deleted));
    }
}

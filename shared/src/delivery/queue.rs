//! The retry queue, the dead-letter queue, and what they have in common with the queue of webhooks: SQS and the shape of a message.

use std::time::Duration;

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};

use crate::clients::aws::AwsError;
use crate::outbox::Entry;
use crate::settings::Queues;
use crate::table::Key;

/// SQS delays a new message for no longer than this.
const LONGEST_DELAY: Duration = Duration::from_secs(900);
/// SQS hides a message for no longer than twelve hours after it was received; a minute is left for the way.
const LONGEST_HIDING: Duration = Duration::from_secs(12 * 3600 - 60);

/// Most bytes that are kept of a record that cannot be read. As JSON in JSON it is at most twice as long, which SQS takes.
const MAX_UNREAD_BYTES: usize = 100_000;

/// A message of any of the queues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// The row with the entries.
    #[serde(flatten)]
    pub(super) key: Key,
    /// The message's name in the row's outbox; a person who sends the row's key to the queue need not give one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) id: Option<String>,
    /// A dead letter, or a webhook. It is no longer in the row, so that it holds up no other entry there; replaying this message delivers it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) given_up: Option<Entry>,
    /// Why it is a dead letter, for the people who read the queue.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) reason: Option<String>,
}

/// A queue did not take a message.
#[derive(Debug, thiserror::Error)]
#[error("SQS failed")]
pub(super) struct QueueError(#[from] AwsError);

/// One queue.
#[derive(Debug, Clone)]
pub(super) struct MessageQueue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl MessageQueue {
    pub(super) fn new(sqs: &aws_sdk_sqs::Client, url: String) -> Self {
        Self { sqs: sqs.clone(), url }
    }

    /// Whether this is the queue's ARN. An address and an ARN both end with the queue's name.
    pub(super) fn has_arn(&self, arn: &str) -> bool {
        self.url.rsplit('/').next() == arn.rsplit(':').next()
    }

    /// Hides a message for this long. The queue itself counts how often it comes back, and gives it up after the last time.
    pub(super) async fn hide(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        let request = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(seconds(delay.min(LONGEST_HIDING)));
        let sent = Box::pin(request.send()).await;
        sent.map(drop).map_err(|error| AwsError::new("SQS ChangeMessageVisibility", error).into())
    }

    /// Adds a message that is first received after this delay.
    pub(super) async fn send(&self, waiting: &Waiting, delay: Duration) -> Result<(), QueueError> {
        let body = serde_json::to_string(waiting).expect("what waits is strings and numbers");
        // SQS refuses the two characters that XML 1.0 does not have. In JSON they stand only in strings, where they can be escaped.
        let body = body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
        let request = self.sqs.send_message().queue_url(&self.url).message_body(body).delay_seconds(seconds(delay));
        let sent = Box::pin(request.send()).await;
        sent.map(drop).map_err(|error| AwsError::new("SQS SendMessage", error).into())
    }
}

/// The dead-letter queue.
#[derive(Debug, Clone)]
pub(super) struct DeadLetters(pub(super) MessageQueue);

impl DeadLetters {
    /// Keeps an entry for a person to look at.
    pub(super) async fn keep(&self, key: &Key, entry: &Entry, reason: &str) -> Result<(), QueueError> {
        let waiting =
            Waiting { key: key.clone(), id: None, given_up: Some(entry.clone()), reason: Some(reason.to_owned()) };
        self.0.send(&waiting, Duration::ZERO).await
    }
}

/// The retry queue, and the dead-letter queue behind it.
#[derive(Debug, Clone)]
pub struct RetryQueue {
    queue: MessageQueue,
    dead_letters: DeadLetters,
}

impl RetryQueue {
    /// The queues of these addresses.
    #[must_use]
    pub fn new(config: &SdkConfig, queues: Queues) -> Self {
        let sqs = aws_sdk_sqs::Client::new(config);
        let dead_letters = DeadLetters(MessageQueue::new(&sqs, queues.dead_letter));
        Self { queue: MessageQueue::new(&sqs, queues.retry), dead_letters }
    }

    /// Has a row looked at again after a while, or after a quarter of an hour if that is less.
    pub(super) async fn later(&self, key: &Key, id: &str, delay: Duration) -> Result<(), QueueError> {
        let waiting = Waiting { key: key.clone(), id: Some(id.to_owned()), given_up: None, reason: None };
        self.queue.send(&waiting, delay.min(LONGEST_DELAY)).await
    }

    /// Hides a message for this long.
    pub(super) async fn postpone(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        self.queue.hide(receipt, delay).await
    }

    /// Keeps a dead letter for a person to look at.
    pub(super) async fn dead_letter(&self, key: &Key, entry: &Entry, reason: &str) -> Result<(), QueueError> {
        self.dead_letters.keep(key, entry, reason).await
    }

    /// Keeps a record of the table's stream that names no row. Of a long one, the beginning.
    pub(super) async fn dead_letter_unread(&self, record: &str) -> Result<(), QueueError> {
        let key = Key { pk: String::new(), sk: String::new() };
        let beginning = &record[..record.floor_char_boundary(MAX_UNREAD_BYTES)];
        self.dead_letter(&key, &Entry::unreadable(beginning), "a record of the table's stream cannot be read").await
    }
}

fn seconds(delay: Duration) -> i32 {
    // Rounded up: a moment that was asked for is not to be missed by a fraction of a second.
    i32::try_from(delay.as_secs() + u64::from(delay.subsec_nanos() > 0)).unwrap_or(i32::MAX)
}

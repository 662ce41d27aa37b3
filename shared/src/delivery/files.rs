//! The files of messages: the bucket keeps those of a message that is written, and deletes those of one that is deleted.
//!
//! Both may be done twice, so an attempt that got no answer is simply repeated.

use std::time::Instant;

use futures_util::future::{BoxFuture, try_join_all};
use futures_util::stream::{self, StreamExt as _};

use super::transport::by_row;
use super::{Due, Outcome, Transport, Visit};
use crate::clients::bucket::{Bucket, BucketError};
use crate::contract::attachments::ObjectKey;
use crate::outbox::{Delivery, TransportName};
use crate::telemetry;

/// Rows whose files are treated at once.
const MAX_AT_ONCE: usize = 8;

/// Keeps and removes files.
#[derive(Debug)]
pub(crate) struct Files {
    pub bucket: Bucket,
}

impl Transport for Files {
    fn name(&self) -> TransportName {
        TransportName::Files
    }

    fn send<'a>(&'a self, entries: Vec<Due<'a>>, visit: &'a Visit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // Collected first: the compiler cannot follow a stream that makes its futures as it goes, across crates.
            let rows: Vec<_> = by_row(&entries).map(|of_row| self.row(of_row, visit)).collect();
            stream::iter(rows).buffer_unordered(MAX_AT_ONCE).collect().await
        })
    }
}

impl Files {
    /// In order: a removal comes after the file was kept.
    async fn row(&self, of_row: &[Due<'_>], visit: &Visit) {
        for due in of_row {
            if Instant::now() >= visit.deadline {
                return;
            }
            let done = self.attempt(&due.entry.delivery).await;
            let is_done = done.is_ok();
            visit.report(due, done.unwrap_or_else(|error| outcome(&error)));
            if !is_done {
                return;
            }
        }
    }

    async fn attempt(&self, delivery: &Delivery) -> Result<Outcome, BucketError> {
        match delivery {
            Delivery::KeepCopies { files } => {
                let kept = try_join_all(files.iter().map(|file| self.bucket.untag(file.as_str()))).await?;
                // A scanner may have deleted them already.
                Ok(if kept.contains(&true) { Outcome::Delivered } else { Outcome::Skipped })
            }
            Delivery::RemoveCopies { files } => {
                // An upload is still there for a day, if its form was not posted again.
                let uploads: Vec<_> = files.iter().filter_map(ObjectKey::upload).collect();
                try_join_all(files.iter().chain(&uploads).map(|key| self.bucket.delete(key.as_str()))).await?;
                Ok(Outcome::Delivered)
            }
            _ => Ok(Outcome::UNSENT),
        }
    }
}

fn outcome(error: &BucketError) -> Outcome {
    if error.passes() {
        telemetry::cause(error);
    } else {
        telemetry::operator_error(format!(
            "{error}: see whether the bucket of attachments exists, and the function's permissions s3:DeleteObject, s3:DeleteObjectTagging and s3:ListBucket"
        ));
    }
    Outcome::UNSENT
}

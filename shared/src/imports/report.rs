//! The result of each line.

use std::collections::BTreeMap;

use serde::Serialize;

use super::job::ReadJob;
use super::kind::LineKind;
use super::line::LineFields;
use crate::api_error::ApiError;
use crate::contract::time::Millis;
use crate::table::{Imported, LineDigest};

/// How a line ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineOutcome {
    Created,
    Unchanged,
    /// The line needs no write.
    Skipped(String),
    /// It was not written; `again` if it may succeed when it is sent again as it is.
    Failed {
        reason: String,
        again: bool,
    },
}

/// The refusal of a line whose id has another content.
const CONFLICT: &str = "conflict: an earlier line of this id had other content. Nothing was changed: correct the id, or change what is here by \
                        the product's own route";

impl From<Imported> for LineOutcome {
    fn from(imported: Imported) -> Self {
        match imported {
            Imported::Created => Self::Created,
            Imported::Unchanged => Self::Unchanged,
            Imported::Skipped(reason) => Self::Skipped(reason.to_owned()),
            Imported::Conflict => Self::Failed { reason: CONFLICT.to_owned(), again: false },
        }
    }
}

impl From<&ApiError> for LineOutcome {
    fn from(error: &ApiError) -> Self {
        let again = error.status().is_server_error() || error.retry_after().is_some();
        Self::Failed { reason: error.to_string(), again }
    }
}

impl LineOutcome {
    /// Of a line for which no time was left. It may be written all the same.
    pub(super) fn late() -> Self {
        Self::Failed { reason: "There was no time left for this line: send it again".to_owned(), again: true }
    }

    /// Of a line that waits for an earlier one.
    pub(super) fn after_another() -> Self {
        let reason = "An earlier line of this row or conversation was not written yet: send both again, in this order";
        Self::Failed { reason: reason.to_owned(), again: true }
    }

    pub(super) fn is_to_be_sent_again(&self) -> bool {
        matches!(self, Self::Failed { again: true, .. })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Unchanged => "unchanged",
            Self::Skipped(_) => "skipped",
            Self::Failed { .. } => "failed",
        }
    }
}

/// A line, as far as it could be read.
#[derive(Debug)]
pub(super) struct ReadLine {
    number: usize,
    kind: Option<LineKind>,
    /// Of a line that cannot be read, what it calls its id.
    id: Option<String>,
    pub(super) job: Result<(ReadJob, LineDigest), ApiError>,
}

impl ReadLine {
    pub(super) fn read(number: usize, text: &[u8], now: Millis) -> Self {
        let mut line = Self { number, kind: None, id: None, job: Err(ApiError::Malformed(String::new())) };
        line.job = line.job_of(text, now);
        line
    }

    fn job_of(&mut self, text: &[u8], now: Millis) -> Result<(ReadJob, LineDigest), ApiError> {
        let mut fields = LineFields::parse(text)?;
        let named = ["id", "userId"].into_iter().find_map(|name| fields.peek(name));
        self.id = named.map(|id| crate::contract::text::shortened(id, 255).into_owned());
        let digest = fields.digest();
        let kind = LineKind::take(&mut fields)?;
        self.kind = Some(kind);
        let job = kind.read(fields, &digest, now)?;
        self.id = Some(job.id.clone());
        Ok((job, digest))
    }

    /// The result, with the id that the row has here, if it is known only now.
    pub(super) fn result(self, outcome: LineOutcome, stored_as: Option<String>) -> LineResult {
        let known = self.job.ok().and_then(|(job, _)| job.stored_as);
        let result = outcome.name();
        let (reason, retryable) = match outcome {
            LineOutcome::Created | LineOutcome::Unchanged => (None, false),
            LineOutcome::Skipped(reason) => (Some(reason), false),
            LineOutcome::Failed { reason, again } => (Some(reason), again),
        };
        let stored_as = stored_as.or(known).filter(|_| matches!(result, "created" | "unchanged"));
        let kind = self.kind.map(LineKind::name);
        LineResult { line: self.number, kind, id: self.id, result, stored_as, reason, retryable }
    }
}

/// The result of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineResult {
    /// Its number in the body, from 1.
    pub line: usize,
    /// `null` for a line whose kind is unknown.
    pub kind: Option<&'static str>,
    /// `null` for a line that cannot be read.
    pub id: Option<String>,
    /// `created`, `unchanged`, `skipped` or `failed`.
    pub result: &'static str,
    /// The id that its row has here, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_as: Option<String>,
    /// Why it was skipped or has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the same line may succeed when it is sent again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retryable: bool,
}

/// The results of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// How many lines ended in each way.
    pub counts: BTreeMap<&'static str, usize>,
    /// In the order of the lines.
    pub results: Vec<LineResult>,
}

impl ImportReport {
    pub(super) fn of(mut results: Vec<LineResult>) -> Self {
        results.sort_by_key(|result| result.line);
        let mut counts = BTreeMap::from(["created", "unchanged", "skipped", "failed"].map(|name| (name, 0)));
        for result in &results {
            *counts.entry(result.result).or_default() += 1;
        }
        Self { counts, results }
    }
}

//! Sends a chunk, again and again until each of its lines has an end.

use std::time::Duration;

use anyhow::{Result, bail};
use http::{Method, StatusCode};
use serde_json::Value;
use tokio::time::sleep;

use super::chunk::Chunk;
use crate::commands::smoke::http::{Call, Http, Reply};
use crate::commands::smoke::secret::{Redaction, Secret};

/// Attempts for a chunk. Waiting doubles from one second to half a minute: three minutes altogether.
const MAX_ATTEMPTS: u32 = 10;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How a line ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineEnd {
    /// `unknown` where the line has no kind.
    pub(super) kind: String,
    /// `created`, `unchanged`, `skipped` or `failed`.
    pub(super) result: String,
    pub(super) reason: String,
    /// The line's id, and the one that its row has here, where it is another.
    pub(super) ids: Option<(String, String)>,
}

/// The meaning of a response.
enum Answer {
    Ends(Vec<LineEnd>),
    /// There is no end of some line: send the same again, after this wait if the response names one.
    Again(String, Option<Duration>),
}

/// Sends to one address.
pub(super) struct LineSender {
    http: Http,
    token: Secret,
    redaction: Redaction,
}

impl LineSender {
    pub(super) fn new(http: Http, token: Secret) -> Self {
        let redaction = Redaction::of([token.clone()]);
        Self { http, token, redaction }
    }

    pub(super) fn address(&self) -> String {
        self.http.address.to_string()
    }

    /// The end of each line of a chunk.
    ///
    /// # Errors
    /// When the address refuses the request whole, or does not respond for three minutes.
    pub(super) async fn send(&self, chunk: &Chunk) -> Result<Vec<LineEnd>> {
        if chunk.lines.is_empty() {
            return Ok(Vec::new());
        }
        let (mut created, mut wait) = (Vec::new(), FIRST_WAIT);
        for attempt in 1.. {
            let (reason, named) = match self.ask(chunk, &mut created).await? {
                Answer::Ends(ends) => return Ok(ends),
                Answer::Again(reason, named) => (reason, named),
            };
            if attempt == MAX_ATTEMPTS {
                bail!("{reason}");
            }
            sleep(named.unwrap_or(wait).min(LONGEST_WAIT)).await;
            wait *= 2;
        }
        unreachable!("the last attempt returns")
    }

    /// Sends the chunk once. `created` are the places of the lines that an earlier attempt created.
    async fn ask(&self, chunk: &Chunk, created: &mut Vec<usize>) -> Result<Answer> {
        let call = Call::new(Method::POST, "/imports").by(&self.token).lines(chunk.body());
        let reply = match self.http.send(&call).await {
            Ok(reply) => reply,
            Err(none) => return Ok(Answer::Again(none.to_string(), None)),
        };
        match reply.status {
            StatusCode::OK => Ok(ends(chunk, &reply.json, created)),
            StatusCode::PAYLOAD_TOO_LARGE if chunk.lines.len() == 1 => {
                let reason = reply.field("message").to_owned();
                let (kind, result) = ("unknown".to_owned(), "failed".to_owned());
                Ok(Answer::Ends(vec![LineEnd { kind, result, reason, ids: None }]))
            }
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Ok(Answer::Again(reply.shown(&self.redaction), retry_after(&reply)))
            }
            _ => bail!("{}", reply.shown(&self.redaction)),
        }
    }
}

fn retry_after(reply: &Reply) -> Option<Duration> {
    reply.header("retry-after").parse().ok().map(Duration::from_secs)
}

/// The ends of the lines, or that some are to be sent again.
fn ends(chunk: &Chunk, body: &Value, created: &mut Vec<usize>) -> Answer {
    let results = body["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    if results.len() != chunk.lines.len() {
        return Answer::Again("the response does not have a result of each line".to_owned(), None);
    }
    let text = |result: &Value, field: &str| result[field].as_str().map(str::to_owned);
    created.extend(results.iter().enumerate().filter(|(_, one)| one["result"] == "created").map(|(place, _)| place));
    if let Some(again) = results.iter().find(|result| result["retryable"] == true) {
        return Answer::Again(text(again, "reason").unwrap_or_default(), None);
    }
    let end = |(place, result): (usize, &Value)| LineEnd {
        kind: text(result, "kind").unwrap_or_else(|| "unknown".to_owned()),
        // An earlier attempt wrote it.
        result: if created.contains(&place) {
            "created".to_owned()
        } else {
            text(result, "result").unwrap_or_default()
        },
        reason: text(result, "reason").unwrap_or_default(),
        ids: text(result, "id").zip(text(result, "storedAs")),
    };
    Answer::Ends(results.iter().enumerate().map(end).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_that_an_earlier_attempt_created_counts_as_created() {
        let lines = vec![(1, "{}".to_owned()), (2, "{}".to_owned())];
        let (chunk, mut created) = (Chunk { lines, taken: 2, bytes: 6 }, Vec::new());
        let late = json!({ "kind": "book", "result": "failed", "reason": "send it again", "retryable": true });
        let of = |result: &str| json!({ "kind": "book", "result": result });
        let first = ends(&chunk, &json!({ "results": [of("created"), late] }), &mut created);
        assert!(matches!(first, Answer::Again(reason, None) if reason == "send it again"));
        let stored = json!({ "kind": "book", "result": "unchanged", "id": "1", "storedAs": "a" });
        let Answer::Ends(found) = ends(&chunk, &json!({ "results": [stored, of("unchanged")] }), &mut created) else {
            panic!("each line has an end")
        };
        let ids = found.iter().map(|end| end.ids.clone()).collect::<Vec<_>>();
        assert_eq!(ids, [Some(("1".to_owned(), "a".to_owned())), None]);
        assert_eq!(found.iter().map(|end| end.result.as_str()).collect::<Vec<_>>(), ["created", "unchanged"]);
        assert!(matches!(ends(&chunk, &json!({ "results": [] }), &mut created), Answer::Again(..)));
    }
}

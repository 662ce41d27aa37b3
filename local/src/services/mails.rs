//! The e-mails that SES was given. ministack plays SES, and keeps them.

use anyhow::{Context, Result};
use http::Request;
use serde::Deserialize;
use serde_json::Value;

use crate::net::relay::Relay;
use crate::state::State;

/// An e-mail as ministack keeps it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Mail {
    #[serde(rename = "MessageId")]
    pub(crate) id: String,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) to: Vec<String>,
    #[serde(default)]
    pub(crate) subject: String,
    #[serde(default)]
    pub(crate) body_text: String,
    #[serde(default)]
    pub(crate) body_html: Option<String>,
    /// Seconds since 1970.
    timestamp: f64,
}

impl Mail {
    /// Milliseconds since 1970.
    pub(crate) fn at(&self) -> u64 {
        // In range: a moment of this century.
        (self.timestamp * 1000.0) as u64
    }
}

/// All of them, oldest first.
pub(crate) async fn sent(state: &State) -> Result<Vec<Mail>> {
    let request = Request::get("/_ministack/ses/messages").body(())?;
    let response = Relay::to(&state.aws_endpoint).send(request.into_parts().0, Default::default()).await;
    let response = response.ok().filter(|response| response.status().is_success());
    let kept: Value = serde_json::from_slice(response.context("ministack does not say what it sent")?.body())?;
    Ok(mails_in(&kept))
}

/// ministack keeps a list for each account.
fn mails_in(kept: &Value) -> Vec<Mail> {
    let accounts = kept.get("messages").and_then(Value::as_object).into_iter().flat_map(|accounts| accounts.values());
    let kept = accounts.filter_map(Value::as_array).flatten();
    let mut mails: Vec<Mail> = kept.filter_map(|mail| serde_json::from_value(mail.clone()).ok()).collect();
    mails.sort_by(|one, other| one.timestamp.total_cmp(&other.timestamp));
    mails
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(id: &str, at: f64) -> Value {
        json!({
            "MessageId": id, "Source": "Carillon <chat@carillon.example>", "To": ["ben@example.com"], "CC": [], "BCC": [],
            "Subject": "A message", "BodyText": "One line\nand another\n", "BodyHtml": "<p>One line</p>", "Timestamp": at, "Type": "Email",
        })
    }

    #[test]
    fn mails_are_listed_oldest_first() {
        let all = mails_in(
            &json!({ "messages": { "000000000000": [kept("b", 2.0), kept("a", 1.0)], "1": [kept("c", 3.0)] } }),
        );
        assert_eq!(all.iter().map(|mail| mail.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert!(mails_in(&json!({})).is_empty());
    }
}

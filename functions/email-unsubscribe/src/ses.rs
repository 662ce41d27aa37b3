//! What SES says of an e-mail, on EventBridge: an address that does not exist, or a recipient who called the e-mail spam.

use std::collections::BTreeMap;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use serde::Deserialize;
use shared::clients::ses::{RECIPIENT_TAG, recipient};
use shared::json::{self, Part};
use shared::{App, Problem, notifications, telemetry};

/// The part of an event that matters (Amazon SES, "Event data that Amazon SES publishes to EventBridge").
#[derive(Deserialize)]
struct Detail {
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
struct Mail {
    /// Each tag's values.
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
}

impl Detail {
    /// Whether no further e-mail shall go to this recipient. A mailbox that is full or away may take the next one; and
    /// `not-spam` takes a complaint back.
    fn ends_email(&self) -> bool {
        let is_hard = self.bounce.as_ref().is_some_and(|bounce| bounce.bounce_type == "Permanent");
        let complains = |complaint: &Complaint| complaint.complaint_feedback_type.as_deref() != Some("not-spam");
        is_hard || self.complaint.as_ref().is_some_and(complains)
    }
}

/// Handles an event of SES's. The tag that each e-mail carries names its recipient.
///
/// # Errors
/// 400 for what is no event of SES's, 500 when DynamoDB fails; Lambda tries again.
pub async fn handle(app: &App, event: EventBridgeEvent) -> Result<(), Problem> {
    let detail: Detail = json::from_value(Part::Event, event.detail)?;
    if !detail.ends_email() {
        return Ok(());
    }
    let tagged = detail.mail.tags.get(RECIPIENT_TAG).into_iter().flatten();
    for user in tagged.filter_map(|tag| recipient(tag)) {
        notifications::turn_email_off(&app.table, &user).await?;
        telemetry::email_turned_off(if detail.complaint.is_some() { "complaint" } else { "bounce" });
    }
    Ok(())
}

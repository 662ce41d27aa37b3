//! Events of SES on EventBridge: an e-mail bounced, or its recipient reported it as spam.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use serde::Deserialize;
use shared::clients::ses::recipient;
use shared::contract::facts::EmailOff;
use shared::json::{self, Part};
use shared::lenient::Lenient;
use shared::{ApiError, App, notifications, telemetry};

/// The part of an event that matters (Amazon SES, "Event data that Amazon SES publishes to EventBridge").
#[derive(Deserialize)]
struct Detail {
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
struct Mail {
    #[serde(default)]
    tags: Tags,
    /// The addresses that it went to: one.
    #[serde(default)]
    destination: Lenient<String>,
}

/// The tags of an e-mail. Those of others may be anything.
#[derive(Deserialize, Default)]
struct Tags {
    /// The values of `RECIPIENT_TAG`.
    #[serde(rename = "carillon-user", default)]
    recipients: Lenient<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounce_sub_type: Option<String>,
    #[serde(default)]
    bounced_recipients: Lenient<BouncedRecipient>,
}

#[derive(Deserialize)]
struct BouncedRecipient {
    /// The enhanced status code, such as `5.1.1`.
    status: String,
}

impl Bounce {
    /// Whether the recipient's provider refuses the sender (RFC 3463, section 3.8: `X.7.X`; `5.7.26` is Gmail's for an e-mail
    /// without SPF and DKIM). It refuses all of the sender's e-mails to all of its users, whose addresses are good.
    fn is_about_the_sender(&self) -> bool {
        let recipients = self.bounced_recipients.as_slice();
        !recipients.is_empty() && recipients.iter().all(|recipient| recipient.status.starts_with("5.7."))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
    complaint_sub_type: Option<String>,
}

/// Whether a subtype says that SES did not send the e-mail: the address is on the account's suppression list, or on that of SES.
/// The list also holds good addresses: any permanent bounce puts one there, such as those for a sender without SPF.
fn is_suppressed(sub_type: Option<&str>) -> bool {
    matches!(sub_type, Some("OnAccountSuppressionList" | "Suppressed"))
}

impl Detail {
    /// Whether SES did not send the e-mail. That says nothing new of the recipient.
    fn is_unsent(&self) -> bool {
        let of_bounce = self.bounce.as_ref().and_then(|bounce| bounce.bounce_sub_type.as_deref());
        let of_complaint = self.complaint.as_ref().and_then(|complaint| complaint.complaint_sub_type.as_deref());
        is_suppressed(of_bounce) || is_suppressed(of_complaint)
    }

    /// True when this recipient must get no further e-mail. A full mailbox may take the next one; and
    /// `not-spam` takes a complaint back.
    fn ends_email(&self) -> bool {
        let is_hard = self.bounce.as_ref().is_some_and(|b| b.bounce_type == "Permanent" && !b.is_about_the_sender());
        let complains = |complaint: &Complaint| complaint.complaint_feedback_type.as_deref() != Some("not-spam");
        is_hard || self.complaint.as_ref().is_some_and(complains)
    }
}

/// Handles an event of SES's. The tag that each e-mail carries names its recipient.
///
/// # Errors
/// 400 for an event of another source than SES, 500 when DynamoDB fails; Lambda tries again.
pub async fn handle(app: &App, event: EventBridgeEvent) -> Result<(), ApiError> {
    let detail: Detail = json::from_value(Part::Event, event.detail)?;
    if detail.is_unsent() {
        telemetry::email_suppressed();
        return Ok(());
    }
    if detail.bounce.as_ref().is_some_and(Bounce::is_about_the_sender) {
        telemetry::operator_error(
            "a provider refuses the sender of e-mails (5.7): see SPF, DKIM and DMARC, then SES's suppression list"
                .to_owned(),
        );
    }
    if !detail.ends_email() {
        return Ok(());
    }
    let (writer, is_complaint) = (app.writer(""), detail.complaint.is_some());
    let reason = if is_complaint { EmailOff::Complained } else { EmailOff::Bounced };
    // A guest's address may have been corrected since.
    let address = detail.mail.destination.as_slice().first().map(|to| notifications::address_in_link(to));
    for user in detail.mail.tags.recipients.as_slice().iter().filter_map(|tag| recipient(tag)) {
        notifications::turn_email_off(&app.table, &writer, &user, address.as_deref(), reason).await?;
        telemetry::email_turned_off(if is_complaint { "complaint" } else { "bounce" });
    }
    Ok(())
}

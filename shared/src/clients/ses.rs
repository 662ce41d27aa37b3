//! Amazon SES, through the AWS SDK (SES API v2, `SendEmail`).
//!
//! One attempt per call: an e-mail whose request timed out may have been sent, so the outbox decides about the next attempt.

use std::fmt;

use aws_config::SdkConfig;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata as _, SdkError};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};
use aws_types::request_id::RequestId as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::aws::AwsError;
use crate::contract::email::EmailAddress;
use crate::contract::id::UserId;
use crate::settings::{Email as Settings, EmailLinks, EmailSender};

/// The message tag that names the recipient, in base64url, for SES's events of bounces and complaints: a tag holds letters,
/// digits, `_` and `-`, at most 255 of them (SES API v2, `MessageTag`).
pub const RECIPIENT_TAG: &str = "carillon-user";

/// An e-mail. SES builds the message of its parts, so none of them can hold another header.
#[derive(Clone)]
pub struct Mail {
    pub to: EmailAddress,
    /// The user with this address.
    pub recipient: UserId,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Where it can be unsubscribed from in one request (RFC 8058).
    pub unsubscribe: String,
}

/// A log must not show the content of a mail.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("recipient", &self.recipient).finish_non_exhaustive()
    }
}

/// Why SES did not take an e-mail. Without SES's words, which quote addresses.
#[derive(Debug, thiserror::Error)]
pub enum SesError {
    /// It never will: this e-mail is not one that SES sends.
    #[error("SES refused the e-mail with {code} (request {request_id})")]
    Refused { code: String, request_id: String },
    /// It may later: too many at once, or an outage.
    #[error("SES did not take the e-mail: {code} (request {request_id})")]
    Later { code: String, request_id: String },
    /// It will once an operator has mended the account, the sender's identity or a permission.
    #[error("SES did not take the e-mail: {code}, {mend} (request {request_id})")]
    Operator { code: String, mend: &'static str, request_id: String },
    /// No response: it may have been sent.
    #[error("SES gave no response")]
    NoResponse(#[source] AwsError),
    /// The request lacks a part.
    #[error("the e-mail cannot be built")]
    Incomplete(#[from] BuildError),
}

/// Reads SES's refusal: its code, and the text where one code has several causes (SES API v2, `SendEmail`, Errors; SES developer
/// guide, "Amazon SES email sending errors").
fn refusal(status: u16, code: &str, text: &str, request_id: String) -> SesError {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let code = code.to_owned();
    let mend = match code.as_str() {
        // The sandbox says of each recipient what it says of a sender that nobody verified.
        "MessageRejected" | "BadRequestException" if says(&["not verified", "sandbox"]) => {
            "verify the sender's identity in this region and leave SES's sandbox"
        }
        "MessageRejected" | "BadRequestException" if says(&["sending paused", "sending suspended", "shut down"]) => {
            "see in SES's console why sending is paused"
        }
        "MessageRejected" | "BadRequestException" => return SesError::Refused { code, request_id },
        "MailFromDomainNotVerifiedException" => "verify the MAIL FROM domain",
        "AccountSuspendedException" | "SendingPausedException" => "see in SES's console why sending is paused",
        "LimitExceededException" => "raise the account's sending quota",
        "NotFoundException" => "see whether the configuration set exists",
        // A quota of the day comes as a rate does.
        "TooManyRequestsException" | "ThrottlingException" | "Throttling" if says(&["daily", "quota"]) => {
            "raise the account's sending quota"
        }
        _ if matches!(status, 401 | 403) => "see the function's permissions for ses:SendEmail",
        _ => return SesError::Later { code, request_id },
    };
    SesError::Operator { code, mend, request_id }
}

/// Sends e-mails.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: aws_sdk_sesv2::Client,
    /// The sender as the header `From` has it.
    from: String,
    /// How often, and from whom.
    pub settings: Settings,
    /// The keys of the links.
    pub links: EmailLinks,
    /// Where links lead.
    pub sender: EmailSender,
}

impl Mailer {
    /// A mailer for these settings; `None` where they are not those of a function that sends.
    #[must_use]
    pub fn new(config: &SdkConfig, settings: &Settings) -> Option<Self> {
        let (sender, links) = (settings.sender.clone()?, settings.links.clone()?);
        // The outbox tries again, at growing distances. A request that timed out may have been sent, and is not to be
        // repeated within seconds.
        let config = aws_sdk_sesv2::config::Builder::from(config).retry_config(RetryConfig::disabled()).build();
        let from = match &settings.from_name {
            Some(name) => format!("{} <{}>", display_name(name), settings.from.as_str()),
            None => settings.from.as_str().to_owned(),
        };
        Some(Self { client: aws_sdk_sesv2::Client::from_conf(config), from, settings: settings.clone(), links, sender })
    }

    /// Sends an e-mail.
    ///
    /// # Errors
    /// [`SesError`] says whether it may be tried again.
    pub async fn send(&self, mail: &Mail) -> Result<(), SesError> {
        let utf8 = |text: &str| Content::builder().data(text).charset("UTF-8").build();
        let header = |name: &str, value: String| MessageHeader::builder().name(name).value(value).build();
        let body = Body::builder().text(utf8(&mail.text)?).html(utf8(&mail.html)?).build();
        let message = Message::builder()
            .subject(utf8(&mail.subject)?)
            .body(body)
            .headers(header("List-Unsubscribe", format!("<{}>", mail.unsubscribe))?)
            .headers(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())?)
            // No holiday notice in return (RFC 3834, section 5).
            .headers(header("Auto-Submitted", "auto-generated".to_owned())?)
            .build();
        let recipient = URL_SAFE_NO_PAD.encode(mail.recipient.as_str());
        let request = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(mail.to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .email_tags(MessageTag::builder().name(RECIPIENT_TAG).value(recipient).build()?)
            .set_configuration_set_name(self.sender.configuration_set.clone());
        let Err(error) = Box::pin(request.send()).await else {
            return Ok(());
        };
        let request_id = error.request_id().unwrap_or("unknown").to_owned();
        let SdkError::ServiceError(refusal) = &error else {
            return Err(SesError::NoResponse(AwsError::new("SES SendEmail", error)));
        };
        let (code, text) = (refusal.err().code(), refusal.err().message());
        let status = refusal.raw().status().as_u16();
        Err(self::refusal(status, code.unwrap_or("without a code"), text.unwrap_or_default(), request_id))
    }
}

/// A name in an address header: a quoted string where it is ASCII (RFC 5322, section 3.2.4), otherwise an encoded word (RFC
/// 2047, section 2).
fn display_name(name: &str) -> String {
    if name.is_ascii() {
        return format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    // An encoded word has at most 75 characters; 45 bytes are 60 of base64.
    let mut words: Vec<String> = vec![String::new()];
    for character in name.chars() {
        if words.last().is_some_and(|word| word.len() + character.len_utf8() > 45) {
            words.push(String::new());
        }
        words.last_mut().expect("one is there from the start").push(character);
    }
    let encode = |word: &String| format!("=?UTF-8?B?{}?=", base64::engine::general_purpose::STANDARD.encode(word));
    words.iter().map(encode).collect::<Vec<_>>().join(" ")
}

/// The recipient that a tag names, if it is one of [`RECIPIENT_TAG`]'s values.
#[must_use]
pub fn recipient(tag: &str) -> Option<UserId> {
    let bytes = URL_SAFE_NO_PAD.decode(tag).ok()?;
    UserId::parse(String::from_utf8(bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operators_fault_differs_from_the_e_mails() {
        let kind = |status, code, text| match refusal(status, code, text, "r".to_owned()) {
            SesError::Operator { mend, .. } => mend,
            SesError::Refused { .. } => "refused",
            _ => "later",
        };
        let unverified =
            "Email address is not verified. The following identities failed the check in region EU-WEST-1: a@b.c";
        assert!(kind(400, "MessageRejected", unverified).contains("sandbox"));
        assert_eq!(kind(400, "MessageRejected", "The message contains a virus."), "refused");
        assert_eq!(kind(400, "BadRequestException", "Missing final '@domain'"), "refused");
        assert!(kind(400, "MessageRejected", "Sending paused for this account.").contains("paused"));
        assert!(kind(400, "AccountSuspendedException", "").contains("paused"));
        assert!(kind(400, "SendingPausedException", "").contains("paused"));
        assert!(kind(400, "MailFromDomainNotVerifiedException", "").contains("MAIL FROM"));
        assert!(kind(400, "LimitExceededException", "").contains("quota"));
        assert!(kind(404, "NotFoundException", "").contains("configuration set"));
        assert!(kind(429, "TooManyRequestsException", "Daily message quota exceeded").contains("quota"));
        assert_eq!(kind(429, "TooManyRequestsException", "Maximum sending rate exceeded."), "later");
        assert!(kind(403, "AccessDeniedException", "").contains("ses:SendEmail"));
        assert_eq!(kind(500, "InternalServiceErrorException", ""), "later");
    }

    #[test]
    fn a_senders_name_is_one_header_value_whatever_it_holds() {
        assert_eq!(display_name("Carillon"), "\"Carillon\"");
        assert_eq!(display_name("A \"B\" \\C, <d@e>"), "\"A \\\"B\\\" \\\\C, <d@e>\"");
        assert_eq!(display_name("Étude"), "=?UTF-8?B?w4l0dWRl?=");
        let long = display_name(&"é".repeat(50));
        assert!(long.split(' ').count() == 3 && long.split(' ').all(|word| word.len() <= 75), "{long}");
    }

    #[test]
    fn a_tag_names_any_recipient_within_255_characters() {
        for id in ["ada", "a@b.c,=;_-", &"x".repeat(128)] {
            let tag = URL_SAFE_NO_PAD.encode(id);
            assert!(tag.len() < 256 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            assert_eq!(recipient(&tag).unwrap().as_str(), id);
        }
        assert_eq!(recipient("!"), None);
        assert_eq!(recipient(&URL_SAFE_NO_PAD.encode("a b")), None);
    }
}

//! Settings, read once at start from the environment.
//!
//! A missing or malformed variable stops the function with a message that names the variable, and never shows its
//! value. An empty variable counts as absent, because CloudFormation cannot leave one out.

mod attachments;
mod email;
mod facts;
mod firebase;
mod notifications_of;
mod page;
mod pusher;
pub mod secrets;
mod token_cookie;
mod tokens;
mod webhooks;

use std::fmt;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use attachments::AttachmentSettings;
pub use email::{Email, EmailLinks, EmailSender};
pub use facts::FactsWanted;
pub use firebase::{Firebase, ServiceAccount};
pub use notifications_of::NotificationsOf;
pub use page::PageAddress;
pub use pusher::{Credentials, MasterKey, PusherSettings};
pub use token_cookie::TokenCookie;
pub use tokens::{ClaimNames, TokenKeys, Tokens};
pub use webhooks::{WebhookType, WebhookTypes, WebhookUrl};

/// The default of `NOTIFICATION_DAYS`.
const NOTIFICATION_DAYS: u32 = 90;

/// The default of `MAX_PARTY_MEMBERS`: as many as a presence channel holds (Pusher Channels: 100).
const MAX_PARTY_MEMBERS: i64 = 100;
/// The default of `WRITES_PER_MINUTE`.
const WRITES_PER_MINUTE: u32 = 120;

/// The default of `HEARTBEAT_SECONDS`.
const HEARTBEAT_SECONDS: u32 = 30;

/// The default of `DASHBOARD_PUBLIC_CHANNELS`: the channels to which clients of dashboards have always subscribed.
const DASHBOARD_PUBLIC_CHANNELS: &str = "referrals,events,projects";

/// A part of the environment without which a function does not start. The template gives a function the secrets of its own needs alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// `JWT_*`: the function verifies tokens.
    Tokens,
    /// `PUSHER_*`: it signs for Pusher, or verifies what Pusher signed.
    Pusher,
    /// `PUSHER_*`, where `CHANNELS` is `gateway`: it speaks Pusher's protocol with clients, and verifies what they were signed.
    Gateway,
    /// `EMAIL_LINK_KEY`, where there is an `EMAIL_FROM`: it writes or verifies the links of e-mails.
    EmailLinks,
}

/// The settings of a function.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `STAGE`, a dimension of every metric.
    pub stage: String,
    /// `TABLE_NAME`
    pub table: String,
    /// The `PUSHER_*` variables, of a function with [`Need::Pusher`], or with [`Need::Gateway`] where `CHANNELS` is `gateway`.
    pub pusher: Option<PusherSettings>,
    /// `CHANNELS`: whether this stack serves clients of Pusher itself (`gateway`), or Pusher does (`pusher`, if not set).
    pub serves_channels: bool,
    /// The `JWT_*` variables, of a function with [`Need::Tokens`].
    pub tokens: Option<Tokens>,
    /// `RETRY_QUEUE_URL`, `DEAD_LETTER_QUEUE_URL` and `WEBHOOK_QUEUE_URL`; only `delivery` has them.
    pub queues: Option<Queues>,
    /// `WEBHOOK_URL`, where `CHANNELS` is `gateway`; only `delivery` has it. Without it, nothing is sent.
    pub webhook_url: Option<WebhookUrl>,
    /// `WEBHOOK_EVENTS`, where `CHANNELS` is `gateway`; functions that speak Pusher's protocol have it. Without it, nothing is owed.
    pub webhooks: WebhookTypes,
    /// `SUBSCRIPTION_COUNTS`, where `CHANNELS` is `gateway`: whether subscribers get their number; `off` if not set.
    pub subscription_counts: bool,
    /// The `FIREBASE_*` variables; without them, push is off.
    pub firebase: Option<Firebase>,
    /// The `EMAIL_*` variables, `APP_URL`, `GUEST_URL` and `API_URL`; without `EMAIL_FROM`, e-mail is off.
    pub email: Option<Email>,
    /// The `ATTACHMENTS_*` variables, in functions that use the bucket; without them, messages have no attachments.
    pub attachments: Option<AttachmentSettings>,
    /// `SOCKET_ENDPOINT`: the address of the WebSocket API's management API, without a stage. Only functions that post to
    /// connections have it.
    pub socket_endpoint: Option<String>,
    /// `HEARTBEAT_SECONDS`: how often each WebSocket connection is pinged; 30 if not set.
    pub heartbeat_seconds: u32,
    /// `WRITES_PER_MINUTE`: how many commands of one user are let through, that many at once; 120 if not set.
    pub writes_per_minute: u32,
    /// `NOTIFICATION_DAYS`: how long a notification is kept, in days.
    pub notification_days: u32,
    /// `NOTIFICATIONS_OF`: the changes that their receiver gets a notification about; only the functions that make them have it. None if not set.
    pub notifications_of: NotificationsOf,
    /// `FACTS`: what other systems hear of; nothing if not set.
    pub facts: FactsWanted,
    /// `EVENT_BUS`: the bus that facts go to; only `delivery` has it.
    pub event_bus: Option<String>,
    /// `DASHBOARD_PUBLIC_CHANNELS`: the channels of dashboards that every member may subscribe to, with commas between them; a `*` at
    /// the end stands for any rest. `none` for none; `referrals,events,projects` if not set.
    pub dashboard_public_channels: Vec<String>,
    /// `MAX_PARTY_MEMBERS`: how many members a party may have, up to 1,000; 100 if not set. A party that has more already keeps them.
    pub max_party_members: i64,
    /// `TERMINATE_REMOVED`: whether the connections of a member who is removed from a party, or from a lease, are ended;
    /// `true` if not set.
    pub terminate_removed: bool,
}

/// Text that is never printed, and is wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// HMAC-SHA256 by a key that derives from this secret, one for each purpose.
    pub(crate) fn keyed(&self, purpose: &str) -> Hmac<Sha256> {
        let hmac = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        let of_secret = hmac(self.bytes()).chain_update("carillon ").chain_update(purpose);
        hmac(&of_secret.finalize().into_bytes())
    }

    /// A name for this text that only the holder of the secret can compute: 128 bits, as hexadecimal digits.
    pub(crate) fn pseudonym(&self, purpose: &str, text: &str) -> String {
        hex::encode(&self.keyed(purpose).chain_update(text).finalize().into_bytes()[..16])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The queues of failed deliveries.
#[derive(Debug, Clone)]
pub struct Queues {
    /// `RETRY_QUEUE_URL`
    pub retry: String,
    /// `DEAD_LETTER_QUEUE_URL`
    pub dead_letter: String,
    /// `WEBHOOK_QUEUE_URL`: webhooks on their way to the app's own server, where `CHANNELS` is `gateway`.
    pub webhooks: Option<String>,
}

/// A variable that stops the function from starting.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not set, or empty.
    #[error("set the environment variable {0}")]
    Missing(&'static str),
    /// Malformed.
    #[error("the environment variable {0} must be {1}")]
    Malformed(&'static str, &'static str),
    /// Not read, since the function started without this need.
    #[error(
        "the function uses what it does not start with: add Need::{0:?} to its main.rs, and its secrets to the template"
    )]
    NotNeeded(Need),
}

impl Settings {
    /// Reads the variables of a function with these needs, through `variable`.
    ///
    /// # Errors
    /// Names the first variable that is missing or malformed.
    pub fn read(needs: &[Need], variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let env = Variables(&|name| variable(name).filter(|value| !value.is_empty()));
        let has = |need| needs.contains(&need);
        let serves_channels = match env.get("CHANNELS").as_deref() {
            None | Some("pusher") => false,
            Some("gateway") => true,
            Some(_) => return Err(SettingsError::Malformed("CHANNELS", "pusher or gateway")),
        };
        let asks_for_pusher = has(Need::Pusher) || (serves_channels && has(Need::Gateway));
        Ok(Self {
            stage: env.get("STAGE").unwrap_or_else(|| "dev".to_owned()),
            table: env.require("TABLE_NAME")?,
            pusher: asks_for_pusher.then(|| PusherSettings::read(&env, serves_channels)).transpose()?,
            serves_channels,
            tokens: has(Need::Tokens).then(|| Tokens::read(&env)).transpose()?,
            queues: match (env.get("RETRY_QUEUE_URL"), env.get("DEAD_LETTER_QUEUE_URL")) {
                (Some(retry), Some(dead_letter)) => {
                    Some(Queues { retry, dead_letter, webhooks: env.get("WEBHOOK_QUEUE_URL") })
                }
                _ => None,
            },
            webhook_url: if serves_channels { WebhookUrl::read(&env)? } else { None },
            webhooks: if serves_channels { WebhookTypes::read(&env)? } else { WebhookTypes::default() },
            subscription_counts: match env.get("SUBSCRIPTION_COUNTS").as_deref() {
                None | Some("off") => false,
                Some("on") => serves_channels,
                Some(_) => return Err(SettingsError::Malformed("SUBSCRIPTION_COUNTS", "on or off")),
            },
            firebase: Firebase::read(&env)?,
            email: Email::read(&env, has(Need::EmailLinks))?,
            attachments: AttachmentSettings::read(&env)?,
            socket_endpoint: socket_endpoint(&env)?,
            heartbeat_seconds: match env.get("HEARTBEAT_SECONDS").map(|seconds| seconds.parse()) {
                None => HEARTBEAT_SECONDS,
                Some(Ok(seconds @ 10..=540)) => seconds,
                Some(_) => return Err(SettingsError::Malformed("HEARTBEAT_SECONDS", "a number from 10 to 540")),
            },
            writes_per_minute: match env.get("WRITES_PER_MINUTE").map(|writes| writes.parse()) {
                None => WRITES_PER_MINUTE,
                Some(Ok(writes @ 10..=6000)) => writes,
                Some(_) => return Err(SettingsError::Malformed("WRITES_PER_MINUTE", "a number from 10 to 6000")),
            },
            notifications_of: NotificationsOf::read(&env)?,
            facts: FactsWanted::read(&env)?,
            event_bus: env.get("EVENT_BUS"),
            notification_days: match env.get("NOTIFICATION_DAYS").map(|days| days.parse()) {
                None => NOTIFICATION_DAYS,
                Some(Ok(days @ 1..=3650)) => days,
                Some(_) => return Err(SettingsError::Malformed("NOTIFICATION_DAYS", "a number from 1 to 3650")),
            },
            dashboard_public_channels: public_channels(&env)?,
            max_party_members: match env.get("MAX_PARTY_MEMBERS").map(|members| members.parse()) {
                None => MAX_PARTY_MEMBERS,
                Some(Ok(members @ 2..=1_000)) => members,
                Some(_) => return Err(SettingsError::Malformed("MAX_PARTY_MEMBERS", "a number from 2 to 1000")),
            },
            terminate_removed: match env.get("TERMINATE_REMOVED").as_deref() {
                None | Some("true") => true,
                Some("false") => false,
                Some(_) => return Err(SettingsError::Malformed("TERMINATE_REMOVED", "true or false")),
            },
        })
    }

    /// Whether a hotel's guests are sent e-mails about messages that they have not seen.
    #[must_use]
    pub fn emails_guests(&self) -> bool {
        self.email.as_ref().is_some_and(|email| email.guest_page.is_some())
    }

    /// The Pusher app.
    ///
    /// # Errors
    /// For a function without [`Need::Pusher`].
    pub fn pusher(&self) -> Result<&PusherSettings, SettingsError> {
        self.pusher.as_ref().ok_or(SettingsError::NotNeeded(Need::Pusher))
    }
}

struct Variables<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    fn require(&self, name: &'static str) -> Result<String, SettingsError> {
        self.get(name).ok_or(SettingsError::Missing(name))
    }

    /// A variable that has two names in different back ends.
    fn either(&self, name: &'static str, alias: &str) -> Result<String, SettingsError> {
        self.get(name).or_else(|| self.get(alias)).ok_or(SettingsError::Missing(name))
    }
}

fn public_channels(env: &Variables<'_>) -> Result<Vec<String>, SettingsError> {
    let named = env.get("DASHBOARD_PUBLIC_CHANNELS").unwrap_or_else(|| DASHBOARD_PUBLIC_CHANNELS.to_owned());
    if named == "none" {
        return Ok(Vec::new());
    }
    let names: Vec<String> = named.split(',').map(|name| name.trim().to_owned()).collect();
    let is_name = |name: &String| !name.is_empty() && name.find('*').is_none_or(|star| star + 1 == name.len());
    if names.iter().all(is_name) {
        return Ok(names);
    }
    Err(SettingsError::Malformed(
        "DASHBOARD_PUBLIC_CHANNELS",
        "names with commas between them, such as referrals,team-* (a * only at the end), or none",
    ))
}

/// Without a slash at the end, since a stage follows.
fn socket_endpoint(env: &Variables<'_>) -> Result<Option<String>, SettingsError> {
    match env.get("SOCKET_ENDPOINT") {
        Some(address) if address.starts_with("https://") || address.starts_with("http://") => {
            Ok(Some(address.trim_end_matches('/').to_owned()))
        }
        Some(_) => Err(SettingsError::Malformed("SOCKET_ENDPOINT", "an https address")),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[(&str, &str)] = &[
        ("TABLE_NAME", "carillon"),
        ("PUSHER_APP_ID", "3"),
        ("PUSHER_KEY", "key"),
        ("PUSHER_SECRET", "top-secret"),
        ("PUSHER_CLUSTER", "eu"),
        ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
    ];

    fn read_for(needs: &[Need], changes: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(needs, |name| {
            let found = changes.iter().rev().chain(GOOD).find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn read(changes: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        read_for(&[Need::Tokens, Need::Pusher], changes)
    }

    #[test]
    fn a_function_reads_no_secret_that_it_does_not_need() {
        let read = |needs: &[Need], without| read_for(needs, &[(without, "")]);
        let (books, health) = ([Need::Tokens], [Need::Pusher]);
        assert!(read(&books, "PUSHER_SECRET").unwrap().pusher.is_none());
        assert!(read(&health, "JWT_SECRET").unwrap().tokens.is_none());
        assert_eq!(read(&books, "JWT_SECRET").unwrap_err(), SettingsError::Missing("JWT_SECRET"));
        assert_eq!(read(&health, "PUSHER_SECRET").unwrap_err(), SettingsError::Missing("PUSHER_SECRET"));
        let unasked = read(&books, "").unwrap().pusher().unwrap_err().to_string();
        assert!(unasked.contains("Need::Pusher"), "{unasked}");
    }

    #[test]
    fn a_function_that_speaks_pushers_protocol_needs_the_app_only_where_it_does() {
        let with = |channels| read_for(&[Need::Gateway], &[("CHANNELS", channels), ("PUSHER_SECRET", "")]);
        assert!(with("pusher").unwrap().pusher.is_none() && with("").unwrap().pusher.is_none());
        assert_eq!(with("gateway").unwrap_err(), SettingsError::Missing("PUSHER_SECRET"));
        assert!(read_for(&[Need::Gateway], &[("CHANNELS", "gateway")]).unwrap().pusher.is_some());
    }

    #[test]
    fn pusher_is_its_cluster_unless_a_host_is_named() {
        let origin = |settings: Settings| settings.pusher().unwrap().origin.clone();
        assert_eq!(origin(read(&[]).unwrap()).as_deref(), Some("https://api-eu.pusher.com"));
        let own = [("PUSHER_HOST", "127.0.0.1"), ("PUSHER_PORT", "6001"), ("PUSHER_SCHEME", "http")];
        assert_eq!(origin(read(&own).unwrap()).as_deref(), Some("http://127.0.0.1:6001"));
        let gateway = [("CHANNELS", "gateway"), ("PUSHER_CLUSTER", "")];
        assert_eq!(origin(read(&gateway).unwrap()), None);
        assert!(read(&[("CHANNELS", "socket")]).unwrap_err().to_string().contains("pusher or gateway"));
    }

    #[test]
    fn both_spellings_of_a_variable_are_read() {
        let other =
            [("PUSHER_KEY", ""), ("PUSHER_APP_KEY", "other"), ("PUSHER_SECRET", ""), ("PUSHER_APP_SECRET", "s")];
        assert_eq!(read(&other).unwrap().pusher().unwrap().credentials.key, "other");
    }

    #[test]
    fn a_bad_variable_is_named_and_its_value_is_not_shown() {
        let cases = [
            ("TABLE_NAME", "", "TABLE_NAME"),
            ("PUSHER_SECRET", "", "PUSHER_SECRET"),
            ("PUSHER_PORT", "99999999", "PUSHER_PORT"),
            ("PUSHER_SCHEME", "ftp999", "PUSHER_SCHEME"),
            ("PUSHER_HOST", "evil/999", "PUSHER_HOST"),
            ("PUSHER_APP_ID", "../999", "PUSHER_APP_ID"),
            ("PUSHER_PREVIOUS_KEY", "999", "PUSHER_PREVIOUS_SECRET"),
            ("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", "OTk5", "PUSHER_ENCRYPTION_MASTER_KEY_BASE64"),
            ("JWT_SECRET", "short999", "JWT_SECRET"),
            ("JWT_JWKS_URL", "file:///999", "JWT_JWKS_URL"),
            ("NOTIFICATION_DAYS", "99999", "NOTIFICATION_DAYS"),
            ("WRITES_PER_MINUTE", "9999", "WRITES_PER_MINUTE"),
            ("SOCKET_ENDPOINT", "wss://999", "SOCKET_ENDPOINT"),
            ("HEARTBEAT_SECONDS", "999", "HEARTBEAT_SECONDS"),
            ("MAX_PARTY_MEMBERS", "9991", "MAX_PARTY_MEMBERS"),
            ("TERMINATE_REMOVED", "999", "TERMINATE_REMOVED"),
            ("SUBSCRIPTION_COUNTS", "999", "SUBSCRIPTION_COUNTS"),
            ("DASHBOARD_PUBLIC_CHANNELS", "a,,b999", "DASHBOARD_PUBLIC_CHANNELS"),
            ("DASHBOARD_PUBLIC_CHANNELS", "a*999", "DASHBOARD_PUBLIC_CHANNELS"),
        ];
        for (name, value, named) in cases {
            let message = read(&[(name, value)]).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
            assert!(!message.contains("999"), "{message}");
        }
    }

    #[test]
    fn public_channels_are_those_of_before_unless_the_operator_names_others_or_none() {
        let public = |named| read(&[("DASHBOARD_PUBLIC_CHANNELS", named)]).unwrap().dashboard_public_channels;
        assert_eq!(public(""), ["referrals", "events", "projects"]);
        assert_eq!(public("news, team-*"), ["news", "team-*"]);
        assert!(public("none").is_empty());
    }

    #[test]
    fn secrets_do_not_print() {
        let key = [("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", "zyrm8pvV2C9fJcBfhyXzvxbJVN/H7QLmbe0xJi1GhPU=")];
        let printed = format!("{:?}", read(&key).unwrap());
        for secret in ["top-secret", "0123456789abcdef", "zyrm8"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}

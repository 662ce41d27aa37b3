//! [`App`], the composition root: the clients, settings and keys of a function.
//!
//! | file | what it adds to [`App`] |
//! |---|---|
//! | `callers` | the callers: tokens, signatures, idempotency keys |
//! | `deliveries` | deliveries: after a response, and in the function `delivery` |

mod callers;
mod deliveries;

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_config::SdkConfig;

use crate::api_error::ApiError;
use crate::channel_server::{ChannelServer, ServedChannels};
use crate::chats::AttachmentStore;
use crate::clients::bucket::Bucket;
use crate::clients::connections::Connections;
use crate::clients::event_bus::EventBus;
use crate::clients::https::HttpClient;
use crate::clients::pusher::{PusherClient, Signer};
use crate::clients::webhook_endpoint::WebhookEndpoint;
use crate::clients::{fcm, ses};
use crate::delivery::{AppWebhooks, Facts, Files, Pushes, Transport, TurnedOff, WebhookQueue, WebhookSender};
use crate::gateway::{Gateway, Poster};
use crate::hotels::EmailedGuest;
use crate::http::idempotency::Fingerprints;
use crate::identity::Verifier;
use crate::leases::EmailedParticipant;
use crate::outbox::{EmailRecipient, TransportName};
use crate::settings::{Need, Settings, SettingsError};
use crate::table::Table;
use crate::unseen::{Emails, Recipient};
use crate::users::budget::WriteBudget;
use crate::users::profiles::Profiles;

/// Settings and clients.
#[derive(Debug)]
pub struct App {
    /// The settings it was started with.
    pub settings: Settings,
    /// The table.
    pub table: Table,
    /// The server of the channels, in a function with [`Need::Pusher`].
    pub channels: Option<ChannelServer>,
    /// WebSocket connections, where this function posts to them.
    pub connections: Option<Connections>,
    /// How others see the callers.
    pub profiles: Profiles,
    /// How much users may write. [`App::authenticate`] counts the requests; what comes over a WebSocket is counted by its handler.
    pub writes: WriteBudget,
    verifier: Option<Verifier>,
    /// That of the app's key, then during a rotation that of the previous one; none in a function without [`Need::Pusher`].
    signers: Vec<Signer>,
    fingerprints: Option<Fingerprints>,
    /// Made when it is asked for, so that functions that never ask do not link S3's client.
    attachments: OnceLock<Option<AttachmentStore>>,
    aws: SdkConfig,
    /// Transports that only the consumer's process has: for pushes, e-mails, webhooks and facts.
    senders: Vec<Arc<dyn Transport>>,
    /// Sends webhooks from their queue, in the consumer's process where the app wants any.
    webhooks: Option<WebhookSender>,
}

/// Why a function cannot start. Lambda logs it as it prints.
pub struct StartError(pub(crate) String);

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl App {
    /// Opens the connections to DynamoDB and Pusher, and does what [`App::warm_up`] does.
    pub(crate) async fn connect(&self) {
        let channels = async {
            if let Some(channels) = &self.channels {
                channels.connect().await;
            }
        };
        tokio::join!(self.warm_up(), channels, self.table.connect());
    }

    /// Fetches the keys of tokens, if they are fetched.
    pub(crate) async fn warm_up(&self) {
        if let Some(verifier) = &self.verifier {
            verifier.warm_up().await;
        }
    }

    /// Makes the clients for these settings, FCM's and SES's among them where the settings name a sender.
    ///
    /// # Errors
    /// When a client cannot be made, and without [`Need::Pusher`].
    pub fn with_senders(settings: Settings, http: HttpClient, aws: SdkConfig) -> Result<Self, StartError> {
        let fcm = settings.firebase.as_ref().map(fcm::FcmClient::new).transpose().map_err(failed)?.flatten();
        let queue = settings.queues.as_ref().and_then(|queues| WebhookQueue::new(&aws, queues));
        let webhooks = webhook_endpoint(&settings, &http).zip(queue);
        let bucket = bucket(&settings, &aws);
        let bus = settings.event_bus.as_deref().map(|name| EventBus::new(&aws, name));
        let mailer = settings.email.as_ref().and_then(|email| ses::Mailer::new(&aws, email));
        let app = Self::with(settings, http, aws)?;
        let (channels, table) =
            (app.channels().map_err(|error| StartError(error.to_string()))?.clone(), app.table.clone());
        let pushes: Arc<dyn Transport> = match fcm {
            Some(fcm) => {
                Arc::new(Pushes { fcm, channels: channels.clone(), table: table.clone(), facts: app.settings.facts })
            }
            None => Arc::new(TurnedOff(TransportName::Push)),
        };
        let emails: Arc<dyn Transport> = match mailer {
            Some(mailer) => Arc::new(Emails { mailer, channels, table, recipient }),
            None => Arc::new(TurnedOff(TransportName::Email)),
        };
        let app_webhooks: Arc<dyn Transport> = match &webhooks {
            Some((_, queue)) => Arc::new(AppWebhooks { queue: queue.clone(), table: app.table.clone() }),
            None => Arc::new(TurnedOff(TransportName::AppWebhook)),
        };
        let webhooks = webhooks.map(|(endpoint, queue)| WebhookSender::new(endpoint, queue));
        let files: Arc<dyn Transport> = match bucket {
            Some(bucket) => Arc::new(Files { bucket }),
            None => Arc::new(TurnedOff(TransportName::Files)),
        };
        let facts = bus.map(|bus| Arc::new(Facts { bus }) as Arc<dyn Transport>);
        let senders = [pushes, emails, app_webhooks, files].into_iter().chain(facts).collect();
        Ok(Self { senders, webhooks, ..app })
    }

    /// Makes the clients for these settings, but for FCM's and SES's.
    ///
    /// # Errors
    /// When a client cannot be made.
    pub fn with(settings: Settings, http: HttpClient, aws: SdkConfig) -> Result<Self, StartError> {
        if aws.region().is_none() {
            return Err(StartError(
                "set the environment variable AWS_REGION, or a region in your AWS profile".to_owned(),
            ));
        }
        let table = Table::new(aws.clone(), http.clone(), &settings.table);
        let pusher = settings.pusher.as_ref();
        let verifier = settings.tokens.as_ref().map(|tokens| Verifier::new(http.clone(), tokens));
        let connections = settings.socket_endpoint.as_deref().map(|endpoint| Connections::new(aws.clone(), endpoint));
        let channels = pusher.map(|pusher| match &pusher.origin {
            Some(origin) => ChannelServer::Pusher(Box::new(PusherClient::new(http, pusher, origin))),
            None => ChannelServer::Gateway(Box::new(ServedChannels {
                table: table.clone(),
                poster: connections.clone().map(|connections| Poster { connections }),
                master_key: pusher.encryption_master_key.clone(),
            })),
        });
        let credentials = pusher.iter().flat_map(|pusher| std::iter::once(&pusher.credentials).chain(&pusher.previous));
        Ok(Self {
            profiles: Profiles::new(table.clone()),
            writes: WriteBudget::new(table.clone(), settings.writes_per_minute),
            table,
            attachments: OnceLock::new(),
            channels,
            connections,
            verifier: verifier.transpose().map_err(failed)?,
            signers: credentials.map(Signer::new).collect(),
            fingerprints: pusher.map(|pusher| Fingerprints::by(&pusher.credentials.secret)),
            aws,
            senders: Vec::new(),
            webhooks: None,
            settings,
        })
    }

    /// The server of the channels.
    ///
    /// # Errors
    /// For a function without [`Need::Pusher`].
    pub fn channels(&self) -> Result<&ChannelServer, SettingsError> {
        self.channels.as_ref().ok_or(SettingsError::NotNeeded(Need::Pusher))
    }

    /// The server of clients of Pusher on this stack's own WebSockets.
    ///
    /// # Errors
    /// 404 where Pusher serves them, 500 in a function without `SOCKET_ENDPOINT`. Without [`Need::Gateway`] it opens no channel.
    pub fn gateway(&self) -> Result<Gateway, ApiError> {
        if !self.settings.serves_channels {
            let told = "Pusher serves the channels of this stack: connect to its cluster";
            return Err(ApiError::NotFound(told.to_owned()));
        }
        Ok(Gateway::new(self.table.clone(), self.connections()?.clone(), self.signers.clone()))
    }

    /// The store of files of messages, where the operator turned it on.
    pub fn attachment_store(&self) -> Option<&AttachmentStore> {
        let make = || {
            let (bucket, settings) = bucket(&self.settings, &self.aws).zip(self.settings.attachments.as_ref())?;
            Some(AttachmentStore::new(bucket, settings))
        };
        self.attachments.get_or_init(make).as_ref()
    }

    /// As [`App::attachment_store`].
    ///
    /// # Errors
    /// 404 where the operator has not turned attachments on.
    pub fn attachments(&self) -> Result<&AttachmentStore, ApiError> {
        self.attachment_store().ok_or_else(AttachmentStore::none)
    }

    /// WebSocket connections.
    ///
    /// # Errors
    /// 500 in a function that has no `SOCKET_ENDPOINT`.
    pub fn connections(&self) -> Result<&Connections, ApiError> {
        self.connections.as_ref().ok_or_else(|| ApiError::internal("set the environment variable SOCKET_ENDPOINT"))
    }
}

/// The recipient whom a pending e-mail names.
fn recipient(to: &EmailRecipient) -> Option<Box<dyn Recipient>> {
    Some(match to {
        EmailRecipient::Lease { lease, recipient } => {
            Box::new(EmailedParticipant { lease: lease.clone(), id: recipient.clone() })
        }
        EmailRecipient::Guest { hotel, booking } => Box::new(EmailedGuest::new(hotel, booking).ok()?),
    })
}

/// The bucket of attachments, if the settings name one.
fn bucket(settings: &Settings, aws: &SdkConfig) -> Option<Bucket> {
    Bucket::new(aws, settings.attachments.as_ref()?)
}

/// Where webhooks go, if the settings say so. They are signed as Pusher signs them: with the oldest key that is in use (Pusher Channels docs,
/// "Webhooks", "Authentication").
fn webhook_endpoint(settings: &Settings, http: &HttpClient) -> Option<WebhookEndpoint> {
    let (url, pusher) = (settings.webhook_url.clone()?, settings.pusher.as_ref()?);
    let oldest = pusher.previous.as_ref().unwrap_or(&pusher.credentials);
    Some(WebhookEndpoint::new(http.clone(), url, Signer::new(oldest)))
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StartError {
    StartError(error.to_string())
}

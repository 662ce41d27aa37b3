//! [`App`]: the clients, settings and keys of a function.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;

use crate::api_error::ApiError;
use crate::authorization::Authorizer;
use crate::channel_server::{ChannelServer, ServedChannels};
use crate::clients::connections::Connections;
use crate::clients::https::HttpClient;
use crate::clients::pusher::{PusherClient, ReceivedRequest, Signer, Webhook, verify_caller, verify_webhook};
use crate::clients::webhook_endpoint::WebhookEndpoint;
use crate::clients::{fcm, ses};
use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::contract::time::Millis;
use crate::delivery::{
    AppWebhooks, Dispatcher, Pusher, Pushes, RetryQueue, Sockets, Subscribers, Transport, TurnedOff, UnreadMessages,
    WebhookQueue, WebhookSender, Webhooks,
};
use crate::gateway::{Gateway, Poster};
use crate::hotels::{self, Wakes};
use crate::http::idempotency::{Fingerprints, IdempotencyKey};
use crate::http::{self, MAX_WEBHOOK_BYTES, ReadRequest as _, Request, Response, ResponseExt as _};
use crate::identity::{Guest, Identity, Unauthenticated, Verifier};
use crate::leases::Emails;
use crate::outbox::{Committed, Done, TransportName, WriteContext};
use crate::settings::{MasterKey, Need, Settings, SettingsError};
use crate::table::Table;
use crate::triggers;
use crate::users::budget::WriteBudget;
use crate::users::profile::{Claimed, Profiles};

/// Beginning of each path of Pusher's HTTP API.
const APPS: &str = "/apps/";
/// How long a response waits for the delivery of the events that it is about, where their order matters.
const ORDER_TIMEOUT: Duration = Duration::from_millis(500);

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
    aws: SdkConfig,
    /// Transports that only the consumer's process has: for pushes, e-mails and webhooks.
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
        let mailer = settings.email.as_ref().and_then(|email| ses::Mailer::new(&aws, email));
        let app = Self::with(settings, http, aws)?;
        let (channels, table) =
            (app.channels().map_err(|error| StartError(error.to_string()))?.clone(), app.table.clone());
        let pushes: Arc<dyn Transport> = match fcm {
            Some(fcm) => Arc::new(Pushes { fcm, channels: channels.clone(), table: table.clone() }),
            None => Arc::new(TurnedOff(TransportName::Push)),
        };
        let emails: Arc<dyn Transport> = match mailer {
            Some(mailer) => Arc::new(Emails { mailer, channels, table }),
            None => Arc::new(TurnedOff(TransportName::Email)),
        };
        let app_webhooks: Arc<dyn Transport> = match &webhooks {
            Some((_, queue)) => Arc::new(AppWebhooks { queue: queue.clone(), table: app.table.clone() }),
            None => Arc::new(TurnedOff(TransportName::AppWebhook)),
        };
        let webhooks = webhooks.map(|(endpoint, queue)| WebhookSender::new(endpoint, queue));
        Ok(Self { senders: vec![pushes, emails, app_webhooks], webhooks, ..app })
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

    /// Verifies the token and returns the caller. The caller's profile is stored after the response, so a user is known from
    /// their first call on. A request whose method changes something counts against the user's budget, unless the caller is a
    /// service.
    ///
    /// # Errors
    /// 401 for no or a bad token, 429 when the budget is spent.
    pub async fn authenticate(&self, request: &Request) -> Result<Identity, ApiError> {
        let caller = self.authenticate_subscriber(request).await?;
        if !caller.is_service() {
            self.count(request, &caller.user).await?;
        }
        Ok(caller)
    }

    /// As [`App::authenticate`], of what changes nothing whatever its method: Pusher's clients ask by `POST` what they may
    /// subscribe to.
    ///
    /// # Errors
    /// 401 for no or a bad token.
    pub async fn authenticate_subscriber(&self, request: &Request) -> Result<Identity, ApiError> {
        let caller = self.verifier()?.member(request.header("authorization")).await?;
        http::after_response(self.profiles.clone().keep_if_new(Claimed::of(&caller)));
        Ok(caller)
    }

    /// The caller as others see them, for rows and events: by the profile that another back end put, or else by the token.
    pub async fn person(&self, caller: &Identity) -> Person {
        self.profiles.person(caller).await
    }

    /// Counts a request that changes something, and counts it as a miss if the response is 404.
    async fn count(&self, request: &Request, user: &UserId) -> Result<(), ApiError> {
        if request.method().is_safe() {
            return Ok(());
        }
        self.writes.admit(user).await?;
        http::after_not_found(self.writes.clone().miss(user.clone()));
        Ok(())
    }

    /// The user who signs in on a connection of Socket.IO that is open already: by the token of a CONNECT packet. `named` is the
    /// `userId` of the handshake's query.
    ///
    /// # Errors
    /// As [`App::authenticate_handshake`].
    pub async fn authenticate_join(&self, token: Option<&str>, named: Option<&UserId>) -> Result<Identity, ApiError> {
        self.authenticate_connection((token, None), named.map(UserId::as_str)).await
    }

    /// The user who is connecting: by the `token` of the query, since browsers set no header on a WebSocket, or by the header.
    /// Their profile is kept as with [`App::authenticate`].
    ///
    /// # Errors
    /// 401 for no or a bad token, 403 where `userId` of the query names somebody else.
    pub async fn authenticate_handshake(&self, request: &Request) -> Result<Identity, ApiError> {
        let token = (request.query("token"), request.header("authorization"));
        self.authenticate_connection(token, request.query("userId")).await
    }

    /// `token` is that of a query or a packet, and the `Authorization` header.
    async fn authenticate_connection(
        &self,
        (token, authorization): (Option<&str>, Option<&str>),
        named: Option<&str>,
    ) -> Result<Identity, ApiError> {
        let caller = self.verifier()?.member_by_token(token, authorization).await?;
        if named.is_some_and(|named| named != caller.user.as_str()) {
            return Err(ApiError::Forbidden("userId must be the user whom the token names".to_owned()));
        }
        // Clocks differ, and so a request may come with a token that has just expired. A connection with it would be announced to
        // others, and hear nothing.
        if caller.expires <= Millis::now() {
            return Err(Unauthenticated::Expired.into());
        }
        http::after_response(self.profiles.clone().keep_if_new(Claimed::of(&caller)));
        Ok(caller)
    }

    fn verifier(&self) -> Result<&Verifier, ApiError> {
        self.verifier.as_ref().ok_or_else(|| ApiError::internal(SettingsError::NotNeeded(Need::Tokens)))
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

    /// WebSocket connections.
    ///
    /// # Errors
    /// 500 in a function that has no `SOCKET_ENDPOINT`.
    pub fn connections(&self) -> Result<&Connections, ApiError> {
        self.connections.as_ref().ok_or_else(|| ApiError::internal("set the environment variable SOCKET_ENDPOINT"))
    }

    /// Which hotel's guest is calling, by the bearer token or the one in the query: the pages that guests open have it in their
    /// address. Requests that change something count against the guest's budget, which is the booking's.
    ///
    /// # Errors
    /// 401 for no or a bad token, a member's among them; 403 for that of another hotel's guest; 429 when the budget is spent.
    pub async fn authenticate_guest(&self, request: &Request) -> Result<Guest, ApiError> {
        let guest = self.authenticate_subscribing_guest(request).await?;
        let user = hotels::guest_id(&guest.hotel, &guest.booking).map_err(ApiError::internal)?;
        self.count(request, &user).await?;
        Ok(guest)
    }

    /// As [`App::authenticate_guest`], of what changes nothing whatever its method.
    ///
    /// # Errors
    /// 401 for no or a bad token, a member's among them; 403 for that of another hotel's guest.
    pub async fn authenticate_subscribing_guest(&self, request: &Request) -> Result<Guest, ApiError> {
        let guest = self.verifier()?.guest(request.header("authorization"), request.query("token")).await?;
        if guest.hotel.as_str() == request.path("hotelSlug") {
            return Ok(guest);
        }
        Err(ApiError::Forbidden("The token is another hotel's: open the link that this hotel sent".to_owned()))
    }

    /// The webhook that is calling.
    ///
    /// # Errors
    /// 401 unless Pusher signed it in the last five minutes, 400 when the body is not a webhook, 413 over 1 MB.
    pub fn webhook(&self, request: &Request) -> Result<Webhook, ApiError> {
        let body = request.bytes_up_to(MAX_WEBHOOK_BYTES)?;
        verify_webhook(request.headers(), body, &self.signers()?, Millis::now())
    }

    /// The signers of the current key and, during a rotation, of the previous one.
    fn signers(&self) -> Result<Vec<&Signer>, ApiError> {
        self.signer()?;
        Ok(self.signers.iter().collect())
    }

    /// The signer of the current key.
    fn signer(&self) -> Result<&Signer, ApiError> {
        self.signers.first().ok_or_else(|| ApiError::internal(SettingsError::NotNeeded(Need::Pusher)))
    }

    /// Checks that a request of Pusher's HTTP API is signed by a back end that has the app's key and secret. The signed path is
    /// `/apps/{appId}/…`, without the prefix of a stage or a domain.
    ///
    /// # Errors
    /// 401 unless it was signed in the last ten minutes, 404 for the id of another app, 413 for a body over
    /// [`triggers::MAX_BODY_BYTES`].
    pub fn must_be_signed(&self, request: &Request) -> Result<(), ApiError> {
        let body = request.bytes_up_to(triggers::MAX_BODY_BYTES)?;
        // A library signs names as they are. A client may escape them in the address, or before it signs.
        let raw = request.raw_path();
        let raw = raw.find(APPS).map_or(raw, |start| &raw[start..]).to_owned();
        let route = request.route().split_once(' ').map_or("", |(_, path)| path).to_owned();
        let named = |path: String, (name, value): (&String, &String)| path.replace(&format!("{{{name}}}"), value);
        let named = request.path_parameters().iter().fold(route, named);
        let (method, parameters) = (request.method().as_str(), request.queries());
        let received = ReceivedRequest { method, paths: &[named, raw], parameters: &parameters, body };
        verify_caller(&received, &self.signers()?, Millis::now())?;
        if self.settings.pusher.as_ref().is_none_or(|pusher| pusher.app_id != request.path("appId")) {
            return Err(ApiError::NotFound(
                "There is no app with this id here: use the app id that is configured as PusherAppId".to_owned(),
            ));
        }
        Ok(())
    }

    /// The `Idempotency-Key` of a request of Pusher's HTTP API. All that sign with the app's keys are one caller.
    ///
    /// # Errors
    /// As [`IdempotencyKey::of`].
    pub fn idempotency_key_of_app(&self, request: &Request) -> Result<IdempotencyKey, ApiError> {
        IdempotencyKey::of(request, APPS, self.fingerprints()?)
    }

    /// The request's `Idempotency-Key`, as one of this caller's.
    ///
    /// # Errors
    /// As [`IdempotencyKey::of`].
    pub fn idempotency_key(&self, request: &Request, caller: &UserId) -> Result<IdempotencyKey, ApiError> {
        IdempotencyKey::of(request, caller.as_str(), self.fingerprints()?)
    }

    fn fingerprints(&self) -> Result<&Fingerprints, ApiError> {
        self.fingerprints.as_ref().ok_or_else(|| ApiError::internal(SettingsError::NotNeeded(Need::Pusher)))
    }

    /// Decides who may subscribe to what.
    ///
    /// # Errors
    /// 500 in a function without [`Need::Pusher`].
    pub fn authorizer(&self) -> Result<Authorizer<'_>, ApiError> {
        let master_key = self.settings.pusher.as_ref().and_then(|pusher| pusher.encryption_master_key.as_ref());
        let signer = self.signer()?;
        Ok(Authorizer { table: &self.table, profiles: &self.profiles, signer, master_key })
    }

    /// Delivers what writers left, with all transports. The next transport is one line here.
    #[must_use]
    pub fn dispatcher(&self) -> Dispatcher {
        let (table, settings) = (self.table.clone(), Arc::new(self.settings.clone()));
        let mut transports: Vec<Arc<dyn Transport>> =
            vec![Arc::new(UnreadMessages { table: table.clone(), settings: settings.clone() })];
        if let Some(channels) = &self.channels {
            transports.extend(self.to_channels(Pusher::of_consumer, Subscribers::of_consumer));
            transports.push(Arc::new(Webhooks { table: table.clone() }));
            transports.push(Arc::new(Wakes {
                table: table.clone(),
                channels: channels.clone(),
                settings: settings.clone(),
            }));
        }
        transports.extend(self.sockets(Some(settings)));
        transports.extend(self.senders.iter().cloned());
        Dispatcher::new(table, transports)
    }

    /// The transport to the subscribers of channels: Pusher as this makes it, or our own sockets where this function posts to them.
    fn to_channels(
        &self,
        pusher: impl Fn(&PusherClient) -> Pusher,
        subscribers: impl Fn(Table, Connections, Option<MasterKey>) -> Subscribers,
    ) -> Option<Arc<dyn Transport>> {
        match self.channels.as_ref()? {
            ChannelServer::Pusher(client) => Some(Arc::new(pusher(client))),
            ChannelServer::Gateway(own) => {
                let connections = self.connections.clone()?;
                Some(Arc::new(subscribers(self.table.clone(), connections, own.master_key.clone())))
            }
        }
    }

    fn sockets(&self, notifier: Option<Arc<Settings>>) -> Option<Arc<dyn Transport>> {
        let connections = self.connections.clone()?;
        Some(Arc::new(Sockets { table: self.table.clone(), connections, notifier }))
    }

    /// The context of this request's writes. It says whether this process delivers after its response: it does not while Pusher
    /// fails to respond, so that an outage holds up no invocation.
    #[must_use]
    pub fn writer(&self, request_id: &str) -> WriteContext {
        WriteContext {
            request_id: request_id.to_owned(),
            delivers: match &self.channels {
                None => false,
                Some(ChannelServer::Pusher(pusher)) => !pusher.breaker().is_open(Millis::now()),
                Some(ChannelServer::Gateway(_)) => self.connections.is_some(),
            },
            posts: self.connections.is_some(),
            webhooks: self.settings.webhooks,
            counts: self.settings.subscription_counts,
        }
    }

    /// The response to a command. Its events are delivered after it.
    #[must_use]
    pub fn finish(&self, done: Done<Response>) -> Response {
        done.result.replayed(done.is_replay).then(self.deliver(done.pending))
    }

    /// As [`App::finish`], for callers whose next command must not overtake this one: the response waits for the delivery, for
    /// half a second at most.
    pub async fn finish_in_order(&self, done: Done<Response>) -> Response {
        let mut delivery = Box::pin(self.deliver(done.pending));
        let response = done.result.replayed(done.is_replay);
        match tokio::time::timeout(ORDER_TIMEOUT, &mut delivery).await {
            Ok(()) => response,
            Err(_) => response.then(delivery),
        }
    }

    /// Delivers what was just committed, to be done after the response.
    pub fn deliver(&self, rows: Vec<Committed>) -> impl Future<Output = ()> + Send + use<> {
        let transports =
            self.to_channels(Pusher::of_writer, Subscribers::of_writer).into_iter().chain(self.sockets(None)).collect();
        Dispatcher::new(self.table.clone(), transports).inline(rows)
    }

    /// The sender of webhooks, in the one function that has it, and where the app wants any.
    #[must_use]
    pub fn webhook_sender(&self) -> Option<&WebhookSender> {
        self.webhooks.as_ref()
    }

    /// The retry queue, for the one function that has any use for it; the others need not even contain it.
    ///
    /// # Errors
    /// Names the variables that only the function `delivery` has.
    pub fn retry_queue(&self) -> Result<RetryQueue, StartError> {
        let queues = self.settings.queues.as_ref().ok_or_else(|| {
            StartError("set the environment variables RETRY_QUEUE_URL and DEAD_LETTER_QUEUE_URL".to_owned())
        })?;
        Ok(RetryQueue::new(&self.aws, queues.clone()))
    }
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

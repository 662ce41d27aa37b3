//! The callers: tokens, signatures, idempotency keys, and what a caller may do.

use super::App;
use crate::api_error::ApiError;
use crate::authorization::Authorizer;
use crate::clients::pusher::{ReceivedRequest, Signer, Webhook, verify_caller, verify_webhook};
use crate::contract::id::UserId;
use crate::contract::person::Person;
use crate::contract::time::Millis;
use crate::hotels;
use crate::http::idempotency::{Fingerprints, IdempotencyKey, KeyOwner};
use crate::http::{self, MAX_WEBHOOK_BYTES, ReadRequest as _, Request};
use crate::identity::{Effect, Guest, Identity, Unauthenticated, Verifier};
use crate::settings::{Need, SettingsError};
use crate::telemetry;
use crate::triggers;
use crate::users::profile::Claimed;

/// Beginning of each path of Pusher's HTTP API.
const APPS: &str = "/apps/";
/// Names the user for whom a service sends a request. Pages never send it, so it is not among the template's `AllowedHeaders`.
const ON_BEHALF_OF: &str = "on-behalf-of";

impl App {
    /// Verifies the token and returns the caller. The caller's profile is stored after the response, so a user is known from
    /// their first call on. A request whose method changes something counts against the user's budget, unless a service sent it.
    ///
    /// With `On-Behalf-Of: {userId}`, a service acts for that user: the caller is the user, as their stored profile shows them, without roles and
    /// without the claims of a token. The service is in [`Identity::service`], in the log line and in [`App::writer`]'s context.
    ///
    /// # Errors
    /// 401 for no or a bad token, 403 for a cookie that another page may have sent, 429 when the budget is spent. With `On-Behalf-Of`, 403 for a
    /// caller without the role `service`, and 400 for an id that no member has.
    pub async fn authenticate(&self, request: &Request) -> Result<Identity, ApiError> {
        let caller = self.authenticate_subscriber(request).await?;
        if !caller.is_service() && caller.service.is_none() {
            self.count(request, &caller.user).await?;
        }
        Ok(caller)
    }

    /// As [`App::authenticate`], of what changes nothing whatever its method: Pusher's clients ask by `POST` what they may
    /// subscribe to.
    ///
    /// # Errors
    /// As [`App::authenticate`], without 429.
    pub async fn authenticate_subscriber(&self, request: &Request) -> Result<Identity, ApiError> {
        let effect = if request.method().is_safe() { Effect::Reads } else { Effect::Changes };
        let caller = self.verifier()?.member_by_headers(request.headers(), effect).await?;
        let caller = if names_another(request) { on_behalf(request, caller)? } else { caller };
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
        let caller = self.verifier()?.member_by_token(token).await?;
        self.admit_connection(caller, named.map(UserId::as_str))
    }

    /// The user who is connecting: by the `token` of the query, since browsers set no header on a WebSocket, or else by the header or the cookie.
    /// Their profile is kept as with [`App::authenticate`].
    ///
    /// # Errors
    /// 400 with `On-Behalf-Of`, 401 for no or a bad token, 403 where `userId` of the query names somebody else.
    pub async fn authenticate_handshake(&self, request: &Request) -> Result<Identity, ApiError> {
        if names_another(request) {
            return Err(ApiError::field(
                "On-Behalf-Of",
                "is for HTTP requests: a connection is that of its token's user",
            ));
        }
        let caller = match request.query("token") {
            Some(token) => self.verifier()?.member_by_token(Some(token)).await?,
            None => self.verifier()?.member_by_headers(request.headers(), Effect::Changes).await?,
        };
        self.admit_connection(caller, request.query("userId"))
    }

    /// Lets a caller connect, if their client names nobody else.
    fn admit_connection(&self, caller: Identity, named: Option<&str>) -> Result<Identity, ApiError> {
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

    /// Which hotel's guest is calling, by the bearer token or the one in the query: the pages that guests open have it in their
    /// address. Where the token has an e-mail address, it is stored after the response. Requests that change something count against the guest's budget, which is the booking's.
    ///
    /// # Errors
    /// 401 for no or a bad token, a member's among them; 403 for that of another hotel's guest; 429 when the budget is spent.
    pub async fn authenticate_guest(&self, request: &Request) -> Result<Guest, ApiError> {
        let guest = self.authenticate_subscribing_guest(request).await?;
        let user = hotels::guest_id(&guest.hotel, &guest.booking).map_err(ApiError::internal)?;
        self.count(request, &user).await?;
        if let Some(claimed) = Claimed::of_guest(user, &guest) {
            http::after_response(self.profiles.clone().keep_if_new(claimed));
        }
        Ok(guest)
    }

    /// As [`App::authenticate_guest`], of what changes nothing whatever its method.
    ///
    /// # Errors
    /// 401 for no or a bad token, a member's among them; 403 for that of another hotel's guest, and with `On-Behalf-Of`.
    pub async fn authenticate_subscribing_guest(&self, request: &Request) -> Result<Guest, ApiError> {
        let guest = self.verifier()?.guest(request.header("authorization"), request.query("token")).await?;
        if names_another(request) {
            return Err(only_services_act());
        }
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
        IdempotencyKey::of(request, KeyOwner { caller: APPS, service: None }, Some(self.fingerprints()?))
    }

    /// The request's `Idempotency-Key`, as one of this caller's, or of the service that acts for them.
    ///
    /// # Errors
    /// As [`IdempotencyKey::of`].
    pub fn idempotency_key(&self, request: &Request, caller: &UserId) -> Result<IdempotencyKey, ApiError> {
        let service = http::acting_service();
        let owner = KeyOwner { caller: caller.as_str(), service: service.as_ref() };
        IdempotencyKey::of(request, owner, Some(self.fingerprints()?))
    }

    /// As [`App::idempotency_key`], of what is compared with the row that the first request made: without a fingerprint.
    ///
    /// # Errors
    /// As [`IdempotencyKey::of`].
    pub fn idempotency_key_of_row(&self, request: &Request, caller: &UserId) -> Result<IdempotencyKey, ApiError> {
        let service = http::acting_service();
        IdempotencyKey::of(request, KeyOwner { caller: caller.as_str(), service: service.as_ref() }, None)
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
}

/// Whether the request is to be another user's than the token's.
fn names_another(request: &Request) -> bool {
    request.headers().contains_key(ON_BEHALF_OF)
}

/// The user for whom this caller, a service, sent the request.
fn on_behalf(request: &Request, caller: Identity) -> Result<Identity, ApiError> {
    if !caller.is_service() {
        return Err(only_services_act());
    }
    // A header that is not text is refused as an empty one is.
    let named = request.header(ON_BEHALF_OF).unwrap_or_default();
    // API Gateway joins repeated headers with commas, and an id may have one.
    if named.contains(',') {
        return Err(ApiError::field("On-Behalf-Of", "must be one id, without a comma: send the header once"));
    }
    let user = UserId::parse(named).map_err(|error| ApiError::field("On-Behalf-Of", error))?;
    if hotels::must_not_be_guests(&user).is_err() {
        let rule = "must be a member's id: those that begin with guest; are the guests', who have links of their own";
        return Err(ApiError::field("On-Behalf-Of", rule));
    }
    telemetry::note("service", caller.user.as_str());
    telemetry::note("onBehalfOf", user.as_str());
    http::note_acting_service(&caller.user);
    Ok(caller.acting_for(user))
}

fn only_services_act() -> ApiError {
    ApiError::Forbidden(
        "Only services may act for others: leave out On-Behalf-Of, or send a token with the role service".to_owned(),
    )
}

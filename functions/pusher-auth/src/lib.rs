//! `POST /pusher/auth`, `POST /pusher/user-auth`, and for hotels' guests `POST /api/guest/hotel/{hotelSlug}/chat/pusher/auth`:
//! Pusher's clients call them before they subscribe or sign in.

use std::num::NonZeroU32;
use std::sync::LazyLock;

use serde::Deserialize;
use shared::contract::channel::ChannelName;
use shared::contract::socket_id::SocketId;
use shared::http::throttle::Throttle;
use shared::http::{self, ReadRequest as _, Request, Response};
use shared::telemetry;
use shared::{ApiError, App, hotels};

/// Requests at once, and then per second. After a reconnect, each tab of a client asks again for each of its channels, and
/// pusher-js never repeats a request that was refused. So three tabs of 45 channels pass, even if one process answers all of
/// them.
static THROTTLE: LazyLock<Throttle> = LazyLock::new(|| {
    const AT_ONCE: NonZeroU32 = NonZeroU32::new(200).expect("not zero");
    const PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
    Throttle::new(AT_ONCE, PER_SECOND)
});

#[derive(Deserialize)]
struct Subscription {
    socket_id: String,
    channel_name: String,
}

#[derive(Deserialize)]
struct SignIn {
    socket_id: String,
}

/// Handles any of the routes, and counts the outcomes.
///
/// # Errors
/// 400, 401, 403, 413, 415 and 429, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, ApiError> {
    let decided = match request.route() {
        "POST /pusher/user-auth" => user(app, &request).await,
        "POST /api/guest/hotel/{hotelSlug}/chat/pusher/auth" => guest(app, &request).await,
        _ => channel(app, &request).await,
    };
    match &decided {
        Ok(_) => telemetry::authorization_granted(),
        Err(ApiError::Unauthenticated { .. }) => telemetry::authorization_refused("unauthenticated"),
        Err(ApiError::Forbidden(_)) => telemetry::authorization_refused("forbidden"),
        Err(ApiError::TooManyRequests(_)) => telemetry::authorization_refused("throttled"),
        Err(ApiError::Internal(_)) => telemetry::authorization_refused("failed"),
        Err(_) => telemetry::authorization_refused("malformed"),
    }
    decided
}

async fn channel(app: &App, request: &Request) -> Result<Response, ApiError> {
    let caller = app.authenticate_subscriber(request).await?;
    THROTTLE.admit(&caller.user)?;
    let subscription: Subscription = request.json_or_form()?;
    let socket = SocketId::parse(&subscription.socket_id)?;
    let name = ChannelName::parse(&subscription.channel_name)?;
    Ok(http::ok(&app.authorizer()?.authorize(&caller, &socket, &name).await?))
}

async fn guest(app: &App, request: &Request) -> Result<Response, ApiError> {
    let guest = app.authenticate_subscribing_guest(request).await?;
    THROTTLE.admit(&hotels::guest_id(&guest.hotel, &guest.booking).map_err(ApiError::internal)?)?;
    let subscription: Subscription = request.json_or_form()?;
    let socket = SocketId::parse(&subscription.socket_id)?;
    let name = ChannelName::parse(&subscription.channel_name)?;
    Ok(http::ok(&app.authorizer()?.authorize_guest(&guest, &socket, &name)?))
}

async fn user(app: &App, request: &Request) -> Result<Response, ApiError> {
    let caller = app.authenticate_subscriber(request).await?;
    THROTTLE.admit(&caller.user)?;
    let sign_in: SignIn = request.json_or_form()?;
    let socket = SocketId::parse(&sign_in.socket_id)?;
    Ok(http::ok(&app.authorizer()?.sign_in(&caller, &socket).await))
}

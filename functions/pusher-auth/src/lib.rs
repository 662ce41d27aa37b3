//! `POST /pusher/auth` and `POST /pusher/user-auth`: Pusher's clients call them before they subscribe or sign in.

mod throttle;

use serde::Deserialize;
use shared::authorization::ProfileWork;
use shared::contract::channel::ChannelName;
use shared::contract::socket_id::SocketId;
use shared::http::{self, ReadRequest as _, Request, Response, ResponseExt as _};
use shared::telemetry;
use shared::{App, Problem};

#[derive(Deserialize)]
struct Subscription {
    socket_id: String,
    channel_name: String,
}

#[derive(Deserialize)]
struct SignIn {
    socket_id: String,
}

/// Handles either route, and counts the outcomes.
///
/// # Errors
/// 400, 401, 403, 413, 415 and 429, as `docs/openapi.yaml` says.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let decided = match request.route() {
        "POST /pusher/user-auth" => user(app, &request).await,
        _ => channel(app, &request).await,
    };
    match &decided {
        Ok(_) => telemetry::authorization_granted(),
        Err(Problem::Unauthenticated(_)) => telemetry::authorization_refused("unauthenticated"),
        Err(Problem::Forbidden(_)) => telemetry::authorization_refused("forbidden"),
        Err(Problem::TooManyRequests(_)) => telemetry::authorization_refused("throttled"),
        Err(Problem::Internal(_)) => telemetry::authorization_refused("failed"),
        Err(_) => telemetry::authorization_refused("malformed"),
    }
    decided
}

async fn channel(app: &App, request: &Request) -> Result<Response, Problem> {
    let caller = app.authenticate(request).await?;
    throttle::admit(&caller.user)?;
    let subscription: Subscription = request.json_or_form()?;
    let socket = SocketId::parse(&subscription.socket_id)?;
    let name = ChannelName::parse(&subscription.channel_name)?;
    let granted = app.authorizer().authorize(&caller, &socket, &name).await?;

    let response = http::ok(&granted.grant);
    let profiles = app.profiles.clone();
    Ok(match granted.profile {
        None => response,
        Some(ProfileWork::Keep(person)) => response.then(profiles.keep(person)),
        Some(ProfileWork::KeepIfNew(person)) => response.then(profiles.keep_if_new(person)),
    })
}

async fn user(app: &App, request: &Request) -> Result<Response, Problem> {
    let caller = app.authenticate(request).await?;
    throttle::admit(&caller.user)?;
    let sign_in: SignIn = request.json_or_form()?;
    let socket = SocketId::parse(&sign_in.socket_id)?;
    Ok(http::ok(&app.authorizer().sign_in(&caller, &socket)))
}

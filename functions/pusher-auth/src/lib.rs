//! `POST /pusher/auth` and `POST /pusher/user-auth`: what Pusher's clients ask before they subscribe or sign in.

mod throttle;

use serde::Deserialize;
use shared::App;
use shared::authorization::{self, ProfileWork, authorize};
use shared::channel::ChannelName;
use shared::http::{Answer, Call, Problem};
use shared::socket_id::SocketId;
use shared::telemetry;

#[derive(Deserialize)]
struct Subscription {
    socket_id: String,
    channel_name: String,
}

#[derive(Deserialize)]
struct SignIn {
    socket_id: String,
}

/// Answers either route, and counts how it went.
///
/// # Errors
/// 400, 401, 403, 413, 415, 429 as `docs/openapi.yaml` says.
pub async fn handle(app: &App, call: Call) -> Result<Answer, Problem> {
    let decided = match call.route() {
        "POST /pusher/user-auth" => user(app, &call).await,
        _ => channel(app, &call).await,
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

async fn channel(app: &App, call: &Call) -> Result<Answer, Problem> {
    let caller = app.member(call).await?;
    throttle::admit(&caller.user)?;
    let asked: Subscription = call.json_or_form()?;
    let socket = SocketId::parse(&asked.socket_id)?;
    let name = ChannelName::parse(&asked.channel_name)?;
    let granted = authorize(app, &caller, &socket, &name).await?;

    let answer = Answer::ok(&granted.grant);
    let profiles = app.profiles.clone();
    Ok(match granted.profile {
        None => answer,
        Some(ProfileWork::Keep(person)) => answer.afterwards(profiles.keep(person)),
        Some(ProfileWork::KeepIfNew(person)) => answer.afterwards(profiles.keep_if_new(person)),
    })
}

async fn user(app: &App, call: &Call) -> Result<Answer, Problem> {
    let caller = app.member(call).await?;
    throttle::admit(&caller.user)?;
    let asked: SignIn = call.json_or_form()?;
    let socket = SocketId::parse(&asked.socket_id)?;
    Ok(Answer::ok(&authorization::sign_in(app, &caller, &socket)))
}

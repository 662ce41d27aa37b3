//! Making parts of the stack fail, to see that nothing is lost.

use axum::Json;
use axum::extract::{Path, State};
use nix::sys::signal::{Signal, kill as signal};
use nix::unistd::Pid;
use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::parts::Console;
use crate::process::function_processes;
use crate::services::aws::Aws;
use crate::services::pusher_server::{self, Order};
use crate::state::function_names::name_in_template;
use crate::state::settings::PusherServer;

/// Freezes, thaws, kills or starts the Pusher server.
pub(super) async fn pusher(State(console): State<Console>, Path(order): Path<Order>) -> Answer<Json<Value>> {
    let Some(orders) = &console.0.stack.orders else {
        return Err(Failure::gone(
            "This stack has no Pusher server to stop; refuse posts to clients, or kill a function, such as SocketMessage",
        ));
    };
    pusher_server::order(orders, order).await?;
    Ok(Json(json!({})))
}

/// How API Gateway treats the functions' posts to WebSockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Posts {
    /// API Gateway answers 429 to each.
    Refuse,
    Take,
}

/// Has API Gateway refuse the functions' posts, or take them again: where there is no Pusher server, this is its outage.
pub(super) async fn posts(State(console): State<Console>, Path(posts): Path<Posts>) -> Answer<Json<Value>> {
    let state = console.state()?;
    if state.pusher.server != PusherServer::Gateway {
        return Err(Failure::gone("The clients of this stack are connected to a Pusher server"));
    }
    let fault = (posts == Posts::Refuse).then(|| json!({ "refused": 1 }));
    Aws::of(&state).set_fault("posts", fault).await?;
    Ok(Json(json!({})))
}

/// Kills all processes of a function, by its name in the template.
pub(super) async fn kill(State(console): State<Console>, Path(name): Path<String>) -> Answer<Json<Value>> {
    function_processes::ensure_visible()?;
    let running = function_processes::of(console.state()?.processes.ministack.pid);
    let of_function = running.iter().filter(|victim| name_in_template(&victim.function) == name);
    // One that has ended meanwhile needs no signal.
    let killed = of_function.filter(|victim| signal(Pid::from_raw(victim.pid), Signal::SIGKILL).is_ok()).count();
    match killed {
        0 => Err(Failure::gone("No process of this function is running now")),
        killed => Ok(Json(json!({ "killed": killed }))),
    }
}

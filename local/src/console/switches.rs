//! Making parts of the stack fail, to see that nothing is lost.

use axum::Json;
use axum::extract::{Path, State};
use nix::sys::signal::{Signal, kill as signal};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::parts::Console;
use crate::process::function_processes;
use crate::services::pusher_server::{self, Order};
use crate::state::function_names::name_in_template;

/// Freezes, thaws, kills or starts the Pusher server.
pub(super) async fn pusher(State(console): State<Console>, Path(order): Path<Order>) -> Answer<Json<Value>> {
    let Some(orders) = &console.0.stack.orders else {
        return Err(Failure::gone("This stack has no Pusher server; kill a function, such as SocketMessage"));
    };
    pusher_server::order(orders, order).await?;
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

//! All functions in one program, for the local stack.
//!
//! A function is deployed as a program of its own (`template.yaml`). Here, linking some thirty of them would take most of a build, so this one is
//! each of them: the first argument says which.

use std::error::Error;
use std::process::ExitCode;

/// Declares the functions: the name of the folder, which is the argument, and the file with its `main`.
macro_rules! functions {
    ($($name:literal is $function:ident in $file:literal,)*) => {
        $(#[path = $file] mod $function;)*

        const NAMES: &[&str] = &[$($name),*];

        fn run(name: &str) -> Option<Result<(), Box<dyn Error + Send + Sync>>> {
            match name {
                $($name => Some($function::main()),)*
                _ => None,
            }
        }
    };
}

functions! {
    "books" is books in "../../../functions/books/src/main.rs",
    "channels" is channels in "../../../functions/channels/src/main.rs",
    "dashboard" is dashboard in "../../../functions/dashboard/src/main.rs",
    "delivery" is delivery in "../../../functions/delivery/src/main.rs",
    "device-tokens" is device_tokens in "../../../functions/device-tokens/src/main.rs",
    "email-unsubscribe" is email_unsubscribe in "../../../functions/email-unsubscribe/src/main.rs",
    "erasure" is erasure in "../../../functions/erasure/src/main.rs",
    "guest-chat" is guest_chat in "../../../functions/guest-chat/src/main.rs",
    "health" is health in "../../../functions/health/src/main.rs",
    "imports" is imports in "../../../functions/imports/src/main.rs",
    "kudos-create" is kudos_create in "../../../functions/kudos-create/src/main.rs",
    "kudos-list" is kudos_list in "../../../functions/kudos-list/src/main.rs",
    "lease-chat" is lease_chat in "../../../functions/lease-chat/src/main.rs",
    "messages" is messages in "../../../functions/messages/src/main.rs",
    "notifications" is notifications in "../../../functions/notifications/src/main.rs",
    "parties" is parties in "../../../functions/parties/src/main.rs",
    "presence-join" is presence_join in "../../../functions/presence-join/src/main.rs",
    "presence-leave" is presence_leave in "../../../functions/presence-leave/src/main.rs",
    "presence-list" is presence_list in "../../../functions/presence-list/src/main.rs",
    "presence-reconcile" is presence_reconcile in "../../../functions/presence-reconcile/src/main.rs",
    "profiles" is profiles in "../../../functions/profiles/src/main.rs",
    "pusher-api" is pusher_api in "../../../functions/pusher-api/src/main.rs",
    "pusher-auth" is pusher_auth in "../../../functions/pusher-auth/src/main.rs",
    "pusher-mock-event" is pusher_mock_event in "../../../functions/pusher-mock-event/src/main.rs",
    "pusher-webhook" is pusher_webhook in "../../../functions/pusher-webhook/src/main.rs",
    "socket-connect" is socket_connect in "../../../functions/socket-connect/src/main.rs",
    "socket-disconnect" is socket_disconnect in "../../../functions/socket-disconnect/src/main.rs",
    "socket-heartbeat" is socket_heartbeat in "../../../functions/socket-heartbeat/src/main.rs",
    "socket-message" is socket_message in "../../../functions/socket-message/src/main.rs",
}

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    match run(&name) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            // As the standard library prints an error of `main`.
            eprintln!("Error: {error:?}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!("error: there is no function `{name}`; name one of {}", NAMES.join(", "));
            ExitCode::FAILURE
        }
    }
}

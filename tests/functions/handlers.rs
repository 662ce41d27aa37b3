//! Every function that handles HTTP requests, and which of them `template.yaml` gives a route to.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tests::{Reply, Request, World};

macro_rules! handlers {
    ($($function:ident)*) => {
        /// Sends the request in an event file to the function of its route.
        pub(crate) async fn send(world: &World, event: Value) -> Reply {
            let function = routes()[event["routeKey"].as_str().unwrap()].replace('-', "_");
            let request = Request::of_event(event);
            match function.as_str() {
                $(stringify!($function) => world.send($function::handle, &request).await,)*
                other => panic!("add {other} to tests/functions/handlers.rs"),
            }
        }
    };
}

handlers! {
    books channels dashboard device_tokens email_unsubscribe erasure guest_chat health imports kudos_create kudos_list lease_chat messages
    notifications parties presence_join presence_leave presence_list profiles pusher_api pusher_auth pusher_mock_event pusher_webhook
}

/// The routes of the HTTP API, each with the name of its function's package.
pub(crate) fn routes() -> BTreeMap<String, String> {
    let template = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap();
    let (mut binary, mut routes) = (String::new(), BTreeMap::new());
    for line in template.lines() {
        if let Some((_, rest)) = line.split_once("Binary: ") {
            rest.split(' ').next().unwrap().clone_into(&mut binary);
        }
        let route = line.trim().strip_prefix("Properties: { ApiId: !Ref Api, Method: ");
        if let Some((method, path)) = route.and_then(|route| route.split_once(", Path: ")) {
            let path = path.trim_end_matches(" }").trim_matches('"');
            routes.insert(format!("{method} {path}"), binary.clone());
        }
    }
    routes
}

//! `/apps/{appId}/…`: Pusher's HTTP API, as the server libraries of other back ends use it.

use pusher_api::handle;
use serde_json::{Value, json};
use shared::clients::pusher::{ApiRequest, Signer};
use shared::contract::time::Millis;
use shared::http::idempotency::IdempotencyKey;
use shared::settings::{Credentials, Secret};
use shared::triggers::{self, NewAppEvent};
use tests::consumer::{age, consume};
use tests::{PREVIOUS, PUSHER, Reply, Request, World};

pub(crate) const EVENTS: &str = "/apps/app/events";

/// How a request is signed.
struct Signed<'a> {
    credentials: (&'a str, &'a str),
    /// Seconds from now.
    at: i64,
    /// The path in the signature, if it is not that of the request.
    path: Option<&'a str>,
    parameters: &'a [(&'a str, &'a str)],
}

const WELL: Signed<'static> = Signed { credentials: PUSHER, at: 0, path: None, parameters: &[] };

/// The route of a path, and its parameters.
fn route_of(method: &str, path: &str) -> (String, Vec<(&'static str, String)>) {
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let mut parameters = Vec::new();
    let names = [(2, "appId"), (4, if parts[3] == "users" { "userId" } else { "channelName" })];
    for (place, name) in names {
        if let Some(part) = parts.get_mut(place) {
            parameters.push((name, std::mem::replace(part, format!("{{{name}}}"))));
        }
    }
    (format!("{method} {}", parts.join("/")), parameters)
}

/// A request as a server library signs and sends it.
fn request(how: &Signed<'_>, method: &'static str, path: &str, body: Option<&str>) -> Request {
    let (route, parameters) = route_of(method, path);
    let signer =
        Signer::new(&Credentials { key: how.credentials.0.to_owned(), secret: Secret::new(how.credentials.1) });
    let signed = ApiRequest {
        method,
        path: how.path.unwrap_or(path),
        body: body.map(str::as_bytes),
        parameters: how.parameters,
    };
    let query = signer.query(&signed, Millis::now().plus_seconds(how.at));
    let mut request = Request::new(&route);
    for (name, value) in &parameters {
        request = request.path(name, value);
    }
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body);
    }
    let mut event = request.event().clone();
    (event["rawPath"], event["rawQueryString"]) = (json!(path), json!(query));
    Request::of_event(event)
}

pub(crate) fn post(path: &str, body: &Value) -> Request {
    request(&WELL, "POST", path, Some(&body.to_string()))
}

fn event(channel: &str) -> Value {
    json!({ "name": "stock", "channels": [channel], "data": r#"{"left":7}"# })
}

async fn trigger(world: &World, body: &Value) -> Reply {
    world.send(handle, &post(EVENTS, body)).await
}

/// Stores an event, as a function leaves it that is killed directly after that.
pub(crate) async fn accept(world: &World, event: &Value) {
    let event = serde_json::from_value::<NewAppEvent>(event.clone()).unwrap().checked().unwrap();
    let app = world.app_of("pusher-api");
    let (writer, key) = (app.writer("r"), IdempotencyKey::absent());
    let accepted = triggers::accept(&app.table, &writer, vec![event], &key);
    world.as_function("pusher-api", accepted).await.unwrap();
}

pub(crate) async fn ask(world: &World, path: &str, parameters: &[(&str, &str)]) -> Reply {
    world.send(handle, &request(&Signed { parameters, ..WELL }, "GET", path, None)).await
}

fn message(reply: &Reply) -> &str {
    reply.body["message"].as_str().unwrap_or_default()
}

fn sent(channel: &str) -> (String, String, Value) {
    (channel.to_owned(), "stock".to_owned(), json!({ "left": 7 }))
}

#[tokio::test]
async fn an_event_is_stored_answered_as_pusher_does_and_sent() {
    let world = World::new().await;
    let reply = trigger(&world, &event("news")).await;
    assert_eq!((reply.status, &reply.body), (200, &json!({})));
    assert_eq!(reply.line["Deliveries.appEvent.delivered"], 1);
    assert_eq!(world.pusher.take_sent(), [sent("news")]);
    let rows = world.table.rows().await;
    let row = rows.values().next().unwrap();
    assert!(rows.len() == 1 && !row.contains_key("outbox") && row.contains_key("expires_at"), "{rows:?}");
}

#[tokio::test]
async fn an_event_that_was_accepted_while_pusher_was_down_arrives_once_and_not_at_the_excluded_connection() {
    let world = World::new().await;
    world.pusher.respond_always(Some(503));
    let mut several = event("news");
    (several["channels"], several["socket_id"]) = (json!(["news", "private-user-ada", "presence-lobby"]), json!("1.2"));
    assert_eq!(trigger(&world, &several).await.status, 200);
    let row = world.table.rows().await.into_values().next().unwrap();
    assert!(row["outbox"].as_str().unwrap().contains(r#""kind":"appEvent""#), "{row:?}");
    world.pusher.respond_always(None);
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_sent(), [sent("news"), sent("private-user-ada"), sent("presence-lobby")]);
    assert_eq!(world.pusher.take_excluded(), vec![Some("1.2".to_owned()); 3]);
    consume(&world).await.unwrap();
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn an_event_is_not_lost_when_the_function_is_killed() {
    let world = World::new().await;
    accept(&world, &event("news")).await;
    assert!(world.pusher.take_sent().is_empty());
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_sent(), [sent("news")]);
}

#[tokio::test]
async fn an_event_that_pusher_refuses_becomes_a_dead_letter_with_all_that_it_says() {
    let world = World::new().await;
    world.pusher.refuse("stock");
    let mut excluding = event("news");
    excluding["socket_id"] = json!("1.2");
    assert_eq!(trigger(&world, &excluding).await.status, 200);
    age(&world, 3).await;
    consume(&world).await.unwrap();
    let dead = world.queues.sent("dead-letter");
    let given_up = &dead[0].body["given_up"];
    assert_eq!(
        (&given_up["kind"], &given_up["channels"], &given_up["socket_id"]),
        (&json!("appEvent"), &json!(["news"]), &json!("1.2"))
    );
}

#[tokio::test]
async fn a_batch_is_one_request_in_order() {
    let world = World::new().await;
    let one =
        |n: usize| json!({ "name": "n", "channel": "news", "data": n.to_string(), "socket_id": format!("1.{n}") });
    let batch = json!({ "batch": (0..10).map(one).collect::<Vec<_>>() });
    let reply = world.send(handle, &post("/apps/app/batch_events", &batch)).await;
    assert_eq!((reply.status, &reply.body), (200, &json!({})));
    assert_eq!(world.pusher.take_batches(), [10]);
    let numbers: Vec<_> = world.pusher.take_sent().into_iter().map(|(_, _, data)| data.as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());
    let excluded: Vec<_> = world.pusher.take_excluded().into_iter().flatten().collect();
    assert_eq!(excluded, (0..10).map(|n| format!("1.{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_bad_event_of_a_batch_costs_no_other() {
    let world = World::new().await;
    world.pusher.refuse("bad");
    let one = |name: &str| json!({ "name": name, "channel": "news", "data": "{}" });
    let batch = json!({ "batch": [one("first"), one("bad"), one("last")] });
    assert_eq!(world.send(handle, &post("/apps/app/batch_events", &batch)).await.status, 200);
    assert_eq!(world.pusher.take_names(), ["first", "last"]);
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert_eq!(world.queues.sent("dead-letter").len(), 1);
}

#[tokio::test]
async fn data_for_an_encrypted_channel_goes_as_the_library_encrypted_it() {
    let world = World::new().await;
    let sealed = json!({ "nonce": "bm9uY2U=", "ciphertext": "dGV4dA==" });
    let event = json!({ "name": "stock", "channels": ["private-encrypted-cards"], "data": sealed.to_string() });
    assert_eq!(trigger(&world, &event).await.status, 200);
    assert_eq!(world.pusher.take_sent()[0].2, sealed);
}

#[tokio::test]
async fn an_event_for_a_signed_in_user_goes_to_the_users_own_channel() {
    let world = World::new().await;
    assert_eq!(trigger(&world, &event("#server-to-user-ada")).await.status, 200);
    assert_eq!(world.pusher.take_sent(), [sent("#server-to-user-ada")]);
    assert_eq!(trigger(&world, &event("#server-to-user-")).await.status, 400);
    assert_eq!(trigger(&world, &event("#other")).await.status, 400);
}

#[tokio::test]
async fn a_request_that_is_forged_changed_or_stale_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let body = event("news").to_string();
    let signed = |how: &Signed<'_>| request(how, "POST", EVENTS, Some(&body));
    let changed = |edit: &dyn Fn(&mut Value)| {
        let mut event = signed(&WELL).event().clone();
        edit(&mut event);
        Request::of_event(event)
    };
    let query = |text: &str| json!(text);
    let cases = [
        ("does not match", signed(&Signed { credentials: (PUSHER.0, "another"), ..WELL })),
        ("does not match", signed(&Signed { credentials: ("another", PUSHER.1), ..WELL })),
        ("does not match", signed(&Signed { path: Some("/apps/app/batch_events"), ..WELL })),
        ("within 600 s", signed(&Signed { at: -610, ..WELL })),
        ("within 600 s", signed(&Signed { at: 610, ..WELL })),
        ("body_md5 must be", changed(&|event| event["body"] = query(&body.replace('7', "8")))),
        ("body_md5 must be", request(&WELL, "POST", EVENTS, None).body(&body)),
        ("Sign the request", changed(&|event| event["rawQueryString"] = query(""))),
        (
            "does not match",
            changed(&|event| {
                let signed = event["rawQueryString"].as_str().unwrap().replace("auth_version=1.0", "auth_version=2.0");
                event["rawQueryString"] = json!(signed);
            }),
        ),
    ];
    for (why, request) in cases {
        let reply = world.send(handle, &request).await;
        assert_eq!((reply.status, &reply.body["error"]), (401, &json!("Unauthorized")), "{why}: {reply:?}");
        assert!(message(&reply).contains(why), "{why}: {reply:?}");
        assert!(!reply.line.to_string().contains("auth_signature="), "{}", reply.line);
    }
    for at in [-590, 590] {
        assert_eq!(world.send(handle, &signed(&Signed { at, ..WELL })).await.status, 200);
    }
    assert_eq!((world.table.rows().await.len(), world.pusher.take_sent().len()), (2, 2));
}

#[tokio::test]
async fn the_previous_key_signs_too_while_it_is_configured() {
    let previous = Signed { credentials: PREVIOUS, ..WELL };
    let request = request(&previous, "POST", EVENTS, Some(&event("news").to_string()));
    assert_eq!(World::new().await.send(handle, &request).await.status, 200);
    let without = World::with(&[("PUSHER_PREVIOUS_KEY", ""), ("PUSHER_PREVIOUS_SECRET", "")]).await;
    assert_eq!(without.send(handle, &request).await.status, 401);
}

/// The stage of an HTTP API, or the mapping of a domain, comes before the path that the library knows.
#[tokio::test]
async fn the_signed_path_begins_with_apps_whatever_is_before_it_and_however_it_is_escaped() {
    let world = World::new().await;
    for (raw, signed) in [
        ("/prod/apps/app/channels/presence-a@b", "/apps/app/channels/presence-a@b"),
        ("/apps/app/channels/presence-a%40b", "/apps/app/channels/presence-a@b"),
        ("/v1/apps/app/channels/presence-a%40b", "/apps/app/channels/presence-a%40b"),
    ] {
        let how = Signed { path: Some(signed), ..WELL };
        let mut event = request(&how, "GET", "/apps/app/channels/presence-a@b", None).event().clone();
        event["rawPath"] = json!(raw);
        assert_eq!(world.send(handle, &Request::of_event(event.clone())).await.status, 200, "{raw}");
        event["rawPath"] = json!("/apps/app/channels/presence-other");
        event["pathParameters"]["channelName"] = json!("presence-other");
        assert_eq!(world.send(handle, &Request::of_event(event)).await.status, 401, "{raw}");
    }
}

#[tokio::test]
async fn another_apps_id_is_not_found() {
    let world = World::new().await;
    let reply = world.send(handle, &post("/apps/other/events", &event("news"))).await;
    assert_eq!((reply.status, &reply.body["error"]), (404, &json!("Not Found")));
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn an_event_beyond_pushers_limits_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let with = |field: &str, value: Value| {
        let mut event = event("news");
        event[field] = value;
        event
    };
    let names = |count: usize| json!((0..count).map(|n| format!("news-{n}")).collect::<Vec<_>>());
    for (status, body) in [
        (400, with("name", json!(""))),
        (400, with("name", json!("n".repeat(201)))),
        (400, with("name", json!(7))),
        (400, with("data", json!({ "left": 7 }))),
        (413, with("data", json!("d".repeat(10_241)))),
        (413, with("data", json!("é".repeat(5_121)))),
        (400, with("channels", json!([]))),
        (400, with("channels", names(101))),
        (400, with("channels", json!(["n".repeat(165)]))),
        (400, with("channels", json!(["a b"]))),
        (400, with("channels", json!(["news", "private-encrypted-cards"]))),
        (400, with("channels", Value::Null)),
        (400, with("socket_id", json!("1"))),
        (400, with("info", json!("cache"))),
        (400, json!({ "name": "stock", "channels": ["news"] })),
    ] {
        let reply = trigger(&world, &body).await;
        assert_eq!(reply.status, status, "{body}: {reply:?}");
        assert!(message(&reply).len() > 15, "{reply:?}");
    }
    let one = |data: String| json!({ "name": "n", "channel": "news", "data": data });
    let batch = |count: usize, data: &str| json!({ "batch": vec![one(data.to_owned()); count] });
    for (status, body) in [
        (400, batch(0, "{}")),
        (400, batch(11, "{}")),
        (413, batch(1, &"d".repeat(10_241))),
        // As JSON, each character has six.
        (413, batch(10, &"\u{1}".repeat(10_240))),
    ] {
        assert_eq!(world.send(handle, &post("/apps/app/batch_events", &body)).await.status, status);
    }
    let not_json = request(&WELL, "POST", EVENTS, Some("nope"));
    assert_eq!(world.send(handle, &not_json).await.status, 400);
    assert!(world.table.rows().await.is_empty() && world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn an_event_just_within_pushers_limits_is_sent() {
    let world = World::new().await;
    let channels: Vec<_> = (0..100).map(|n| format!("{}{n:03}", "n".repeat(161))).collect();
    let largest =
        json!({ "name": "é".repeat(200), "channels": channels, "data": "\u{1}".repeat(10_240), "further": 1 });
    assert_eq!(trigger(&world, &largest).await.status, 200);
    assert_eq!(world.pusher.take_sent().len(), 100);
    let single = json!({ "name": "stock", "channel": "news", "data": "\"".repeat(10_240), "socket_id": null });
    assert_eq!(trigger(&world, &single).await.status, 200);
    let one = json!({ "name": "n", "channel": "news", "data": format!("{:?}", "quoted \" text ".repeat(500)) });
    let batch = json!({ "batch": vec![one; 10] });
    assert_eq!(world.send(handle, &post("/apps/app/batch_events", &batch)).await.status, 200);
    assert_eq!(world.pusher.take_sent().len(), 11);
}

#[tokio::test]
async fn info_is_answered_with_the_counts_of_each_channel() {
    let world = World::new().await;
    world.pusher.set_users("presence-lobby", &["ada", "ben"]);
    world.pusher.set_users("news", &["1", "2", "3"]);
    let mut event = event("news");
    event["channels"] = json!(["presence-lobby", "news", "news"]);
    event["info"] = json!("user_count,subscription_count");
    let reply = trigger(&world, &event).await;
    let expected =
        json!({ "channels": { "presence-lobby": { "user_count": 2 }, "news": { "subscription_count": 3 } } });
    assert_eq!((reply.status, &reply.body), (200, &expected));
    event["info"] = json!("user_count");
    let expected = json!({ "channels": { "presence-lobby": { "user_count": 2 }, "news": {} } });
    assert_eq!(trigger(&world, &event).await.body, expected);

    let one = |channel: &str, info: Value| json!({ "name": "n", "channel": channel, "data": "{}", "info": info });
    let none = json!({ "name": "n", "channel": "news", "data": "{}" });
    let batch = json!({ "batch": [one("presence-lobby", json!("user_count")), none, one("news", json!("subscription_count"))] });
    let reply = world.send(handle, &post("/apps/app/batch_events", &batch)).await;
    assert_eq!(reply.body, json!({ "batch": [{ "user_count": 2 }, {}, { "subscription_count": 3 }] }));
}

#[tokio::test]
async fn an_event_with_info_is_accepted_without_counts_while_pusher_does_not_count() {
    let world = World::new().await;
    world.pusher.respond_always(Some(503));
    let mut event = event("news");
    event["info"] = json!("subscription_count");
    let reply = trigger(&world, &event).await;
    assert_eq!((reply.status, &reply.body), (200, &json!({ "channels": { "news": {} } })));
    world.pusher.respond_always(None);
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_sent(), [sent("news")]);
}

#[tokio::test]
async fn a_request_with_an_idempotency_key_may_be_repeated_under_either_key_of_the_app() {
    let world = World::new().await;
    let send = async |credentials, body: &Value| {
        let body = body.to_string();
        let request = request(&Signed { credentials, ..WELL }, "POST", EVENTS, Some(&body));
        world.send(handle, &request.header("idempotency-key", "k1")).await
    };
    let first = send(PREVIOUS, &event("news")).await;
    assert_eq!((first.status, first.headers.get("idempotent-replayed")), (200, None));
    let again = send(PUSHER, &event("news")).await;
    assert_eq!((again.status, again.body), (200, json!({})));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(send(PUSHER, &event("shop")).await.status, 422);
    assert_eq!(world.pusher.take_sent(), [sent("news")]);
    assert_eq!(trigger(&world, &event("news")).await.status, 200);
    assert_eq!(world.pusher.take_sent(), [sent("news")], "without a key it is another event");
}

#[tokio::test]
async fn a_users_connections_end_even_if_pusher_is_down_at_the_time() {
    let world = World::new().await;
    let path = "/apps/app/users/ada/terminate_connections";
    world.pusher.respond_always(Some(503));
    // Some libraries send `{}`, others no body.
    for body in [Some("{}"), None] {
        let reply = world.send(handle, &request(&WELL, "POST", path, body)).await;
        assert_eq!((reply.status, &reply.body), (200, &json!({})));
    }
    world.pusher.respond_always(None);
    age(&world, 3).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.terminated(), ["ada", "ada"]);
    let bad = request(&WELL, "POST", "/apps/app/users/a|b/terminate_connections", None);
    assert_eq!(world.send(handle, &bad).await.status, 400);
}

#[tokio::test]
async fn pusher_answers_questions_about_channels() {
    let world = World::new().await;
    world.pusher.set_users("presence-lobby", &["ada", "1|b"]);
    world.pusher.set_users("news", &["1"]);
    let prefix = [("filter_by_prefix", "presence-"), ("info", "user_count")];
    let reply = ask(&world, "/apps/app/channels", &prefix).await;
    assert_eq!((reply.status, &reply.body), (200, &json!({ "channels": { "presence-lobby": {} } })));
    assert_eq!(ask(&world, "/apps/app/channels", &[]).await.body["channels"].as_object().unwrap().len(), 2);
    let reply = ask(&world, "/apps/app/channels/presence-lobby", &[("info", "user_count")]).await;
    assert_eq!((&reply.body["occupied"], &reply.body["user_count"]), (&json!(true), &json!(2)));
    let reply = ask(&world, "/apps/app/channels/presence-lobby/users", &[]).await;
    assert_eq!(reply.body, json!({ "users": [{ "id": "ada" }, { "id": "1|b" }] }));

    let refused = ask(&world, "/apps/app/channels/news/users", &[]).await;
    assert!(refused.status == 400 && message(&refused).contains("presence channels only"), "{refused:?}");
    assert!(!refused.line.to_string().contains("presence channels only"), "{}", refused.line);
    for (path, parameters) in [
        ("/apps/app/channels", [("filter_by_prefix", "a|b")]),
        ("/apps/app/channels", [("info", "user_count|")]),
        ("/apps/app/channels/a|b", [("info", "")]),
    ] {
        assert_eq!(ask(&world, path, &parameters).await.status, 400, "{path} {parameters:?}");
    }
    for status in [401, 404, 500] {
        world.pusher.respond_always(Some(status));
        let reply = ask(&world, "/apps/app/channels/presence-lobby/users", &[]).await;
        assert_eq!((reply.status, reply.headers.contains_key("retry-after")), (503, true), "{status}: {reply:?}");
    }
}

#[tokio::test]
async fn a_body_is_an_object_of_objects() {
    let world = World::new().await;
    let stock = json!(["stock", "{}", ["news"]]);
    for (path, body) in [
        (EVENTS, stock.clone()),
        ("/apps/app/batch_events", json!([[["stock", "{}", "news"]]])),
        ("/apps/app/batch_events", json!({ "batch": [["stock", "{}", "news"]] })),
    ] {
        let reply = world.send(handle, &post(path, &body)).await;
        assert_eq!(reply.status, 400, "{body}: {reply:?}");
        assert!(message(&reply).contains("JSON object"), "{reply:?}");
    }
    assert!(world.pusher.take_sent().is_empty());
}

/// In an address, such a name would be a step through the path, whose signature is another one.
#[tokio::test]
async fn no_name_of_dots_is_asked_about() {
    let world = World::new().await;
    for path in ["/apps/app/channels/..", "/apps/app/channels/./users"] {
        assert_eq!(ask(&world, path, &[]).await.status, 400, "{path}");
    }
    let terminate = post("/apps/app/users/../terminate_connections", &json!({}));
    world.send(handle, &terminate).await;
    assert!(world.pusher.terminated().is_empty());
}

#[tokio::test]
async fn a_parameter_of_the_signature_comes_once() {
    let world = World::new().await;
    for twice in ["auth_key=app-key", "auth_signature=0a", "body_md5=0a"] {
        let mut request = post(EVENTS, &event("news")).event().clone();
        let query = format!("{}&{twice}", request["rawQueryString"].as_str().unwrap());
        request["rawQueryString"] = json!(query);
        let reply = world.send(handle, &Request::of_event(request)).await;
        assert_eq!(reply.status, 400, "{twice}: {reply:?}");
        assert!(message(&reply).contains("more than once"), "{reply:?}");
    }
    assert!(world.pusher.take_sent().is_empty());
}

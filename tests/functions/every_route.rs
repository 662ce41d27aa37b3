//! Rules that hold on every route: the requests in `events/`, one or more for each, changed in one place.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::http::query::{Parameters, parameters};
use tests::World;

use crate::handlers::send;
use crate::sockets::{connect, emit};

/// The names and events of the files in `events/`.
pub(crate) fn event_files() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut files: Vec<(String, Value)> = files
        .map(|path| {
            let event = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), event)
        })
        .collect();
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files
}

/// Those of HTTP routes, with the route.
fn requests() -> Vec<(String, String, Value)> {
    let requests = event_files().into_iter().filter_map(|(name, event)| {
        let route = event["routeKey"].as_str()?.to_owned();
        (!route.starts_with('$')).then_some((name, route, event))
    });
    requests.collect()
}

/// A world in which the event files' tokens are good, with what must be there or the requests would be refused for another reason.
pub(crate) async fn world() -> World {
    let env = event_files().into_iter().find(|(name, _)| name == "env").unwrap().1;
    let text = |name: &str| env["Parameters"][name].as_str().unwrap().to_owned();
    let names = ["PUSHER_KEY", "PUSHER_SECRET", "JWT_SECRET", "EMAIL_FROM", "EMAIL_LINK_KEY"];
    let values = names.map(text);
    let variables: Vec<_> = names.iter().zip(&values).map(|(name, value)| (*name, value.as_str())).collect();
    let world = World::with(&variables).await;
    for (name, event) in event_files() {
        if ["guest-chat-put-staff", "lease-chat-put"].contains(&name.as_str()) {
            assert!(send(&world, event).await.status < 300, "{name}");
        }
    }
    world
}

fn with_query(event: &Value, name: &str, value: &str) -> Value {
    let mut event = event.clone();
    let before = event["rawQueryString"].as_str().unwrap_or_default().to_owned();
    let and = if before.is_empty() { "" } else { "&" };
    event["rawQueryString"] = json!(format!("{before}{and}{name}={value}"));
    event["queryStringParameters"][name] = json!(value);
    event
}

/// The rest of a body that fits, with this field in place of its own.
fn bodies_with(event: &Value, wrong: &Value) -> Vec<Value> {
    let Some(Ok(Value::Object(body))) = event["body"].as_str().map(serde_json::from_str) else { return Vec::new() };
    let changed = body.keys().map(|field| {
        let mut body = body.clone();
        body.insert(field.clone(), wrong.clone());
        Value::Object(body)
    });
    changed.collect()
}

#[tokio::test]
async fn no_id_and_no_cursor_breaks_a_route_however_long_it_is() {
    let world = world().await;
    let mut tried = BTreeSet::new();
    for (name, route, event) in requests() {
        let ids = event["pathParameters"].as_object().cloned().unwrap_or_default();
        let mut changed: Vec<(String, Value)> = Vec::new();
        for length in [130, 700, 1_500, 3_000] {
            let long = "a".repeat(length);
            for id in ids.keys() {
                let mut event = event.clone();
                event["pathParameters"][id] = json!(long);
                changed.push((format!("{id} of {length}"), event));
            }
            let Parameters::Only(known) = parameters(&route) else { continue };
            // Contents of each kind of cursor, and one that no cursor has.
            let hex = "0".repeat(32);
            for inner in [
                long.clone(),
                format!("{long}#BK-1"),
                format!("2026-11-20T05:18:15.123Z#{long}"),
                format!("0001795150800000#{long}"),
                format!("CHAT#LEASE#b1\n{long}"),
                format!("CHAT#LEASE#b1\nREAD#{long}"),
                format!("CHAT#LEASE#b1\nMSG#{}", "9".repeat(length)),
                format!("CHAT#LEASE#{long}\nMSG#000000000001"),
                format!("{}-{hex}", "0".repeat(length)),
            ] {
                for name in known {
                    changed.push((
                        format!("{name} of {length}"),
                        with_query(&event, name, &URL_SAFE_NO_PAD.encode(&inner)),
                    ));
                    if inner == long {
                        changed.push((format!("{name} of {length}, as it is"), with_query(&event, name, &long)));
                    }
                }
            }
        }
        for (what, event) in changed {
            let reply = send(&world, event).await;
            assert!(reply.status < 500, "{name}, {what}: {reply:?}");
            tried.insert(route.clone());
        }
    }
    assert!(tried.len() >= 40, "{tried:?}");
}

#[tokio::test]
async fn a_parameter_of_the_query_that_no_document_names_is_refused_and_nothing_is_done() {
    let world = world().await;
    let before = world.table.rows().await;
    let mut refused = BTreeSet::new();
    for (name, route, event) in requests() {
        let Parameters::Only(known) = parameters(&route) else { continue };
        let reply = send(&world, with_query(&event, "tokn", "s3cret")).await;
        assert_eq!(reply.status, 400, "{name}: {reply:?}");
        let told = reply.body["message"].as_str().unwrap();
        assert!(told.starts_with("tokn is not a parameter of this route's query: there "), "{name}: {told}");
        assert!(known.iter().all(|known| told.contains(known)), "{name}: {told}");
        assert_eq!(reply.line["outcome"], "query: unknown parameter", "{name}");
        assert!(!reply.line.to_string().contains("s3cret"), "{}", reply.line);
        refused.insert(route);
    }
    assert_eq!(world.table.rows().await, before);
    assert!(world.pusher.take_sent().is_empty());
    assert!(refused.len() >= 40, "{refused:?}");
}

#[tokio::test]
async fn a_link_that_people_click_and_an_address_that_pushers_clients_call_may_have_more() {
    let world = world().await;
    for (name, status) in [
        ("email-unsubscribe-look", 200),
        ("email-unsubscribe", 200),
        ("pusher-auth", 200),
        ("pusher-auth-guest", 200),
        ("health", 200),
    ] {
        let event = event_files().into_iter().find(|(file, _)| file == name).unwrap().1;
        let reply = send(&world, with_query(&event, "utm_source", "mail")).await;
        assert_eq!(reply.status, status, "{name}: {reply:?}");
    }
}

/// The parameters in the query of each operation of `docs/openapi.yaml`, and all its operations: by indentation, as the file is
/// written.
fn documented() -> Vec<(String, BTreeSet<String>)> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.yaml")).unwrap();
    let paths = text.split("\npaths:\n").nth(1).unwrap().split("\ncomponents:\n").next().unwrap();
    let (mut operations, mut path, mut of_path) =
        (Vec::<(String, BTreeSet<String>)>::new(), String::new(), BTreeSet::new());
    let (mut in_operation, mut name) = (false, String::new());
    for line in paths.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if indent == 2 && line.starts_with('/') {
            (path, of_path, in_operation) = (line.trim_end_matches(':').to_owned(), BTreeSet::new(), false);
        } else if indent == 4 && ["get:", "put:", "post:", "patch:", "delete:"].contains(&line) {
            in_operation = true;
            let route = format!("{} {path}", line.trim_end_matches(':').to_uppercase());
            operations.push((route, of_path.clone()));
        } else if let Some(found) = line.strip_prefix("- name: ") {
            found.clone_into(&mut name);
        } else if line == "in: query" {
            let of_this = if in_operation { &mut operations.last_mut().unwrap().1 } else { &mut of_path };
            of_this.insert(name.clone());
        } else if line.contains("guestLink: []") && in_operation {
            operations.last_mut().unwrap().1.insert("token".to_owned());
        }
    }
    operations
}

#[test]
fn the_parameters_of_a_query_are_those_that_the_document_names() {
    let documented = documented();
    assert!(documented.len() > 45, "{}", documented.len());
    for (route, named) in documented {
        if let Parameters::Only(known) = parameters(&route) {
            let known: BTreeSet<_> = known.iter().map(|known| (*known).to_owned()).collect();
            assert_eq!(known, named, "{route}");
        }
    }
}

/// Words of serde, serde_json and others about unreadable input.
const WORDS_OF_PARSERS: [&str; 16] = [
    "invalid type",
    "invalid value",
    "invalid length",
    "missing field",
    "unknown field",
    "unknown variant",
    "duplicate field",
    "expected value",
    "expected ident",
    "at line",
    "trailing characters",
    "EOF while",
    "recursion limit",
    "did not match any variant",
    "struct ",
    "enum ",
];

fn has_words_of_a_parser(told: &str) -> bool {
    WORDS_OF_PARSERS.iter().any(|words| told.contains(words))
}

#[tokio::test]
async fn a_bad_body_is_refused_in_words_that_say_what_to_send() {
    let world = world().await;
    let mut refused = 0;
    for (name, _, event) in requests() {
        let Some(body) = event["body"].as_str().filter(|body| body.starts_with('{')) else { continue };
        if name == "pusher-webhook" {
            continue;
        }
        let mut bodies: Vec<String> = ["", "{", "[1]", "7", "nope", "{\"a\":}", &format!("{body} x"), "{}"]
            .iter()
            .map(|text| (*text).to_owned())
            .collect();
        for wrong in
            [json!(7), json!(-1.5), json!("x y"), json!(""), json!(true), json!([1]), json!({ "x": 1 }), json!(null)]
        {
            bodies.extend(bodies_with(&event, &wrong).iter().map(Value::to_string));
        }
        for body in bodies {
            let mut event = event.clone();
            event["body"] = json!(body);
            let reply = send(&world, event).await;
            assert!(reply.status < 500, "{name}: {body}: {reply:?}");
            if reply.status >= 400 {
                let told = reply.body["message"].as_str().unwrap();
                assert!(!has_words_of_a_parser(told), "{name}: {body}: {told}");
                assert!(told.len() > 15, "{name}: {body}: {told}");
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

#[tokio::test]
async fn bad_data_of_a_sockets_event_is_refused_in_words_that_say_what_to_send() {
    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    connect(&world, "dashboard", "d1", "ada").await;
    for (stage, connection, event) in [
        ("ws", "a1", "sendMessage"),
        ("ws", "a1", "typing"),
        ("ws", "a1", "markAsRead"),
        ("dashboard", "d1", "subscribe"),
        ("dashboard", "d1", "unsubscribe"),
    ] {
        for data in
            [json!(null), json!(7), json!([]), json!({}), json!({ "receiverId": 7 }), json!({ "channels": "x" })]
        {
            world.sockets.take_posted();
            emit(&world, stage, connection, event, &data).await;
            let told = world.sockets.take_of(connection);
            let error =
                told.iter().find(|told| told["event"] == "error").unwrap_or_else(|| panic!("{event} {data}: {told:?}"));
            let message = error["data"]["message"].as_str().unwrap();
            assert!(!has_words_of_a_parser(message), "{event} {data}: {message}");
        }
    }
}

#[tokio::test]
async fn json_that_is_nested_deeper_than_32_is_refused_and_nothing_is_written() {
    let world = world().await;
    let rows = world.table.rows().await;
    let nested = |depth: usize| (1..depth).fold(json!([]), |inner, _| json!([inner]));
    let mut refused = 0;
    for (name, _, event) in requests() {
        if ["pusher-webhook", "pusher-mock-event"].contains(&name.as_str()) || name.starts_with("pusher-api-") {
            continue;
        }
        for body in bodies_with(&event, &nested(118)) {
            let mut event = event.clone();
            event["body"] = json!(body.to_string());
            let reply = send(&world, event).await;
            assert_eq!(reply.status, 400, "{name}: {reply:?}");
            assert!(reply.body["message"].as_str().unwrap().contains("at most 32 deep"), "{name}: {reply:?}");
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
    assert_eq!(world.table.rows().await, rows);

    let detail = json!({ "userId": "ada", "type": "SYSTEM", "data": { "a": nested(118) } });
    let event = json!({ "version": "0", "id": "e-1", "detail-type": "NotificationRequested", "source": "shop", "account": "1",
        "time": "2026-11-20T05:00:00Z", "region": "eu-west-1", "resources": [], "detail": detail });
    let requested =
        notifications::requested(world.app_of("notifications"), serde_json::from_value(event).unwrap()).await;
    assert!(requested.unwrap_err().to_string().contains("at most 32 deep"));
    assert_eq!(world.table.rows().await, rows);

    let world = World::new().await;
    connect(&world, "ws", "a1", "ada").await;
    world.sockets.take_posted();
    emit(&world, "ws", "a1", "sendMessage", &json!({ "receiverId": "ben", "content": nested(110) })).await;
    let told = world.sockets.take_of("a1");
    assert!(told[0]["data"]["message"].as_str().unwrap().contains("at most 32 deep"), "{told:?}");
}

#[tokio::test]
async fn data_that_is_nested_32_deep_is_delivered() {
    let world = World::new().await;
    let nested = (1..30).fold(json!("x"), |inner, _| json!([inner]));
    tests::notification::notify(&world, json!({ "data": { "a": nested } })).await;
    assert_eq!(world.pusher.take_sent()[0].2["data"]["a"], nested);
    assert!(world.queues.sent("dead-letter").is_empty());
}

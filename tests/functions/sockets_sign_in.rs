//! Connections of Socket.IO that send their token in the CONNECT packet, as `auth: { token }` of socket.io-client does.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::contract::sockets::Namespace;
use shared::contract::time::Millis;
use tests::{Fault, Hold, Reply, Request, World, token, token_with};

use crate::sockets::{age, beat, connect_io, count, disconnect, run, say};

/// A handshake of Socket.IO without a token, from this address.
pub(crate) async fn connect_without_token(world: &World, connection: &str, source: &str) -> Reply {
    world.sockets.open(connection);
    world.send(socket_connect::handle, &handshake(connection, source)).await
}

pub(crate) fn handshake(connection: &str, source: &str) -> Request {
    let request = Request::socket("$connect", "socketio", connection).asking("EIO", "4");
    let mut event = request.asking("transport", "websocket").event().clone();
    event["requestContext"]["identity"]["sourceIp"] = json!(source);
    Request::of_event(event)
}

async fn sign_in(world: &World, connection: &str, namespace: &str, token: &str) -> Reply {
    say(world, "socketio", connection, &format!("40/{namespace},{}", json!({ "token": token }))).await
}

/// The posts to a connection since the last call.
fn posted(world: &World, connection: &str) -> Vec<String> {
    let all = world.sockets.take_posted();
    all.into_iter().filter(|(_, to, _)| to == connection).map(|(_, _, text)| text).collect()
}

async fn waiting(world: &World) -> usize {
    world.table.every_row().await.keys().filter(|(pk, _)| pk == "WAITING").count()
}

/// Makes waiting connections so many seconds older.
async fn wait_for(world: &World, seconds: i64) {
    for ((pk, sk), row) in world.table.every_row().await {
        if pk == "WAITING" {
            let until = row["token_expires"].as_i64().unwrap() - seconds * 1000;
            world.table.set_number((&pk, &sk), "token_expires", until).await;
        }
    }
    age(world, seconds).await;
}

#[tokio::test]
async fn a_client_of_socket_io_signs_in_by_its_connect_packet() {
    let world = World::new().await;
    assert_eq!(connect_without_token(&world, "c1", "192.0.2.1").await.status, 200);
    let opened = posted(&world, "c1");
    assert!(opened.len() == 1 && opened[0].starts_with(r#"0{"sid":"c1""#), "{opened:?}");
    assert_eq!(
        (waiting(&world).await, count(&world, Namespace::SocketIo).await),
        (1, 0),
        "it has no place of a namespace"
    );

    sign_in(&world, "c1", "dashboard", &token("ada")).await;
    let told = posted(&world, "c1");
    assert_eq!(told[0], r#"40/dashboard,{"sid":"c1.dashboard"}"#);
    assert!(told.iter().any(|text| text.contains("connected")), "{told:?}");
    assert_eq!((waiting(&world).await, count(&world, Namespace::SocketIo).await), (0, 1));

    say(&world, "socketio", "c1", "40/ws,").await;
    assert_eq!(posted(&world, "c1")[0], r#"40/ws,{"sid":"c1.ws"}"#, "the connection is ada's");
    say(&world, "socketio", "c1", r#"42/ws,7["typing",{"receiverId":"ben","isTyping":true}]"#).await;
    assert!(posted(&world, "c1").iter().any(|text| text.starts_with("43/ws,7")));
}

#[tokio::test]
async fn the_open_packet_comes_as_soon_as_the_connection_is_open() {
    let world = World::new().await;
    world.sockets.open_after("c1", 3);
    assert_eq!(world.send(socket_connect::handle, &handshake("c1", "192.0.2.1")).await.status, 200);
    let opened = posted(&world, "c1");
    assert!(opened.len() == 1 && opened[0].starts_with(r#"0{"sid":"c1""#), "{opened:?}");
}

/// Else strangers who hang up at once would each keep a process busy for seconds.
#[tokio::test]
async fn a_connection_that_ends_before_it_opens_is_not_waited_for() {
    let world = World::new().await;
    let request = handshake("c1", "192.0.2.1");
    let hangs_up = async {
        while world.sockets.take_begun() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        disconnect(&world, "socketio", "c1").await;
        world.sockets.take_begun()
    };
    let (reply, _) = tokio::join!(world.send(socket_connect::handle, &request), hangs_up);
    assert_eq!((reply.status, waiting(&world).await), (200, 0));
    let further = world.sockets.take_begun();
    assert!(further <= 1, "{further} posts to a connection that has ended");
}

/// Nor does the error of a malformed packet.
#[tokio::test]
async fn no_line_of_the_log_has_a_packets_token() {
    let world = World::new().await;
    connect_io(&world, "user", "ada").await;
    for packet in [
        r#"40/ws,{"token":"s3cret"}"#,
        r#"40/ws,{"token":"s3cret.s3cret.s3cret"}"#,
        r#"40/ws,{"token":"Bearer s3cret"}"#,
        r#"40/ws,{"token":"s3cret\ud83d"}"#,
        r#"40/ws,{"token":{"token":"s3cret"}}"#,
        r#"40/ws,{"token":"s3cret"#,
        r#"40/ws,["s3cret"]"#,
        r#"40/admin,{"token":"s3cret"}"#,
        r#"40/ws?token=s3cret,{}"#,
        r#"40{"token":"s3cret"}"#,
        r#"42/ws,["s3cret",{"token":"s3cret"}]"#,
        r#"4s3cret"#,
    ] {
        connect_without_token(&world, "stranger", "192.0.2.1").await;
        for connection in ["stranger", "user"] {
            world.sockets.open(connection);
            let reply = say(&world, "socketio", connection, packet).await;
            assert!(!reply.line.to_string().contains("s3cret"), "{packet}: {}", reply.line);
        }
        disconnect(&world, "socketio", "stranger").await;
    }
    connect_without_token(&world, "late", "192.0.2.1").await;
    world.table.inject("TransactWriteItems", &[Fault::Refusal(400, "AccessDeniedException")]);
    let ada = token("ada");
    let reply = sign_in(&world, "late", "ws", &ada).await;
    assert!(reply.line["causes"].is_array() && !reply.line.to_string().contains(&ada), "{}", reply.line);
}

#[tokio::test]
async fn two_namespaces_that_connect_at_once_are_one_connection() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    let ada = token("ada");
    join_all(["dashboard", "ws"].map(|namespace| sign_in(&world, "c1", namespace, &ada))).await;
    let told = posted(&world, "c1");
    for namespace in ["dashboard", "ws"] {
        let joined = format!(r#"40/{namespace},{{"sid":"c1.{namespace}"}}"#);
        assert!(told.contains(&joined), "{namespace}: {told:?}");
    }
    assert_eq!((waiting(&world).await, count(&world, Namespace::SocketIo).await), (0, 1));
}

#[tokio::test]
async fn a_bad_or_missing_token_is_a_connect_error_with_the_words_of_a_refused_handshake() {
    let world = World::new().await;
    let expired = token_with("ada", &json!({ "exp": 1_000_000_000 }));
    let words = async |bad: Option<&str>| {
        let request = Request::socket("$connect", "dashboard", "d1");
        let request = bad.iter().fold(request, |request, bad| request.asking("token", bad));
        let refused = world.send(socket_connect::handle, &request).await;
        assert_eq!(refused.status, 401);
        refused.body["message"].as_str().unwrap().to_owned()
    };
    connect_without_token(&world, "c1", "192.0.2.1").await;
    posted(&world, "c1");
    for (packet, bad, cause) in [
        ("40/dashboard,".to_owned(), None, None),
        (r#"40/dashboard,{"token":7}"#.to_owned(), None, None),
        (r#"40/dashboard,{"token":"x.y.z"}"#.to_owned(), Some("x.y.z"), Some("malformed")),
        (format!(r#"40/dashboard,{{"token":"{expired}"}}"#), Some(expired.as_str()), Some("expired")),
    ] {
        let reply = say(&world, "socketio", "c1", &packet).await;
        assert!(!reply.line.to_string().contains("x.y.z"), "{}", reply.line);
        assert_eq!(reply.line.get("tokenRefused"), cause.map(Value::from).as_ref(), "{}", reply.line);
        assert_eq!(reply.line["outcome"], words(bad).await, "{packet}");
        let told = posted(&world, "c1");
        let refusal: Value = serde_json::from_str(told[0].strip_prefix("44/dashboard,").unwrap()).unwrap();
        assert_eq!(refusal["message"], words(bad).await, "{packet}");
    }
    assert_eq!((waiting(&world).await, world.sockets.is_open("c1")), (1, true), "it may send another");
    sign_in(&world, "c1", "dashboard", &token("ada")).await;
    assert!(posted(&world, "c1")[0].starts_with("40/dashboard,"));
}

#[tokio::test]
async fn the_token_must_name_the_user_of_the_address_and_of_the_connection() {
    let world = World::new().await;
    world.sockets.open("c1");
    world.send(socket_connect::handle, &handshake("c1", "192.0.2.1").asking("userId", "ben")).await;
    for bad in ["", "b n", &"b".repeat(3_000)] {
        let refused = world.send(socket_connect::handle, &handshake("c0", "192.0.2.1").asking("userId", bad)).await;
        assert_eq!(refused.status, 400, "{bad:.9}: {refused:?}");
        assert!(refused.body["message"].as_str().unwrap().contains("userId"), "{refused:?}");
    }
    assert_eq!(waiting(&world).await, 1, "what is refused takes no place");
    posted(&world, "c1");
    sign_in(&world, "c1", "ws", &token("ada")).await;
    assert!(posted(&world, "c1")[0].contains("userId must be the user whom the token names"));
    sign_in(&world, "c1", "ws", &token("ben")).await;
    assert!(posted(&world, "c1")[0].starts_with("40/ws,"));

    connect_without_token(&world, "c2", "192.0.2.1").await;
    posted(&world, "c2");
    let (ada, eve) = (token("ada"), token("eve"));
    join_all([("ws", &ada), ("dashboard", &eve)].map(|(namespace, token)| sign_in(&world, "c2", namespace, token)))
        .await;
    let told = posted(&world, "c2");
    let joined = told.iter().filter(|text| text.starts_with("40/")).count();
    assert_eq!(joined, 1, "{told:?}");
    assert!(told.iter().any(|text| text.starts_with("44/") && text.contains("another user's")), "{told:?}");
    let users: std::collections::BTreeSet<_> = world
        .table
        .every_row()
        .await
        .into_iter()
        .filter(|((pk, _), row)| pk.starts_with("SOCKETS#") && row["connection"] == "c2")
        .map(|(_, row)| row["user"].to_string())
        .collect();
    assert_eq!(users.len(), 1, "{users:?}");
}

#[tokio::test]
async fn a_further_packet_of_a_connection_that_signed_in_by_a_packet_names_its_user_or_nobody() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    sign_in(&world, "c1", "ws", &token("ada")).await;
    let expired = token_with("ada", &json!({ "exp": 1_000_000_000 }));
    for (bad, cause) in [(&token("eve"), None), (&expired, Some("expired")), (&String::new(), Some("empty"))] {
        posted(&world, "c1");
        let reply = sign_in(&world, "c1", "dashboard", bad).await;
        let told = posted(&world, "c1");
        assert!(told.len() == 1 && told[0].starts_with("44/dashboard,"), "{told:?}");
        assert_eq!(reply.line.get("tokenRefused"), cause.map(Value::from).as_ref(), "{}", reply.line);
        assert_eq!(count(&world, Namespace::Dashboard).await, 0);
    }
    sign_in(&world, "c1", "dashboard", &token("ada")).await;
    assert!(posted(&world, "c1")[0].starts_with("40/dashboard,"));
    say(&world, "socketio", "c1", "41/ws,").await;
    say(&world, "socketio", "c1", "40/ws,").await;
    assert!(posted(&world, "c1").iter().any(|text| text.starts_with("40/ws,")), "without a token");
}

/// As before there was a sign-in by a packet: clients may send anything as their `auth`.
#[tokio::test]
async fn a_connection_that_signed_in_by_its_handshake_stays_its_users_whatever_its_packets_say() {
    let world = World::new().await;
    let expired = token_with("ada", &json!({ "exp": 1_000_000_000 }));
    for (n, auth) in [json!("abc"), json!(""), json!(expired), json!(token("eve")), json!(7)].iter().enumerate() {
        let connection = format!("c{n}");
        connect_io(&world, &connection, "ada").await;
        posted(&world, &connection);
        let packet = format!("40/dashboard,{}", json!({ "token": auth }));
        let reply = say(&world, "socketio", &connection, &packet).await;
        let told = posted(&world, &connection);
        assert!(told[0].starts_with("40/dashboard,"), "{auth}: {told:?}");
        assert!(told.iter().any(|text| text.contains(r#""userId":"ada""#)), "{auth}: {told:?}");
        assert_eq!(reply.line.get("tokenRefused"), None, "{}", reply.line);
    }
    let rows = world.table.every_row().await;
    assert!(!rows.keys().any(|(pk, _)| pk.contains("eve")), "nobody else is here: {:?}", rows.keys());
}

#[tokio::test]
async fn plain_json_without_a_token_and_another_protocol_are_refused_at_the_handshake() {
    let world = World::new().await;
    for refused in [Request::socket("$connect", "ws", "c1"), Request::socket("$connect", "ws", "c1").asking("EIO", "3")]
    {
        assert_eq!(world.send(socket_connect::handle, &refused).await.status, 401);
    }
    assert!(world.table.every_row().await.is_empty());
}

/// socket.io-client shows nothing of a refused handshake but "websocket error", and repeats it for ever.
#[tokio::test]
async fn a_bad_token_in_the_address_is_a_connect_error_of_the_namespace_that_is_asked_for() {
    let world = World::new().await;
    let expired = token_with("ada", &json!({ "exp": 1_000_000_000 }));
    let by = |bad: &str| handshake("c1", "192.0.2.1").asking("token", bad);
    for (request, status, cause, words) in [
        (by("x.y.z"), 401, Some("malformed"), "The token is not valid here; sign in again"),
        (by(&expired), 401, Some("expired"), "The token has expired; sign in again"),
        (by(&token("ada")).asking("userId", "ben"), 403, None, "userId must be the user whom the token names"),
    ] {
        world.sockets.open("c1");
        let reply = world.send(socket_connect::handle, &request).await;
        assert_eq!((reply.status, &reply.line["outcome"]), (200, &json!(words)), "{reply:?}");
        assert_eq!(reply.line.get("tokenRefused"), cause.map(Value::from).as_ref(), "{}", reply.line);
        assert!(posted(&world, "c1")[0].starts_with("0{"));
        say(&world, "socketio", "c1", "40/ws,").await;
        let told = posted(&world, "c1");
        assert_eq!(told, [format!(r#"44/ws,{{"data":{{"status":{status}}},"message":"{words}"}}"#)]);
        disconnect(&world, "socketio", "c1").await;
        assert_eq!((waiting(&world).await, count(&world, Namespace::SocketIo).await), (0, 0));
    }
}

#[tokio::test]
async fn a_good_token_in_the_packet_signs_in_after_a_bad_one_in_the_address() {
    let world = World::new().await;
    world.sockets.open("c1");
    world.send(socket_connect::handle, &handshake("c1", "192.0.2.1").asking("token", "x.y.z")).await;
    posted(&world, "c1");
    sign_in(&world, "c1", "ws", &token("ada")).await;
    assert!(posted(&world, "c1")[0].starts_with("40/ws,"));
}

/// Clients that repeat a bad token do not keep those out that sign in by their packet.
#[tokio::test]
async fn a_bad_token_is_refused_at_the_handshake_where_too_many_wait() {
    let world = World::new().await;
    for n in 0..20 {
        assert_eq!(connect_without_token(&world, &format!("c{n}"), "192.0.2.1").await.status, 200);
    }
    let refused = world.send(socket_connect::handle, &handshake("c20", "192.0.2.1").asking("token", "x.y.z")).await;
    assert_eq!((refused.status, &refused.body["message"]), (401, &json!("The token is not valid here; sign in again")));
    assert_eq!(waiting(&world).await, 20);
}

/// Else it would hold a place of a user's, and be in a namespace, until a heartbeat finds that it is gone.
#[tokio::test]
async fn a_connection_that_is_ended_while_it_signs_in_enters_nothing() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    posted(&world, "c1");
    let hold = Hold::default();
    world.table.inject("TransactWriteItems", &[Fault::Held(hold.clone())]);
    let ada = token("ada");
    let ends = hold.meanwhile(async {
        wait_for(&world, 11).await;
        assert_eq!(beat(&world).await.unsigned, 1);
    });
    let (reply, ()) = tokio::join!(sign_in(&world, "c1", "ws", &ada), ends);
    assert_eq!(reply.status, 200, "{reply:?}");
    let left: Vec<_> = world.table.every_row().await.into_keys().filter(|(pk, _)| pk.contains("SOCKET")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!((world.sockets.is_open("c1"), count(&world, Namespace::SocketIo).await), (false, 0));
}

/// As when a page is left while it connects. Else its user would be there until a heartbeat finds that it is gone.
#[tokio::test]
async fn a_connection_that_signs_in_while_its_end_is_handled_is_removed() {
    for held in ["Query", "DeleteItem"] {
        let world = World::new().await;
        connect_without_token(&world, "c1", "192.0.2.1").await;
        let hold = Hold::default();
        // The end finds no connection that has signed in, and then looks for one that waits, and removes it.
        world.table.inject(held, &[Fault::Held(hold.clone())]);
        let ada = token("ada");
        let signs_in = hold.meanwhile(async {
            // Not whether it is there then: on a slow machine, the end may have been tried again meanwhile.
            assert_eq!(sign_in(&world, "c1", "ws", &ada).await.status, 200, "{held}");
        });
        let (reply, ()) = tokio::join!(disconnect(&world, "socketio", "c1"), signs_in);
        assert_eq!(reply.status, 200, "{reply:?}");
        let here = (count(&world, Namespace::SocketIo).await, count(&world, Namespace::Ws).await);
        assert_eq!((here, waiting(&world).await), ((0, 0), 0), "{held}");
    }
}

#[tokio::test]
async fn a_connection_whose_token_does_not_come_within_ten_seconds_is_ended() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    connect_without_token(&world, "c2", "192.0.2.1").await;
    let report = beat(&world).await;
    assert_eq!((report.waiting, report.unsigned, world.sockets.is_open("c1")), (2, 0, true));

    wait_for(&world, 10).await;
    sign_in(&world, "c1", "ws", &token("ada")).await;
    assert!(!world.sockets.is_open("c1"), "a frame that is late ends it at once");
    let report = beat(&world).await;
    assert_eq!((report.waiting, report.unsigned), (1, 1), "{report:?}");
    assert_eq!((world.sockets.is_open("c2"), waiting(&world).await), (false, 0));
}

#[tokio::test]
async fn a_run_of_the_heartbeat_goes_on_while_somebody_waits() {
    let world = World::with(&[("HEARTBEAT_SECONDS", "30")]).await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    wait_for(&world, 11).await;
    let reports = run(&world, Millis::now().plus_seconds(-31)).await;
    assert_eq!(reports[0]["unsigned"], 1, "{reports:?}");
}

#[tokio::test]
async fn a_heartbeat_pings_everybody_else_where_it_cannot_read_who_waits() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    connect_io(&world, "a1", "ada").await;
    wait_for(&world, 11).await;
    // Of all queries, the first is that of the waiting connections.
    world.table.inject("Query", &[Fault::Refusal(400, "AccessDeniedException")]);
    let report = beat(&world).await;
    assert_eq!((report.pinged, report.unsigned, report.cut), (1, 0, false), "{report:?}");
    assert_eq!(beat(&world).await.unsigned, 1, "the next one ends them");
}

#[tokio::test]
async fn a_connection_that_api_gateway_does_not_end_keeps_its_place_until_it_does() {
    let world = World::new().await;
    for connection in ["c1", "c2"] {
        connect_without_token(&world, connection, "192.0.2.1").await;
        world.sockets.end_not(connection);
    }
    let reply = say(&world, "socketio", "c1", "1").await;
    assert!(reply.line["causes"].to_string().contains("API Gateway"), "{}", reply.line);
    assert_eq!((world.sockets.is_open("c1"), waiting(&world).await), (true, 2));
    wait_for(&world, 11).await;
    let report = beat(&world).await;
    assert_eq!((report.waiting, report.unsigned, waiting(&world).await), (2, 0, 2), "{report:?}");
    for connection in ["c1", "c2"] {
        world.sockets.end_not(connection);
    }
    assert_eq!((beat(&world).await.unsigned, waiting(&world).await), (2, 0));
    assert!(!world.sockets.is_open("c1") && !world.sockets.is_open("c2"));
}

#[tokio::test]
async fn a_heartbeat_ends_no_connection_that_has_signed_in_meanwhile() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    let row = world.table.every_row().await.into_iter().find(|((pk, _), _)| pk == "WAITING").unwrap().1;
    sign_in(&world, "c1", "ws", &token("ada")).await;
    // As if the process had been killed before it gave the place back.
    world.table.put_rows(&[json!(row)]).await;
    wait_for(&world, 11).await;
    beat(&world).await;
    assert_eq!((world.sockets.is_open("c1"), waiting(&world).await), (true, 0));
}

#[tokio::test]
async fn strangers_fill_twenty_places_from_an_address_and_no_place_of_a_namespace() {
    let world = World::new().await;
    let handshakes = (0..25).map(|n| {
        let world = &world;
        async move { connect_without_token(world, &format!("c{n}"), "192.0.2.1").await.status }
    });
    let statuses = join_all(handshakes).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20, "{statuses:?}");
    let refused = connect_without_token(&world, "c99", "192.0.2.1").await;
    assert_eq!((refused.status, &refused.headers["retry-after"][..]), (429, "10"));
    assert!(refused.body["message"].as_str().unwrap().contains("wait to sign in"), "{refused:?}");
    assert_eq!(waiting(&world).await, 20);
    assert_eq!(count(&world, Namespace::SocketIo).await, 0);
    assert_eq!(connect_without_token(&world, "b1", "198.51.100.7").await.status, 200, "another address has places");
    assert_eq!(connect_io(&world, "a1", "ada").await.status, 200, "and a token in the address needs none");
    let accepted = statuses.iter().position(|status| *status == 200).unwrap();
    disconnect(&world, "socketio", &format!("c{accepted}")).await;
    assert_eq!(waiting(&world).await, 20, "the end of a connection gives its place back");
}

#[tokio::test]
async fn strangers_from_everywhere_have_200_places() {
    let world = World::new().await;
    let mut accepted = 0;
    for n in 0..60 {
        for m in 0..4 {
            let reply = connect_without_token(&world, &format!("c{n}-{m}"), &format!("192.0.2.{n}")).await;
            accepted += usize::from(reply.status == 200);
        }
    }
    assert_eq!(accepted, waiting(&world).await);
    assert!((150..=200).contains(&accepted), "{accepted}");
}

#[tokio::test]
async fn a_waiting_connection_may_try_ten_times_and_ask_for_nothing() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    posted(&world, "c1");
    say(&world, "socketio", "c1", r#"42/ws,["typing",{"receiverId":"ben","isTyping":true}]"#).await;
    assert!(posted(&world, "c1")[0].starts_with("44/ws,"));
    say(&world, "socketio", "c1", "40/admin,").await;
    assert!(posted(&world, "c1")[0].starts_with("44/admin,"));
    for _ in 0..8 {
        sign_in(&world, "c1", "ws", "x.y.z").await;
        assert!(world.sockets.is_open("c1"));
    }
    sign_in(&world, "c1", "ws", &token("ada")).await;
    assert_eq!((world.sockets.is_open("c1"), waiting(&world).await), (false, 0));
    for text in ["", "hello", "41"] {
        connect_without_token(&world, "c2", "192.0.2.1").await;
        say(&world, "socketio", "c2", text).await;
        assert_eq!(world.sockets.is_open("c2"), text == "41", "{text}");
    }
}

#[tokio::test]
async fn a_pong_of_a_waiting_connection_counts_as_any_frame_and_makes_no_row() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    for _ in 0..10 {
        say(&world, "socketio", "c1", "3").await;
        assert!(world.sockets.is_open("c1"));
    }
    say(&world, "socketio", "c1", "3").await;
    assert!(!world.sockets.is_open("c1"), "the eleventh");
    connect_without_token(&world, "c2", "192.0.2.1").await;
    wait_for(&world, 10).await;
    say(&world, "socketio", "c2", "3").await;
    assert!(!world.sockets.is_open("c2"), "a late one");
    let rows = world.table.every_row().await;
    assert!(rows.is_empty(), "{rows:?}");
}

#[tokio::test]
async fn a_users_limits_hold_for_connections_that_sign_in_late() {
    let world = World::new().await;
    for n in 0..5 {
        connect_io(&world, &format!("c{n}"), "ada").await;
    }
    connect_without_token(&world, "c5", "192.0.2.1").await;
    posted(&world, "c5");
    sign_in(&world, "c5", "ws", &token("ada")).await;
    let told = posted(&world, "c5");
    assert!(told[0].starts_with("44/ws,") && told[0].contains("You have 5 connections here already"), "{told:?}");
}

#[tokio::test]
async fn the_expiry_of_a_packets_token_ends_the_connection() {
    let world = World::new().await;
    connect_without_token(&world, "c1", "192.0.2.1").await;
    let short = token_with("ada", &json!({ "exp": Millis::now().plus_seconds(1).seconds() + 1 }));
    sign_in(&world, "c1", "ws", &short).await;
    assert!(posted(&world, "c1").iter().any(|text| text.starts_with("40/ws,")));
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    assert_eq!(beat(&world).await.expired, 1);
    assert!(!world.sockets.is_open("c1"));
}

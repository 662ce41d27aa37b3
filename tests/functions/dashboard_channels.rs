//! Subscriptions to channels of dashboards: public ones, those of a token, those that a service grants.

use serde_json::{Value, json};
use tests::{Fault, Hold, Reply, Request, World, token_with};

use crate::sockets::{connect, connect_io, emit, say};

fn service() -> String {
    token_with("backend", &json!({ "roles": ["service"] }))
}

/// `PUT` or `DELETE` of a user's grant.
async fn member(world: &World, method: &str, token: &str, channel: &str, user: &str) -> Reply {
    let route = format!("{method} /dashboard/channels/{{channel}}/members/{{userId}}");
    let request = Request::new(&route).bearer(token).path("channel", channel).path("userId", user);
    world.send(dashboard::handle, &request).await
}

async fn subscribe(world: &World, connection: &str, channels: &[&str]) -> Vec<Value> {
    emit(world, "dashboard", connection, "subscribe", &json!({ "channels": channels })).await;
    world.sockets.take_of(connection)
}

fn data<'a>(told: &'a [Value], name: &str) -> Vec<&'a Value> {
    told.iter().filter(|event| event["event"] == name).map(|event| &event["data"]).collect()
}

/// The connections that hear an event on this channel.
async fn heard(world: &World, channel: &str) -> Vec<String> {
    world.sockets.take_posted();
    let body = json!({ "event": "activity", "channel": channel });
    world.send(dashboard::handle, &Request::new("POST /dashboard/events").bearer(&service()).json(&body)).await;
    world.sockets.take_posted().into_iter().map(|(_, connection, _)| connection).collect()
}

#[tokio::test]
async fn a_member_hears_public_channels_and_no_other() {
    let world = World::new().await;
    connect(&world, "dashboard", "a1", "ada").await;
    world.sockets.take_posted();
    let told = subscribe(&world, "a1", &["referrals", "payroll", "events", "projects", "board"]).await;
    let public = json!(["referrals", "events", "projects"]);
    let subscribed = data(&told, "subscribed");
    assert_eq!((&subscribed[0]["channels"], &subscribed[0]["refused"]), (&public, &json!(["board", "payroll"])));
    let error = data(&told, "error")[0];
    assert_eq!((&error["error"], &error["event"]), (&json!("Forbidden"), &json!("subscribe")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("\"board\", \"payroll\"") && message.contains("channels"), "{message}");
    assert!(heard(&world, "payroll").await.is_empty());
    assert_eq!(heard(&world, "events").await, ["a1"]);
    // Where nothing is left of a request, it is refused.
    let told = subscribe(&world, "a1", &["payroll"]).await;
    assert_eq!((data(&told, "subscribed").len(), data(&told, "error").len()), (0, 1));
}

#[tokio::test]
async fn the_operator_says_what_is_public() {
    let world = World::with(&[("DASHBOARD_PUBLIC_CHANNELS", "news,team-*")]).await;
    connect(&world, "dashboard", "a1", "ada").await;
    world.sockets.take_posted();
    let told = subscribe(&world, "a1", &["news", "team-1", "referrals"]).await;
    assert_eq!(data(&told, "subscribed")[0]["channels"], json!(["news", "team-1"]));
    let none = World::with(&[("DASHBOARD_PUBLIC_CHANNELS", "none")]).await;
    connect(&none, "dashboard", "a1", "ada").await;
    none.sockets.take_posted();
    assert!(data(&subscribe(&none, "a1", &["referrals"]).await, "subscribed").is_empty());
}

#[tokio::test]
async fn a_token_opens_the_channels_that_it_names() {
    let claims = json!({ "channels": ["payroll", "team-*"], "app": { "hears": "board" } });
    for (setting, opened) in [("", ["payroll", "team-7"].as_slice()), ("app.hears", &["board"])] {
        let world = World::with(&[("JWT_CLAIM_CHANNELS", setting)]).await;
        world.sockets.open("a1");
        let request = Request::socket("$connect", "dashboard", "a1").asking("token", &token_with("ada", &claims));
        world.send(socket_connect::handle, &request).await;
        world.sockets.take_posted();
        let told = subscribe(&world, "a1", &["payroll", "team-7", "team", "board"]).await;
        assert_eq!(data(&told, "subscribed")[0]["channels"], json!(opened), "{setting}");
    }
}

#[tokio::test]
async fn a_service_grants_a_channel_and_takes_it_back_with_open_subscriptions() {
    let world = World::new().await;
    connect(&world, "dashboard", "a1", "ada").await;
    connect(&world, "dashboard", "e1", "eve").await;
    world.sockets.take_posted();
    for _ in 0..2 {
        assert_eq!(member(&world, "PUT", &service(), "payroll", "ada").await.status, 204);
    }
    let told = subscribe(&world, "a1", &["payroll", "events"]).await;
    assert_eq!(data(&told, "subscribed")[0], &json!({ "channels": ["payroll", "events"] }));
    assert!(data(&subscribe(&world, "e1", &["payroll"]).await, "subscribed").is_empty());
    assert_eq!(heard(&world, "payroll").await, ["a1"]);
    for _ in 0..2 {
        assert_eq!(member(&world, "DELETE", &service(), "payroll", "ada").await.status, 204);
    }
    assert!(heard(&world, "payroll").await.is_empty());
    assert_eq!(heard(&world, "events").await, ["a1"], "which rests on no grant");
    assert!(data(&subscribe(&world, "a1", &["payroll"]).await, "subscribed").is_empty());
}

#[tokio::test]
async fn a_grant_that_is_taken_back_meanwhile_refuses_its_channel_and_no_other() {
    let world = World::new().await;
    connect(&world, "dashboard", "a1", "ada").await;
    world.sockets.take_posted();
    for channel in ["payroll", "board"] {
        member(&world, "PUT", &service(), channel, "ada").await;
    }
    let hold = Hold::default();
    world.table.inject("TransactWriteItems", &[Fault::Held(hold.clone())]);
    let takes_back = hold.meanwhile(async {
        assert_eq!(member(&world, "DELETE", &service(), "payroll", "ada").await.status, 204);
    });
    let (told, ()) = tokio::join!(subscribe(&world, "a1", &["payroll", "board", "events"]), takes_back);
    let subscribed = json!({ "channels": ["board", "events"], "refused": ["payroll"] });
    assert_eq!(data(&told, "subscribed"), [&subscribed], "{told:?}");
    assert_eq!(data(&told, "error")[0]["error"], "Forbidden");
}

#[tokio::test]
async fn a_grant_that_is_taken_back_leaves_what_is_public() {
    let world = World::new().await;
    connect(&world, "dashboard", "a1", "ada").await;
    member(&world, "PUT", &service(), "events", "ada").await;
    subscribe(&world, "a1", &["events"]).await;
    member(&world, "DELETE", &service(), "events", "ada").await;
    assert_eq!(heard(&world, "events").await, ["a1"]);
}

#[tokio::test]
async fn only_services_grant_and_bad_names_are_refused() {
    let world = World::new().await;
    let ada = tests::token("ada");
    let long = "x".repeat(101);
    for method in ["PUT", "DELETE"] {
        assert_eq!(member(&world, method, &ada, "payroll", "ada").await.status, 403);
        for (channel, user) in [("", "ada"), (long.as_str(), "ada"), ("a\nb", "ada"), ("payroll", "a b")] {
            assert_eq!(member(&world, method, &service(), channel, user).await.status, 400, "{channel:?} {user}");
        }
    }
    assert!(world.table.rows().await.is_empty());
}

#[tokio::test]
async fn socket_io_acknowledges_what_was_refused() {
    let world = World::new().await;
    connect_io(&world, "c1", "ada").await;
    say(&world, "socketio", "c1", "40/dashboard,").await;
    world.sockets.take_posted();
    say(&world, "socketio", "c1", r#"42/dashboard,1["subscribe",{"channels":["events","payroll"]}]"#).await;
    say(&world, "socketio", "c1", r#"42/dashboard,2["subscribe",{"channels":["payroll"]}]"#).await;
    let told: Vec<String> = world.sockets.take_posted().into_iter().map(|(.., text)| text).collect();
    let some = r#"43/dashboard,1[{"data":{"channels":["events"],"refused":["payroll"]},"ok":true}]"#;
    assert!(told.iter().any(|text| text == some), "{told:?}");
    assert!(told.iter().any(|text| text.starts_with(r#"43/dashboard,2[{"error":{"error":"Forbidden""#)), "{told:?}");
}

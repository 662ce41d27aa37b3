//! `POST /pusher/auth` and `POST /pusher/user-auth`

use pusher_auth::handle;
use serde_json::{Value, json};
use tests::{Request, World, token_with};

const SOCKET: &str = "123456.7890123";

fn subscription(channel: &str) -> Value {
    json!({ "socket_id": SOCKET, "channel_name": channel })
}

fn ada(channel: &str) -> Request {
    Request::new("POST /pusher/auth").by("ada").json(&subscription(channel))
}

#[tokio::test]
async fn the_channel_of_the_user_is_authorized_without_io() {
    let world = World::new().await;
    let reply = world.send_and_kill(handle, &ada("private-user-ada")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    // printf '123456.7890123:private-user-ada' | openssl dgst -sha256 -hmac pusher-secret
    let expected = "key:875cc27a91f46249a30c7894597cde24a6057942945930a5fd4fc999481596b1";
    assert_eq!(reply.body["auth"], expected);
    assert_eq!(reply.body.as_object().unwrap().len(), 1);
    assert!(world.table.take_requests().is_empty());
    assert_eq!(reply.line["AuthorizationsGranted"], 1);
}

#[tokio::test]
async fn the_profile_of_a_user_is_saved_after_the_response_once_in_each_process() {
    let world = World::new().await;
    for _ in 0..3 {
        world.send(handle, &ada("private-user-ada")).await;
    }
    assert_eq!(world.table.take_requests(), [("UpdateItem".to_owned(), 1)].into());
    assert_eq!(world.table.row("USER#ada", "PROFILE").await.unwrap()["name"], "Ada");
}

#[tokio::test]
async fn a_form_gets_the_same_response_as_json() {
    let world = World::new().await;
    let form =
        Request::new("POST /pusher/auth").by("ada").form("socket_id=123456.7890123&channel_name=private-user-ada");
    let (form, json) = (world.send(handle, &form).await, world.send(handle, &ada("private-user-ada")).await);
    assert_eq!((form.status, &form.body), (200, &json.body));
}

#[tokio::test]
async fn a_room_is_authorized_in_one_round_trip_and_the_response_has_the_user_info() {
    let world = World::new().await;
    world.table.put_book("emma", "ada", "Ada L.").await;
    let reply = world.send_and_kill(handle, &ada("presence-room-emma")).await;
    assert_eq!(world.table.take_requests(), [("BatchGetItem".to_owned(), 1)].into());
    let data: Value = serde_json::from_str(reply.body["channel_data"].as_str().unwrap()).unwrap();
    let info = json!({
        "userId": "ada", "displayName": "Ada", "avatarUrl": "https://example.com/ada.png", "isAuthor": true
    });
    assert_eq!(data, json!({ "user_id": "ada", "user_info": info }));

    let ben = Request::new("POST /pusher/auth").by("ben").json(&subscription("presence-room-unknown-book"));
    let data: Value =
        serde_json::from_str(world.send(handle, &ben).await.body["channel_data"].as_str().unwrap()).unwrap();
    assert_eq!(data["user_info"]["isAuthor"], false);
}

#[tokio::test]
async fn authorizing_a_room_saves_the_profile_after_the_response_if_it_changed() {
    let world = World::new().await;
    let requests = async |request: &Request| {
        world.send(handle, request).await;
        world.table.take_requests()
    };
    let put = [("BatchGetItem".to_owned(), 1), ("UpdateItem".to_owned(), 1)].into();
    let none = [("BatchGetItem".to_owned(), 1)].into();
    assert_eq!(requests(&ada("presence-room-emma")).await, put);
    assert_eq!(requests(&ada("presence-room-emma")).await, none);
    let renamed = token_with("ada", &json!({ "name": "Countess" }));
    let renamed = Request::new("POST /pusher/auth").bearer(&renamed).json(&subscription("presence-room-emma"));
    let put_and_indexed = [("BatchGetItem".to_owned(), 1), ("UpdateItem".to_owned(), 2)].into();
    assert_eq!(requests(&renamed).await, put_and_indexed);
    assert_eq!(world.table.row("USER#ada", "PROFILE").await.unwrap()["name"], "Countess");
}

#[tokio::test]
async fn the_response_for_an_encrypted_channel_has_its_key() {
    let world = World::new().await;
    let reply = world.send(handle, &ada("private-encrypted-user-ada")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["shared_secret"].as_str().unwrap().len(), 44);
    let without = World::with(&[("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", "")]).await;
    assert_eq!(without.send(handle, &ada("private-encrypted-user-ada")).await.status, 403);
}

#[tokio::test]
async fn a_user_signs_in() {
    let world = World::new().await;
    let request = Request::new("POST /pusher/user-auth").by("ada").form("socket_id=123456.7890123");
    let reply = world.send_and_kill(handle, &request).await;
    assert_eq!(reply.status, 200);
    let data: Value = serde_json::from_str(reply.body["user_data"].as_str().unwrap()).unwrap();
    assert_eq!(data["id"], "ada");
    assert!(reply.body["auth"].as_str().unwrap().starts_with("key:"));
    // Another back end may have put the name.
    assert_eq!(world.table.take_requests(), [("GetItem".to_owned(), 1)].into());
    world.send_and_kill(handle, &request).await;
    assert!(world.table.take_requests().is_empty());
}

#[tokio::test]
async fn other_channels_are_refused_with_the_documented_body() {
    let world = World::new().await;
    let forbidden = json!({ "error": "Forbidden", "message": "Not authorized to access this channel" });
    for channel in [
        "private-user-ben",
        "private-user-adaa",
        "private-user-Ada",
        "private-user-",
        "private-encrypted-user-ben",
        "presence-user-ada",
        "presence-room-",
        "private-room-emma",
    ] {
        let reply = world.send_and_kill(handle, &ada(channel)).await;
        assert_eq!((reply.status, &reply.body), (403, &forbidden), "{channel}");
        assert_eq!(reply.line["AuthorizationsRefused.forbidden"], 1);
    }
    assert!(world.table.take_requests().is_empty());
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_refused_with_a_reason() {
    let world = World::new().await;
    let json = |socket: Value, channel: Value| {
        Request::new("POST /pusher/auth").by("ada").json(&json!({ "socket_id": socket, "channel_name": channel }))
    };
    let form = |body: &str| Request::new("POST /pusher/auth").by("ada").form(body);
    let own = "private-user-ada";
    let cases = [
        (400, json(json!("1"), json!(own))),
        (400, json(json!("1.2\n"), json!(own))),
        (400, json(json!("1.2:x"), json!(own))),
        (400, json(json!("١.٢"), json!(own))),
        (400, json(json!(1.2), json!(own))),
        (400, json(json!(SOCKET), json!("private-user-ada\n"))),
        (400, json(json!(SOCKET), json!("private-user-аda"))),
        (400, json(json!(SOCKET), json!("private-user-a da"))),
        (400, json(json!(SOCKET), json!(format!("private-user-{}", "a".repeat(200))))),
        (400, json(json!(SOCKET), json!("public"))),
        (400, json(json!(SOCKET), json!(""))),
        (400, json(json!(SOCKET), json!(["private-user-ada"]))),
        (400, json(json!(SOCKET), json!(null))),
        (413, json(json!(SOCKET), json!("a".repeat(10_240)))),
        (400, Request::new("POST /pusher/auth").by("ada").json(&json!({ "socket_id": SOCKET }))),
        (400, form("socket_id=1.2")),
        (400, form("socket_id=1.2&channel_name=private-user-ada%0A")),
        (400, form("socket_id=1.2&channel_name=%FF%FE")),
        (400, form("socket_id=1.2&channel_name=%zz")),
        (400, form("socket_id=1.2&channel_name=private-user-ada&channel_name=private-user-ben")),
        (400, form("")),
        (415, Request::new("POST /pusher/auth").by("ada").body("socket_id=1.2")),
        (415, Request::new("POST /pusher/auth").by("ada").header("content-type", "text/plain").body("{}")),
        (401, Request::new("POST /pusher/auth").json(&subscription(own))),
    ];
    for (status, request) in cases {
        let reply = world.send_and_kill(handle, &request).await;
        assert_eq!(reply.status, status, "{request:?} {reply:?}");
        assert!(reply.body["error"].is_string() && reply.body["message"].is_string());
    }
    assert!(world.table.take_requests().is_empty());
}

#[tokio::test]
async fn a_client_that_sends_too_many_requests_is_told_to_wait() {
    let world = World::new().await;
    let wild = Request::new("POST /pusher/auth").by("wild").json(&subscription("private-user-wild"));
    let mut replies = Vec::new();
    for _ in 0..1_000 {
        replies.push(world.send(handle, &wild).await);
    }
    assert!(replies[..3 * 45].iter().all(|reply| reply.status == 200), "three tabs of 45 channels that connect again");
    let refused = replies.iter().find(|reply| reply.status == 429).expect("a thousand at once are not fine");
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.line["AuthorizationsRefused.throttled"], 1);
    assert_eq!(world.send(handle, &ada("private-user-ada")).await.status, 200, "others do not wait");
}

#[tokio::test]
async fn the_response_is_a_server_error_when_the_table_fails() {
    let world = World::new().await;
    world.table.fail("BatchGetItem");
    let reply = world.send(handle, &ada("presence-room-emma")).await;
    assert_eq!((reply.status, &reply.line["AuthorizationsRefused.failed"]), (500, &json!(1)));
}

//! The client of Pusher's HTTP API: cases that the tests of the functions do not cover.

use shared::channel_server::ChannelServer;
use shared::clients::pusher::{PusherClient, PusherError, PusherEvent};
use shared::contract::channel::ChannelName;
use shared::contract::id::UserId;
use tests::World;

fn message(channel: &str, data: &str) -> PusherEvent {
    PusherEvent { channel: channel.to_owned(), name: "news".to_owned(), data: data.to_owned() }
}

fn client(world: &World) -> &PusherClient {
    match world.app.channels().unwrap() {
        ChannelServer::Pusher(client) => client,
        ChannelServer::Gateway(_) => panic!("there is no Pusher"),
    }
}

#[tokio::test]
async fn the_pusher_client_sends_a_batch_in_one_request_in_order() {
    let world = World::new().await;
    let messages: Vec<_> = (0..10).map(|n| message("private-user-ada", &n.to_string())).collect();
    client(&world).trigger(&messages).await.unwrap();
    assert_eq!(world.pusher.take_batches(), [10]);
    let numbers: Vec<_> = world.pusher.take_sent().into_iter().map(|(_, _, data)| data.as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());
}

/// A time-out says nothing about whether the request was done. To send it again would be to send it twice.
#[tokio::test]
async fn the_pusher_client_does_not_repeat_what_may_have_arrived() {
    let world = World::new().await;
    world.pusher.stall();
    let error = client(&world).trigger(&[message("private-user-ada", "1")]).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error:?}");
    world.pusher.resume().await;
    assert_eq!(world.pusher.take_sent().len(), 1, "sent once, and it arrived after all");
}

#[tokio::test]
async fn the_pusher_client_tries_three_times_when_pusher_fails_and_once_when_it_refuses() {
    for (status, times) in [(500, 3), (503, 3), (429, 3), (400, 1), (401, 1), (403, 1), (413, 1)] {
        let world = World::new().await;
        world.pusher.respond_always(Some(status));
        let error = client(&world).trigger(&[message("private-user-ada", "{}")]).await.unwrap_err();
        assert_eq!(world.pusher.batch_requests(), times, "{status}: {error}");
    }
}

#[tokio::test]
async fn an_error_of_the_pusher_client_does_not_print_the_signed_address() {
    // Port 9 (discard) has no listener.
    let world = World::with(&[("PUSHER_PORT", "9")]).await;
    let error = client(&world).trigger(&[message("private-user-ada", "{}")]).await.unwrap_err();
    let printed = format!("{error:?} {}", shared::telemetry::chain(&error));
    assert!(matches!(error, PusherError::NoResponse(_)));
    assert!(!printed.contains("auth_signature") && !printed.contains("auth_key"), "{printed}");
}

#[tokio::test]
async fn the_pusher_client_encrypts_events_for_an_encrypted_channel() {
    let world = World::new().await;
    client(&world).trigger(&[message("private-encrypted-user-ada", r#"{"secret":1}"#)]).await.unwrap();
    let (_, _, data) = world.pusher.take_sent().remove(0);
    assert!(data["nonce"].is_string() && data["ciphertext"].is_string(), "{data}");
    let without = World::with(&[("PUSHER_ENCRYPTION_MASTER_KEY_BASE64", "")]).await;
    let error = client(&without).trigger(&[message("private-encrypted-user-ada", "{}")]).await.unwrap_err();
    assert!(matches!(error, PusherError::NoMasterKey));
    assert_eq!(without.pusher.take_sent(), []);
}

#[tokio::test]
async fn the_pusher_client_reads_who_is_in_a_channel() {
    let world = World::new().await;
    world.pusher.set_users("presence-room-emma", &["ada", "not ours|1", "ben"]);
    let users = client(&world).users("presence-room-emma").await.unwrap();
    assert_eq!(users, [UserId::parse("ada").unwrap(), UserId::parse("ben").unwrap()]);
    assert_eq!(client(&world).channels("presence-room-").await.unwrap(), ["presence-room-emma"]);
    let info = client(&world).channel(&ChannelName::parse("presence-room-emma").unwrap()).await.unwrap();
    assert_eq!((info.occupied, info.user_count), (true, Some(3)));
}

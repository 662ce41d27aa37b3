//! Presence channels on this stack's own WebSockets: members come and go in any order.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use shared::contract::id::BookId;
use shared::contract::time::Millis;
use tests::consumer::{age, consume, owed};
use tests::{Request, World};

use crate::apps_events::ask;
use crate::gateway::{data, disconnect, open, refused, rows, say, say_at, subscribing, unsubscribing};

const CHANNEL: &str = "presence-lobby";

fn member(user: &str) -> Value {
    json!({ "user_id": user, "user_info": { "name": user.to_uppercase() } })
}

async fn join(world: &World, connection: &str, user: &str) -> Vec<Value> {
    open(world, connection).await;
    say(world, connection, &subscribing(connection, CHANNEL, Some(&member(user)))).await;
    world.sockets.take_of(connection)
}

/// Delivers all that is owed.
pub(crate) async fn deliver(world: &World) {
    for _ in 0..20 {
        age(world, 400).await;
        consume(world).await.unwrap();
        if owed(world).await.is_empty() {
            return;
        }
    }
    panic!("{:?}", owed(world).await);
}

/// The changes of members that a connection got: `+ada`, `-ada`.
fn told(world: &World, connection: &str) -> Vec<String> {
    let frames = world.sockets.take_of(connection);
    let of = |frame: &Value| {
        let sign = match frame["event"].as_str()? {
            "pusher_internal:member_added" => '+',
            "pusher_internal:member_removed" => '-',
            _ => return None,
        };
        Some(format!("{sign}{}", data(frame)["user_id"].as_str()?))
    };
    frames.iter().filter_map(of).collect()
}

#[tokio::test]
async fn a_new_member_gets_the_roster_and_the_others_hear_of_the_member() {
    let world = World::with_gateway().await;
    let first = join(&world, "c1", "ada").await;
    let roster = json!({ "presence": { "count": 1, "ids": ["ada"], "hash": { "ada": { "name": "ADA" } } } });
    assert_eq!((&first[0]["channel"], data(&first[0])), (&json!(CHANNEL), roster));
    let second = join(&world, "c2", "ben").await;
    assert_eq!(data(&second[0])["presence"]["count"], 2);
    deliver(&world).await;
    let frames = world.sockets.take_of("c1");
    assert_eq!(data(&frames[0]), member("ben"));
    assert!(world.sockets.take_of("c2").is_empty(), "nobody is told of themselves");
}

#[tokio::test]
async fn a_member_comes_with_the_first_tab_and_goes_with_the_last() {
    let world = World::with_gateway().await;
    join(&world, "c1", "ada").await;
    for tab in ["b1", "b2", "b3"] {
        join(&world, tab, "ben").await;
    }
    deliver(&world).await;
    assert_eq!(told(&world, "c1"), ["+ben"]);
    disconnect(&world, "b1").await;
    say(&world, "b3", &unsubscribing(CHANNEL)).await;
    deliver(&world).await;
    assert_eq!(told(&world, "c1"), Vec::<String>::new());
    disconnect(&world, "b2").await;
    deliver(&world).await;
    assert_eq!(told(&world, "c1"), ["-ben"]);
}

/// A reload: the new connection comes before anybody was told that the old one went.
#[tokio::test]
async fn a_member_who_comes_back_at_once_has_not_left() {
    let world = World::with_gateway().await;
    join(&world, "c1", "ada").await;
    join(&world, "b1", "ben").await;
    deliver(&world).await;
    assert_eq!(told(&world, "c1"), ["+ben"]);
    disconnect(&world, "b1").await;
    let back = join(&world, "b2", "ben").await;
    assert_eq!(data(&back[0])["presence"]["count"], 2);
    deliver(&world).await;
    assert_eq!((told(&world, "c1"), told(&world, "b2")), (vec![], vec![]));
}

/// A client that subscribes between the two must see the member.
#[tokio::test]
async fn a_member_who_has_just_left_is_on_the_roster_until_the_others_hear_of_it() {
    let world = World::with_gateway().await;
    join(&world, "a1", "ada").await;
    disconnect(&world, "a1").await;
    let ben = join(&world, "b1", "ben").await;
    assert_eq!(data(&ben[0])["presence"]["count"], 2);
    join(&world, "a2", "ada").await;
    disconnect(&world, "a2").await;
    deliver(&world).await;
    assert_eq!(told(&world, "b1"), ["-ada"]);
}

/// A join, a quick leave and a quick return, before the stream brings anything.
#[tokio::test]
async fn a_room_hears_of_a_member_who_comes_goes_and_comes_back_at_once() {
    let world = World::with_gateway().await;
    world.table.put_book("emma", "jane", "Jane").await;
    let room = "presence-room-emma";
    for connection in ["c1", "c2"] {
        open(&world, connection).await;
        say(&world, connection, &subscribing(connection, room, Some(&member("ben")))).await;
        if connection == "c1" {
            disconnect(&world, "c1").await;
        }
    }
    deliver(&world).await;
    let present = shared::rooms::presence::of_room(&world.app.table, &BookId::parse("emma").unwrap()).await.unwrap();
    assert!(present.iter().any(|(user, _)| user.as_str() == "ben"), "{:?}", present.len());
    let list = Request::new("GET /presence/{bookId}").path("bookId", "emma").by("ada");
    let list = world.send(presence_list::handle, &list).await;
    assert!(list.body.to_string().contains("ben"), "{:?}", list.body);
}

/// The others may just be hearing that the member left.
#[tokio::test]
async fn the_new_connection_of_a_member_who_comes_back_late_hears_of_it_too() {
    let world = World::with_gateway().await;
    join(&world, "c1", "ada").await;
    join(&world, "b1", "ben").await;
    deliver(&world).await;
    told(&world, "c1");
    disconnect(&world, "b1").await;
    age(&world, 400).await;
    world.sockets.answer_always(Some(429));
    consume(&world).await.unwrap();
    world.sockets.answer_always(None);
    join(&world, "b2", "ben").await;
    deliver(&world).await;
    assert_eq!(told(&world, "c1"), ["+ben"]);
    assert_eq!(told(&world, "b2"), ["+ben"], "what it may hear late of the departure is mended");
}

#[tokio::test]
async fn a_user_who_signed_in_is_a_member_without_channel_data() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    say(&world, "c1", &subscribing("c1", CHANNEL, None)).await;
    assert_eq!(refused(&world.sockets.take_of("c1")), 401);
    crate::gateway::sign_in_as(&world, "c1", &json!({ "id": "ada", "user_info": { "name": "ADA" } })).await;
    say(&world, "c1", &subscribing("c1", CHANNEL, None)).await;
    let roster = json!({ "count": 1, "ids": ["ada"], "hash": { "ada": { "name": "ADA" } } });
    assert_eq!(data(&world.sockets.take_of("c1")[0])["presence"], roster);
}

#[tokio::test]
async fn tabs_that_come_at_once_are_one_member() {
    let world = World::with_gateway().await;
    join(&world, "c1", "ada").await;
    let tabs: Vec<String> = (0..8).map(|n| format!("b{n}")).collect();
    join_all(tabs.iter().map(|tab| join(&world, tab, "ben"))).await;
    deliver(&world).await;
    assert_eq!(told(&world, "c1"), ["+ben"]);
    join_all(tabs.iter().map(|tab| disconnect(&world, tab))).await;
    deliver(&world).await;
    assert_eq!(told(&world, "c1"), ["-ben"]);
    disconnect(&world, "c1").await;
    deliver(&world).await;
    let left: Vec<_> = rows(&world).await.into_iter().filter(|row| !row.ends_with(" CONNECTION")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn the_server_tells_who_is_in_a_presence_channel() {
    let world = World::with_gateway().await;
    join(&world, "c1", "ada").await;
    join(&world, "c2", "ben").await;
    join(&world, "c3", "ben").await;
    let users = ask(&world, &format!("/apps/app/channels/{CHANNEL}/users"), &[]).await;
    assert_eq!(users.body, json!({ "users": [{ "id": "ada" }, { "id": "ben" }] }));
    let all = ask(&world, "/apps/app/channels", &[("filter_by_prefix", "presence-"), ("info", "user_count")]).await;
    assert_eq!(all.body, json!({ "channels": { CHANNEL: { "user_count": 2 } } }));
}

#[tokio::test]
async fn a_client_event_on_a_presence_channel_says_whose_it_is() {
    let world = World::with_gateway().await;
    join(&world, "c1", "ada").await;
    join(&world, "c2", "ben").await;
    let event = json!({ "event": "client-wave", "channel": CHANNEL, "data": "hello" });
    say(&world, "c1", &event).await;
    let mut expected = event;
    expected["user_id"] = json!("ada");
    assert_eq!(world.sockets.take_of("c2"), [expected]);
}

#[tokio::test]
async fn channel_data_that_names_nobody_is_refused() {
    let world = World::with_gateway().await;
    open(&world, "c1").await;
    let long = "x".repeat(1_100);
    for bad in [json!({}), json!("ada"), json!({ "user_id": "" }), json!({ "user_id": "a", "user_info": long })] {
        say(&world, "c1", &subscribing("c1", CHANNEL, Some(&bad))).await;
        assert_eq!(refused(&world.sockets.take_of("c1")), 401, "{bad}");
    }
    // Back ends also write numbers.
    say(&world, "c1", &subscribing("c1", CHANNEL, Some(&json!({ "user_id": 7 })))).await;
    assert_eq!(data(&world.sockets.take_of("c1")[0])["presence"]["ids"], json!(["7"]));
}

#[tokio::test]
async fn a_presence_channel_has_a_hundred_members_at_most() {
    let world = World::with_gateway().await;
    for n in 0..100 {
        assert_eq!(
            join(&world, &format!("c{n}"), &format!("u{n}")).await[0]["event"],
            "pusher_internal:subscription_succeeded"
        );
    }
    assert_eq!(refused(&join(&world, "d1", "one-more").await), 403);
    assert_eq!(
        join(&world, "d2", "u7").await[0]["event"],
        "pusher_internal:subscription_succeeded",
        "u7 is there already"
    );
}

#[tokio::test]
async fn a_room_learns_who_reads_without_a_request() {
    let world = World::with_gateway().await;
    world.table.put_book("emma", "ada", "Ada").await;
    open(&world, "c1").await;
    let room = "presence-room-emma";
    say(&world, "c1", &subscribing("c1", room, Some(&member("ben")))).await;
    deliver(&world).await;
    let book = BookId::parse("emma").unwrap();
    let present = |world: &World| {
        let table = world.app.table.clone();
        let book = book.clone();
        async move { shared::rooms::presence::of_room(&table, &book).await.unwrap() }
    };
    assert!(present(&world).await.iter().any(|(user, _)| user.as_str() == "ben"));
    let list = world
        .send(presence_list::handle, &Request::new("GET /presence/{bookId}").path("bookId", "emma").by("ada"))
        .await;
    assert_eq!(list.status, 200, "{:?}", list.body);
    assert!(list.body.to_string().contains("ben"), "{:?}", list.body);
    disconnect(&world, "c1").await;
    deliver(&world).await;
    let list = world
        .send(presence_list::handle, &Request::new("GET /presence/{bookId}").path("bookId", "emma").by("ada"))
        .await;
    assert!(!list.body.to_string().contains("ben"), "{:?}", list.body);
}

/// One step of a wave.
#[derive(Debug, Clone, Copy)]
enum Step {
    On { tab: usize },
    Off { tab: usize },
    End { tab: usize },
}

const TABS: usize = 4;
/// The user of each tab.
const USERS: [&str; TABS] = ["ben", "ben", "ben", "eve"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..TABS).prop_map(|tab| Step::On { tab }),
        3 => (0..TABS).prop_map(|tab| Step::Off { tab }),
        1 => (0..TABS).prop_map(|tab| Step::End { tab }),
    ]
}

/// Waves of joins and leaves that are handled side by side and in any order: in the end those are there whose last frame joined, and
/// the changes that the others got of each member alternate, and end so, too.
#[test]
fn presence_ends_as_the_last_frames_say_whatever_overtakes_what() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Each case is dozens of transactions on the embedded table.
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let waves = proptest::collection::vec(proptest::collection::vec(step(), 1..6), 1..4);
    runner
        .run(&waves, |waves| {
            runtime.block_on(play(&waves));
            Ok(())
        })
        .unwrap();
}

async fn play(waves: &[Vec<Step>]) {
    let world = World::with_gateway().await;
    join(&world, "c1", "ada").await;
    let mut tabs: Vec<String> = (0..TABS).map(|tab| format!("t{tab}g0")).collect();
    for tab in &tabs {
        open(&world, tab).await;
    }
    let (mut at, mut on, mut ends) = (Millis::now().0, BTreeSet::new(), 0);
    for wave in waves {
        let mut frames = Vec::new();
        let mut ended = Vec::new();
        for step in wave {
            at += 1;
            match *step {
                Step::On { tab } => {
                    frames.push((tabs[tab].clone(), subscribing(&tabs[tab], CHANNEL, Some(&member(USERS[tab]))), at));
                    on.insert(tab);
                }
                Step::Off { tab } => {
                    frames.push((tabs[tab].clone(), unsubscribing(CHANNEL), at));
                    on.remove(&tab);
                }
                Step::End { tab } if !ended.contains(&tab) => ended.push(tab),
                Step::End { .. } => {}
            }
        }
        // A tab that ends in this wave ends in the midst of its frames, and another one takes its place afterwards.
        on.retain(|tab| !ended.contains(tab));
        frames.reverse();
        let said = frames.iter().map(|(tab, frame, at)| say_at(&world, tab, frame, Millis(*at)));
        let gone: Vec<String> = ended.iter().map(|tab| tabs[*tab].clone()).collect();
        let (_, _) = tokio::join!(join_all(said), join_all(gone.iter().map(|tab| disconnect(&world, tab))));
        // The function ends a connection whose frame takes too long, as on a machine with other load. API Gateway then reports its end.
        for (tab, name) in tabs.iter().enumerate() {
            if !world.sockets.is_open(name) && !ended.contains(&tab) {
                disconnect(&world, name).await;
                on.remove(&tab);
                ended.push(tab);
            }
        }
        for tab in ended {
            ends += 1;
            tabs[tab] = format!("t{tab}g{ends}");
            open(&world, &tabs[tab]).await;
        }
        deliver(&world).await;
    }
    let expected: BTreeSet<&str> = on.iter().map(|tab| USERS[*tab]).chain(["ada"]).collect();
    let users = ask(&world, &format!("/apps/app/channels/{CHANNEL}/users"), &[]).await;
    let there: BTreeSet<&str> =
        users.body["users"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap()).collect();
    assert_eq!(there, expected, "{waves:?}");
    let mut last: BTreeMap<String, char> = BTreeMap::new();
    for change in told(&world, "c1") {
        let (sign, user) = (change.chars().next().unwrap(), change[1..].to_owned());
        assert_ne!(last.insert(user.clone(), sign), Some(sign), "{user} twice: {waves:?}");
    }
    let heard: BTreeSet<&str> =
        last.iter().filter(|(_, sign)| **sign == '+').map(|(user, _)| user.as_str()).chain(["ada"]).collect();
    assert_eq!(heard, expected, "{waves:?}");
    // No row is left of connections that have ended.
    let live: BTreeSet<&str> = tabs.iter().map(String::as_str).chain(["c1"]).collect();
    for row in rows(&world).await.into_iter().filter(|row| !row.ends_with(" CONNECTION")) {
        let (pk, sk) = row.split_once(' ').unwrap();
        let is_live = match pk.split_once('#').unwrap() {
            ("CONNECTION", connection) => live.contains(connection),
            ("SUBSCRIBERS", _) => live.contains(sk),
            ("PRESENCE", _) => expected.contains(sk),
            ("OCCUPIED", _) => sk == CHANNEL,
            other => panic!("{other:?}"),
        };
        assert!(is_live, "{row}: {waves:?}");
    }
}

#[tokio::test]
async fn a_user_who_is_erased_shows_nothing_in_a_channel_any_more() {
    let world = World::with_gateway().await;
    join(&world, "c1", "ada").await;
    let erase = Request::new("DELETE /users/{userId}")
        .path("userId", "ada")
        .bearer(&tests::token_with("backend", &json!({ "roles": ["service"] })));
    let reply = world.send(erasure::handle, &erase).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let second = join(&world, "c2", "ben").await;
    assert_eq!(data(&second[0])["presence"]["hash"]["ada"], Value::Null);
}

//! The scheduled function that corrects rooms after a missed webhook.

use std::time::Duration;

use serde_json::json;
use shared::contract::time::Millis;
use shared::rooms::reconcile::{self, ReconcileError, ReconcileReport};
use tests::{World, rooms};

const BUDGET: Duration = Duration::from_secs(20);

async fn joined(world: &World, book: &str, user: &str, seconds_ago: i64) {
    rooms::join(world, &rooms::user(book, user), Millis::now().plus_seconds(-seconds_ago)).await;
    world.pusher.take_sent();
}

fn told(world: &World) -> Vec<(String, String)> {
    let sent = world.pusher.take_sent().into_iter();
    sent.map(|(_, name, data)| (name, data["userId"].as_str().unwrap().to_owned())).collect()
}

fn pair(name: &str, user: &str) -> (String, String) {
    (name.to_owned(), user.to_owned())
}

async fn run(world: &World, budget: Duration) -> Result<ReconcileReport, ReconcileError> {
    let app = world.app_of("presence-reconcile");
    let writer = app.writer("test");
    let run = reconcile::run(&app.table, &writer, app.channels().unwrap(), |rows| app.deliver(rows), budget);
    world.as_function("presence-reconcile", run).await
}

#[tokio::test]
async fn the_room_gets_an_event_for_a_user_who_left_unnoticed() {
    let world = World::new().await;
    joined(&world, "emma", "ada", 120).await;
    joined(&world, "emma", "ben", 120).await;
    world.pusher.set_users("presence-room-emma", &["ben"]);
    let report = run(&world, BUDGET).await.unwrap();
    assert_eq!(report, ReconcileReport { rooms: 1, healed: 1, failed: 0, left: 0 });
    assert_eq!(told(&world), [pair("room:user-left", "ada")]);
    assert_eq!(run(&world, BUDGET).await.unwrap().healed, 0, "once is enough");
}

#[tokio::test]
async fn the_room_gets_an_event_for_a_user_who_joined_unnoticed() {
    let world = World::new().await;
    world.pusher.set_users("presence-room-emma", &["ada"]);
    run(&world, BUDGET).await.unwrap();
    assert_eq!(told(&world), [pair("room:user-joined", "ada")]);
}

#[tokio::test]
async fn an_odd_user_in_pushers_list_takes_nobody_out_of_the_room() {
    let world = World::new().await;
    joined(&world, "emma", "ada", 120).await;
    let list = vec![json!({ "id": 7 }), json!("text"), json!({ "id": "not ours|1" }), json!({ "id": "ada" })];
    world.pusher.set_user_list("presence-room-emma", list);
    let report = run(&world, BUDGET).await.unwrap();
    assert_eq!((report, told(&world)), (ReconcileReport { rooms: 1, healed: 0, failed: 0, left: 0 }, vec![]));
}

#[tokio::test]
async fn a_room_that_pusher_no_longer_knows_is_emptied() {
    let world = World::new().await;
    joined(&world, "emma", "ada", 120).await;
    run(&world, BUDGET).await.unwrap();
    assert_eq!(told(&world), [pair("room:user-left", "ada")]);
}

#[tokio::test]
async fn a_user_who_joined_a_moment_ago_stays_in_the_room() {
    let world = World::new().await;
    joined(&world, "emma", "ada", 30).await;
    assert_eq!(run(&world, BUDGET).await.unwrap().healed, 0);
}

#[tokio::test]
async fn a_run_that_ran_out_of_time_continues_where_it_stopped() {
    let world = World::new().await;
    for n in 0..30 {
        world.pusher.set_users(&format!("presence-room-b{n:02}"), &["ada"]);
    }
    let none = run(&world, Duration::ZERO).await.unwrap();
    assert_eq!((none.rooms, none.left), (0, 30));
    assert_eq!(world.table.row("RECONCILE", "ROOMS").await.unwrap()["next"], "b00");
    let all = run(&world, BUDGET).await.unwrap();
    assert_eq!((all.rooms, all.healed, all.left), (30, 30, 0));
    assert!(!world.table.row("RECONCILE", "ROOMS").await.unwrap().contains_key("next"));
}

#[tokio::test]
async fn a_room_that_fails_is_counted_and_healed_by_a_later_run() {
    let world = World::new().await;
    joined(&world, "emma", "ada", 120).await;
    world.pusher.respond_always(Some(403));
    let report = run(&world, BUDGET).await.unwrap();
    assert_eq!((report.rooms, report.failed), (0, 1));
    world.pusher.respond_always(None);
    assert_eq!(run(&world, BUDGET).await.unwrap().healed, 1);
}

//! `GET /health`

use health::handle;
use serde_json::json;
use tests::{Request, World};

fn look() -> Request {
    Request::new("GET /health")
}

#[tokio::test]
async fn the_health_check_says_that_table_and_pusher_are_reachable() {
    let world = World::new().await;
    let reply = world.send(handle, &look()).await;
    assert_eq!((reply.status, reply.body), (200, json!({ "status": "ok", "table": "ok", "pusher": "ok" })));
}

#[tokio::test]
async fn a_monitor_that_asks_for_the_head_gets_the_status_and_no_body() {
    for (settings, status) in [(&[][..], 200), (&[("PUSHER_PORT", "9")], 503)] {
        let world = World::with(settings).await;
        let reply = world.send(handle, &Request::new("HEAD /health")).await;
        assert_eq!((reply.status, reply.body), (status, json!(null)));
        assert_eq!(reply.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn the_health_check_says_which_service_is_unreachable_and_nothing_more() {
    let world = World::with(&[("PUSHER_PORT", "9")]).await;
    let reply = world.send(handle, &look()).await;
    let told = json!({ "status": "degraded", "table": "ok", "pusher": "unreachable" });
    assert_eq!((reply.status, reply.body), (503, told));

    let world = World::new().await;
    world.table.fail("GetItem");
    let reply = world.send(handle, &look()).await;
    let told = json!({ "status": "degraded", "table": "unreachable", "pusher": "ok" });
    assert_eq!((reply.status, reply.body), (503, told));
    assert!(reply.line["causes"].to_string().contains("told to fail"), "the log says why");
}

//! Requests of a lease.

use lease_chat::handle;
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::lease::{ask, put, with_email};
use tests::{Reply, Request, World};

fn creation(user: &str, title: &str) -> Request {
    ask(user, "POST /leases/{bailId}/requests").json(&json!({ "title": title, "description": "Avant vendredi" }))
}

pub(crate) async fn create(world: &World, user: &str) -> Value {
    let reply = world.send(handle, &creation(user, "Pièce d'identité")).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body
}

pub(crate) async fn change(world: &World, user: &str, request: &Value, status: &str) -> Reply {
    let id = request["id"].as_str().unwrap();
    let request = ask(user, "PATCH /leases/{bailId}/requests/{requestId}").path("requestId", id);
    world.send(handle, &request.json(&json!({ "status": status }))).await
}

async fn list(world: &World, user: &str) -> Vec<Value> {
    let reply = world.send(handle, &ask(user, "GET /leases/{bailId}/requests")).await;
    reply.body["requests"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_change_of_a_request_is_an_event_with_the_whole_request() {
    let world = with_email().await;
    let request = create(&world, "ben").await;
    assert_eq!((&request["status"], &request["createdBy"]["role"]), (&json!("pending"), &json!("notary")));
    let accepted = change(&world, "ada", &request, "accepted").await;
    assert_eq!((accepted.status, &accepted.body["updatedBy"]["name"]), (200, &json!("Ada")));
    let done = change(&world, "ben", &request, "done").await;
    assert_eq!(done.status, 200);
    let sent = world.pusher.take_sent();
    assert!(sent.iter().all(|(channel, name, _)| channel == "presence-bail-b1" && name == "request-updated"));
    let told: Vec<_> = sent.into_iter().map(|(.., data)| data).collect();
    assert_eq!(told, [request, accepted.body, done.body.clone()]);
    assert_eq!(list(&world, "ada").await, [done.body]);
}

#[tokio::test]
async fn status_and_side_determine_the_changes_that_a_person_may_make() {
    let world = with_email().await;
    let request = create(&world, "ben").await;
    assert_eq!(change(&world, "ben", &request, "accepted").await.status, 403, "one's own");
    assert_eq!(change(&world, "ada", &request, "done").await.status, 409, "not accepted yet");
    assert_eq!(change(&world, "ada", &request, "refused").await.status, 200);
    assert_eq!(change(&world, "ada", &request, "accepted").await.status, 409);
    world.pusher.take_sent();
    let again = change(&world, "ada", &request, "refused").await;
    assert_eq!((again.status, world.pusher.take_sent().len()), (200, 0), "no change is no event");
    assert_eq!(change(&world, "ada", &request, "postponed").await.status, 400);
    assert_eq!(change(&world, "eve", &request, "accepted").await.status, 404);
    assert_eq!(change(&world, "ada", &json!({ "id": "unknown" }), "accepted").await.status, 404);
}

#[tokio::test]
async fn a_participants_successor_has_that_side_of_each_request() {
    let world = with_email().await;
    let (of_notary, of_client) = (create(&world, "ben").await, create(&world, "ada").await);
    assert_eq!(put(&world, json!({ "notaryId": "nia" })).await.status, 200);
    let own = change(&world, "nia", &of_notary, "accepted").await;
    assert_eq!(own.status, 403, "the notary's successor does not accept for the client: {own:?}");
    assert_eq!(change(&world, "nia", &of_client, "accepted").await.status, 200, "it is for the notary to decide on");
    assert_eq!(change(&world, "ada", &of_notary, "accepted").await.status, 200);
    assert_eq!(change(&world, "nia", &of_notary, "done").await.status, 200);
    // The two change places.
    assert_eq!(put(&world, json!({ "clientId": "nia", "notaryId": "ada" })).await.status, 200);
    let asked = create(&world, "ada").await;
    assert_eq!(put(&world, json!({ "clientId": "ada", "notaryId": "nia" })).await.status, 200);
    assert_eq!(change(&world, "nia", &asked, "accepted").await.status, 403, "it is the notary's own");
    assert_eq!(change(&world, "ada", &asked, "accepted").await.status, 200);
}

#[tokio::test]
async fn a_repeated_request_is_made_once() {
    let world = with_email().await;
    let with_key = |title| creation("ben", title).header("idempotency-key", "k1");
    let first = world.send(handle, &with_key("Justificatif")).await;
    let again = world.send(handle, &with_key("Justificatif")).await;
    assert_eq!((again.status, &again.body, &again.headers["idempotent-replayed"][..]), (201, &first.body, "true"));
    assert_eq!(world.send(handle, &with_key("Autre")).await.status, 422);
    assert_eq!(list(&world, "ben").await.len(), 1);
}

#[tokio::test]
async fn requests_are_listed_newest_first_in_pages() {
    let world = with_email().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.insert(0, create(&world, "ada").await["id"].clone());
    }
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let request = ask("ben", "GET /leases/{bailId}/requests").query("limit", "2");
        let request = match &cursor {
            Some(cursor) => request.query("cursor", cursor),
            None => request,
        };
        let page = world.send(handle, &request).await.body;
        seen.extend(page["requests"].as_array().unwrap().iter().map(|request| request["id"].clone()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, made);
}

#[tokio::test]
async fn invalid_requests_are_refused_and_nothing_is_written() {
    let world = with_email().await;
    let rows = world.table.rows().await;
    for (status, body) in [
        (400, json!({})),
        (400, json!({ "title": " " })),
        (400, json!({ "title": "x".repeat(201) })),
        (400, json!({ "title": "a\nb" })),
        (400, json!({ "title": "x", "description": "a\u{0}b" })),
        (400, json!({ "title": "x", "description": "x".repeat(1_501) })),
    ] {
        let request = ask("ada", "POST /leases/{bailId}/requests").json(&body);
        assert_eq!(world.send(handle, &request).await.status, status, "{body:.80}");
    }
    assert_eq!(world.send(handle, &creation("eve", "x")).await.status, 404);
    let cursor = ask("ada", "GET /leases/{bailId}/requests").query("cursor", "!");
    assert_eq!(world.send(handle, &cursor).await.status, 400);
    assert_eq!(world.table.rows().await, rows);
}

#[tokio::test]
async fn more_requests_than_the_limit_are_refused() {
    let world = with_email().await;
    for _ in 0..20 {
        create(&world, "ada").await;
    }
    let refused = world.send(handle, &creation("ada", "x")).await;
    assert_eq!(refused.status, 429);
    assert!(refused.headers["retry-after"].parse::<u64>().unwrap() <= 30);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Changes that come at once follow one another: the last event is the row, and each step is one of the table.
    #[test]
    fn concurrent_changes_are_steps_that_the_table_permits(
        waves in proptest::collection::vec(proptest::collection::vec((any::<bool>(), 0_usize..4), 1..4), 1..4)
    ) {
        const STATUSES: [&str; 4] = ["pending", "accepted", "refused", "done"];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = with_email().await;
            let request = create(&world, "ben").await;
            for wave in waves {
                let acts = wave.iter().map(|(asked, to)| change(&world, if *asked { "ada" } else { "ben" }, &request, STATUSES[*to]));
                let replies = futures_util::future::join_all(acts).await;
                prop_assert!(replies.iter().all(|reply| reply.status < 500), "{replies:?}");
            }
            tests::consumer::age(&world, 10).await;
            tests::consumer::consume(&world).await.unwrap();
            let steps: Vec<_> = world.pusher.take_sent().into_iter().map(|(.., data)| data["status"].as_str().unwrap().to_owned()).collect();
            for pair in steps.windows(2) {
                let step = (pair[0].as_str(), pair[1].as_str());
                prop_assert!([("pending", "accepted"), ("pending", "refused"), ("accepted", "refused"), ("accepted", "done")].contains(&step), "{steps:?}");
            }
            prop_assert_eq!(&list(&world, "ada").await[0]["status"], &json!(steps.last().unwrap()));
            Ok(())
        })?;
    }
}

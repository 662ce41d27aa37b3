//! Requests to AWS when a service or the connection to it fails.

use serde_json::json;
use tests::notification::{notify, save_preferences};
use tests::{Fault, Request, World};

fn kudos() -> Request {
    Request::new("POST /kudos").by("ada").json(&json!({ "receiverId": "ben", "sessionId": "s1", "bookTitle": "Emma" }))
}

#[tokio::test]
async fn requests_are_repeated_when_the_service_stumbles() {
    let world = World::new().await;
    let throttled = Fault::refusal(400, "ProvisionedThroughputExceededException");
    for fault in [Fault::refusal(500, "InternalServerError"), Fault::refusal(503, ""), throttled, Fault::ConnectionLost]
    {
        world.table.inject("PutItem", std::slice::from_ref(&fault));
        let reply = world.send(kudos_create::handle, &kudos()).await;
        assert_eq!(reply.status, 201, "{fault:?}: {reply:?}");
        assert_eq!(world.table.take_requests()["PutItem"], 2, "{fault:?}");
    }
    assert_eq!(world.pusher.take_sent().len(), 4);
}

#[tokio::test]
async fn requests_are_given_up_after_four_tries() {
    let world = World::new().await;
    world.table.fail("PutItem");
    let reply = world.send(kudos_create::handle, &kudos()).await;
    assert_eq!(reply.status, 500);
    assert_eq!(world.table.take_requests()["PutItem"], 4);
    let told = reply.line["causes"].to_string();
    assert!(told.contains("DynamoDB PutItem was refused with 500 InternalServerError: told to fail"), "{told}");
}

#[tokio::test]
async fn requests_are_not_repeated_when_the_request_itself_is_wrong() {
    let world = World::new().await;
    world.table.inject("PutItem", &[Fault::refusal(400, "ValidationException")]);
    assert_eq!(world.send(kudos_create::handle, &kudos()).await.status, 500);
    assert_eq!(world.table.take_requests()["PutItem"], 1);
}

/// The write is done, but its response is lost. The second try finds the row of the first and recognises it.
#[tokio::test]
async fn a_write_whose_response_is_lost_is_done_once_and_reported_as_done() {
    let world = World::new().await;
    world.table.inject("PutItem", &[Fault::ResponseLost]);
    let reply = world.send(kudos_create::handle, &kudos()).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    assert!(!reply.headers.contains_key("idempotent-replayed"), "{reply:?}");
    assert_eq!(world.pusher.take_sent().len(), 1);
    let rows = world.table.rows().await;
    assert_eq!(rows.len(), 1);
    assert!(rows.values().all(|row| !row.contains_key("outbox")), "{rows:?}");
}

#[tokio::test]
async fn a_transaction_whose_response_is_lost_is_done_once() {
    let world = World::new().await;
    world.table.inject("TransactWriteItems", &[Fault::ResponseLost]);
    let found = Request::new("POST /parties").by("ada").json(&json!({ "partyName": "Readers" }));
    let reply = world.send(parties::handle, &found).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let rows = world.table.rows().await;
    assert_eq!(rows.keys().filter(|(pk, _)| pk.starts_with("PARTY#")).count(), 2, "one party, one member: {rows:?}");
}

#[tokio::test]
async fn partial_responses_are_followed_until_all_rows_are_read() {
    let world = World::new().await;
    let found = Request::new("POST /parties").by("ada").json(&json!({ "partyName": "Readers" }));
    let party = world.send(parties::handle, &found).await.body["partyId"].as_str().unwrap().to_owned();
    world.table.inject("Query", &[Fault::Partial]);
    let read = Request::new("GET /parties/{partyId}").by("ada").path("partyId", &party);
    let reply = world.send(parties::handle, &read).await;
    assert_eq!((reply.status, &reply.body["members"][0]["userId"]), (200, &json!("ada")), "{reply:?}");
    assert_eq!(world.table.take_requests()["Query"], 2);

    world.table.put_book("emma", "ada", "Ada").await;
    world.table.inject("BatchGetItem", &[Fault::Partial]);
    let channel = json!({ "socket_id": "1.1", "channel_name": "presence-room-emma" });
    let reply = world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").by("ada").json(&channel)).await;
    assert!(reply.body["channel_data"].as_str().unwrap().contains(r#""isAuthor":true"#), "{reply:?}");
    assert_eq!(world.table.take_requests().get("UpdateItem"), None, "the profile came with the second half");
}

#[tokio::test]
async fn a_request_that_never_gets_a_response_ends() {
    let world = World::new().await;
    world.table.inject("PutItem", &vec![Fault::NoResponse; 4]);
    assert_eq!(world.send(kudos_create::handle, &kudos()).await.status, 500);
}

fn met_transactions(times: usize) -> Vec<Fault> {
    vec![Fault::refusal(400, "TransactionConflictException"); times]
}

fn read_all() -> Request {
    Request::new("POST /notifications/read-all").by("ada")
}

#[tokio::test]
async fn a_write_of_a_row_that_is_in_a_transaction_is_tried_again() {
    let world = World::new().await;
    notify(&world, json!({})).await;
    world.knows(&tests::token("ada")).await;
    // The event of the read mark is acknowledged by one more.
    for (request, writes) in [(read_all(), 5), (save_preferences(&json!({ "locale": "fr" })), 4)] {
        world.table.inject("UpdateItem", &met_transactions(3));
        let reply = world.send(notifications::handle, &request).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(world.table.take_requests()["UpdateItem"], writes);
    }

    let found = Request::new("POST /parties").by("ada").json(&json!({ "partyName": "Readers" }));
    let party = world.send(parties::handle, &found).await.body["partyId"].as_str().unwrap().to_owned();
    world.send(parties::handle, &Request::new("GET /party-invitations").by("ben")).await;
    let invite = Request::new("POST /parties/{partyId}/invitations").by("ada").path("partyId", &party);
    assert_eq!(world.send(parties::handle, &invite.json(&json!({ "userId": "ben" }))).await.status, 201);
    let decline = Request::new("POST /parties/{partyId}/invitations/decline").by("ben").path("partyId", &party);
    world.table.inject("UpdateItem", &met_transactions(3));
    let reply = world.send(parties::handle, &decline).await;
    assert_eq!(reply.status, 204, "{reply:?}");

    world.table.inject("PutItem", &met_transactions(3));
    assert_eq!(world.send(kudos_create::handle, &kudos()).await.status, 201);
}

#[tokio::test]
async fn a_delivered_entry_is_acknowledged_though_its_row_is_in_a_transaction() {
    let world = World::new().await;
    world.table.inject("UpdateItem", &met_transactions(3));
    assert_eq!(world.send(kudos_create::handle, &kudos()).await.status, 201);
    let rows = world.table.rows().await;
    assert!(rows.values().all(|row| !row.contains_key("outbox")), "{rows:?}");
}

#[tokio::test]
async fn a_write_that_always_meets_a_transaction_fails_in_the_end() {
    let world = World::new().await;
    notify(&world, json!({})).await;
    world.table.take_requests();
    world.table.inject("UpdateItem", &met_transactions(100));
    assert_eq!(world.send(notifications::handle, &read_all()).await.status, 500);
    assert_eq!(world.table.take_requests()["UpdateItem"], 13);
}

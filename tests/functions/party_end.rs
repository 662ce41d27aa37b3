//! `DELETE /parties/{partyId}` and `GET /parties`

use ::parties::handle;
use futures_util::future::{join, join_all};
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::consumer::{age, consume};
use tests::{Fault, Hold, Reply, Request, World};

use crate::parties::{accept, ask, change, create, depart, invitations, invite, known, party_of, read};

fn ending(by: &str, party: &str) -> Request {
    ask(by, "DELETE /parties/{partyId}", party, "")
}

pub(crate) async fn end(world: &World, by: &str, party: &str) -> Reply {
    world.send(handle, &ending(by, party)).await
}

async fn may_subscribe(world: &World, user: &str, party: &str) -> bool {
    let body = json!({ "socket_id": "1.2", "channel_name": format!("private-party-{party}") });
    let reply = world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").by(user).json(&body)).await;
    assert!([200, 403].contains(&reply.status), "{reply:?}");
    reply.status == 200
}

async fn member_rows(world: &World) -> usize {
    world.table.rows().await.keys().filter(|(_, sk)| sk.starts_with("MEMBER#")).count()
}

async fn page(world: &World, user: &str, query: &[(&str, &str)]) -> Value {
    let request = Request::new("GET /parties").by(user);
    let reply =
        world.send(handle, &query.iter().fold(request, |request, (name, value)| request.query(name, value))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

fn names(page: &Value) -> Vec<&str> {
    page["parties"].as_array().unwrap().iter().map(|party| party["partyName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_party_that_its_owner_ends_is_gone_for_everybody_and_its_members_get_an_event() {
    let world = World::new().await;
    let party = party_of(&world, &["ben", "cy"]).await;
    known(&world, &["dee"]).await;
    invite(&world, "ben", &party, "dee").await;
    world.pusher.take_sent();

    let reply = end(&world, "ada", &party).await;
    assert_eq!((reply.status, reply.body.is_null()), (204, true), "{reply:?}");
    let [(channel, name, data)] = &world.pusher.take_sent()[..] else { panic!("one event") };
    assert_eq!((channel.as_str(), name.as_str()), (format!("private-party-{party}").as_str(), "party-ended"));
    let keys: Vec<_> = data.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        (keys, &data["partyId"], &data["endedBy"]),
        (vec!["endedAt", "endedBy", "partyId"], &json!(party), &json!("ada"))
    );

    for user in ["ada", "ben", "cy", "dee"] {
        assert_eq!(read(&world, user, &party).await.status, 404);
        assert!(!may_subscribe(&world, user, &party).await);
        assert!(page(&world, user, &[]).await["parties"].as_array().unwrap().is_empty());
    }
    assert_eq!(accept(&world, &party, "dee").await.status, 404, "an open invitation is worth nothing");
    assert!(invitations(&world, "dee").await.is_empty());
    assert_eq!(invite(&world, "ben", &party, "dee").await.status, 404);
    assert_eq!(member_rows(&world).await, 0);
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn ending_a_party_again_gets_the_same_response_and_sends_no_second_event() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    for _ in 0..2 {
        assert_eq!(end(&world, "ada", &party).await.status, 204);
    }
    assert_eq!(world.pusher.take_sent().len(), 1);
    assert_eq!(end(&world, "ben", &party).await.status, 404, "it is nobody else's");
}

#[tokio::test]
async fn only_the_owner_ends_a_party() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    let before = world.table.rows().await;
    for (by, status, id) in
        [("ben", 403, party.as_str()), ("eve", 403, &party), ("ada", 404, "unknown"), ("ada", 400, "a b")]
    {
        assert_eq!(end(&world, by, id).await.status, status, "{by} {id}");
    }
    let nobody = Request::new("DELETE /parties/{partyId}").path("partyId", &party);
    assert_eq!(world.send(handle, &nobody).await.status, 401);
    assert_eq!(world.table.rows().await, before);
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn a_party_of_a_hundred_ends_and_a_call_that_dies_on_the_way_leaves_nothing_visible() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    let member = |n: usize| {
        json!({ "pk": format!("PARTY#{party}"), "sk": format!("MEMBER#user-{n:02}"),
        "username": "U", "joined_at": n, "gsi1pk": format!("MEMBERSHIPS#user-{n:02}"), "gsi1sk": format!("{n:016}#{party}") })
    };
    world.table.put_rows(&(0..99).map(member).collect::<Vec<_>>()).await;
    world.table.set_number((&format!("PARTY#{party}"), "PARTY"), "members", 100).await;
    assert!(may_subscribe(&world, "user-07", &party).await);

    // The party's row is written, and the members' rows are not.
    world.table.fail("TransactWriteItems");
    assert_eq!(end(&world, "ada", &party).await.status, 500);
    assert_eq!(member_rows(&world).await, 100);
    assert_eq!(read(&world, "user-07", &party).await.status, 404);
    assert!(!may_subscribe(&world, "user-07", &party).await);
    assert!(names(&page(&world, "user-07", &[]).await).is_empty());
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_sent().len(), 1, "whoever called need not come back for the members to be told");

    world.table.recover();
    assert_eq!(end(&world, "ada", &party).await.status, 204);
    assert_eq!(member_rows(&world).await, 0);
    assert!(world.pusher.take_sent().is_empty());
}

#[tokio::test]
async fn a_party_that_changes_while_it_is_ended_ends_after_the_change() {
    let world = World::new().await;
    let party = party_of(&world, &["ben"]).await;
    let hold = Hold::default();
    world.table.inject("UpdateItem", &[Fault::Held(hold.clone())]);
    let (ended, _) = join(end(&world, "ada", &party), hold.meanwhile(depart(&world, "ben", &party, "ben"))).await;
    assert_eq!(ended.status, 204, "{ended:?}");
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_names(), ["party-updated", "party-ended"]);
    assert_eq!(member_rows(&world).await, 0);
}

#[tokio::test]
async fn parties_are_listed_for_each_member_the_last_joined_first_page_by_page() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(create(&world, "ada").await);
        change(&world, "ada", &ids[n], &json!({ "partyName": format!("Party {n}") })).await;
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    known(&world, &["ben"]).await;
    for n in [3, 1] {
        invite(&world, "ada", &ids[n], "ben").await;
        accept(&world, &ids[n], "ben").await;
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let first = page(&world, "ada", &[("limit", "2")]).await;
    assert_eq!(names(&first), ["Party 4", "Party 3"]);
    let second = page(&world, "ada", &[("limit", "2"), ("cursor", first["nextCursor"].as_str().unwrap())]).await;
    assert_eq!(names(&second), ["Party 2", "Party 1"]);
    let third = page(&world, "ada", &[("limit", "2"), ("cursor", second["nextCursor"].as_str().unwrap())]).await;
    assert_eq!((names(&third), &third["nextCursor"]), (vec!["Party 0"], &Value::Null));
    assert_eq!(third["parties"][0].as_object().unwrap().len(), 6, "as POST /parties answers: {third}");

    assert_eq!(names(&page(&world, "ben", &[]).await), ["Party 1", "Party 3"], "as ben has joined them");
    depart(&world, "ada", &ids[1], "ben").await;
    assert_eq!(names(&page(&world, "ben", &[]).await), ["Party 3"]);
    assert!(names(&page(&world, "eve", &[]).await).is_empty());
}

#[tokio::test]
async fn invalid_requests_for_a_list_of_parties_are_refused() {
    let world = World::new().await;
    let list = || Request::new("GET /parties").by("ada");
    for (status, request) in [
        (400, list().query("limit", "0")),
        (400, list().query("limit", "51")),
        (400, list().query("cursor", "x")),
        (400, list().query("cursor", "")),
        (401, Request::new("GET /parties")),
    ] {
        assert_eq!(world.send(handle, &request).await.status, status, "{request:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// The owner ends the party while others come, go and change it, and each batch is read row by row.
    #[test]
    fn a_party_ends_once_whatever_happens_to_it_meanwhile(acts in proptest::collection::vec((0_u64..12, 0_u8..5), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let party = party_of(&world, &["ben"]).await;
            known(&world, &["cy", "dee"]).await;
            invite(&world, "ada", &party, "cy").await;
            world.pusher.take_sent();
            world.table.tear_batches();
            let acts = acts.iter().map(async |(wait, act)| {
                tokio::time::sleep(std::time::Duration::from_millis(*wait)).await;
                match act {
                    0 => accept(&world, &party, "cy").await,
                    1 => depart(&world, "ben", &party, "ben").await,
                    2 => invite(&world, "ben", &party, "dee").await,
                    3 => change(&world, "ada", &party, &json!({ "partyName": format!("After {wait}") })).await,
                    _ => end(&world, "ada", &party).await,
                }
            });
            let late = async {
                tokio::time::sleep(std::time::Duration::from_millis(6)).await;
                end(&world, "ada", &party).await
            };
            let (replies, ended) = join(join_all(acts), late).await;
            prop_assert_eq!(ended.status, 204);
            prop_assert!(replies.iter().all(|reply| reply.status < 500), "{:?}", replies);
            prop_assert_eq!(member_rows(&world).await, 0);
            for user in ["ada", "ben", "cy"] {
                prop_assert!(!may_subscribe(&world, user, &party).await);
            }
            age(&world, 10).await;
            consume(&world).await.unwrap();
            let told = world.pusher.take_sent().into_iter().filter(|(channel, ..)| channel.contains(&party));
            let told: Vec<_> = told.map(|(_, name, _)| name).collect();
            prop_assert_eq!(told.iter().filter(|name| *name == "party-ended").count(), 1);
            prop_assert_eq!(told.last().map(String::as_str), Some("party-ended"), "{:?}", told);
            Ok(())
        })?;
    }
}

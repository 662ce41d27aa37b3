//! Parties of up to 1,000 members (`MAX_PARTY_MEMBERS`).

use ::parties::handle;
use futures_util::future::join_all;
use serde_json::json;
use tests::consumer::{age, consume};
use tests::{Request, World, token_with};

use crate::parties::{accept, ask, change, depart, invite, known, party_of, party_of_many, read};

async fn of_a_thousand() -> World {
    World::with(&[("MAX_PARTY_MEMBERS", "1000")]).await
}

async fn member_rows(world: &World) -> usize {
    world.table.rows().await.keys().filter(|(_, sk)| sk.starts_with("MEMBER#")).count()
}

#[tokio::test]
async fn the_thousandth_member_joins_reads_and_leaves_and_the_next_one_finds_it_full() {
    let world = of_a_thousand().await;
    let party = party_of_many(&world, 999).await;
    known(&world, &["ben", "cy"]).await;
    for user in ["ben", "cy"] {
        assert_eq!(invite(&world, "ada", &party, user).await.status, 201);
    }
    world.pusher.take_sent();
    let joined = accept(&world, &party, "ben").await;
    assert_eq!((joined.status, joined.body["members"].as_array().unwrap().len()), (200, 1_000));
    let [(_, _, event)] = &world.pusher.take_sent()[..] else { panic!("one event") };
    assert_eq!((&event["updateType"], &event["data"]["userId"]), (&json!("member-joined"), &json!("ben")));
    let full = accept(&world, &party, "cy").await;
    assert_eq!((full.status, &full.body["message"]), (409, &json!("The party is full: it has 1000 members")));

    let shown = read(&world, "user-500", &party).await.body;
    let ids: Vec<_> = shown["members"].as_array().unwrap().iter().map(|member| member["userId"].clone()).collect();
    assert_eq!((ids.len(), &ids[0], &ids[999]), (1_000, &json!("user-001"), &json!("ben")), "the first to join first");
    assert_eq!(change(&world, "ada", &party, &json!({ "partyName": "Big" })).await.status, 200);
    assert_eq!(depart(&world, "ada", &party, "user-500").await.status, 204);
    assert_eq!(accept(&world, &party, "cy").await.status, 200, "a place is free");
}

#[tokio::test]
async fn a_party_has_a_hundred_members_where_the_operator_says_nothing() {
    let world = World::new().await;
    let party = party_of_many(&world, 100).await;
    known(&world, &["ben"]).await;
    assert_eq!(invite(&world, "ada", &party, "ben").await.status, 201);
    assert_eq!(accept(&world, &party, "ben").await.status, 409);
    // One that has more, since the operator allowed fewer later, works on.
    world.table.set_number((&format!("PARTY#{party}"), "PARTY"), "members", 101).await;
    assert_eq!(accept(&world, &party, "ben").await.status, 409);
    assert_eq!(depart(&world, "user-050", &party, "user-050").await.status, 204);
}

#[tokio::test]
async fn a_party_of_a_thousand_ends_in_parts_and_a_repeated_call_ends_what_is_left() {
    let world = of_a_thousand().await;
    let party = party_of_many(&world, 1_000).await;
    let end = ask("ada", "DELETE /parties/{partyId}", &party, "");
    // The party's row is written, and the members' rows are not.
    world.table.fail("TransactWriteItems");
    assert_eq!(world.send(handle, &end).await.status, 500);
    world.table.recover();
    assert_eq!(member_rows(&world).await, 1_000);
    assert_eq!(read(&world, "user-500", &party).await.status, 404, "it has ended for everybody");
    assert_eq!(world.send(handle, &end).await.status, 204);
    assert_eq!(member_rows(&world).await, 0);
    age(&world, 10).await;
    consume(&world).await.unwrap();
    assert_eq!(world.pusher.take_names(), ["party-ended"]);
}

#[tokio::test]
async fn forty_who_accept_at_once_all_join() {
    let world = of_a_thousand().await;
    let party = party_of_many(&world, 900).await;
    let users: Vec<_> = (0..40).map(|n| format!("new-{n}")).collect();
    let users: Vec<_> = users.iter().map(String::as_str).collect();
    known(&world, &users).await;
    for (n, user) in users.iter().enumerate() {
        // Two inviters: one may invite twenty at once.
        let by = if n < 20 { "ada" } else { "user-001" };
        assert_eq!(invite(&world, by, &party, user).await.status, 201);
    }
    let renamed = json!({ "partyName": "Crowded" });
    let (replies, changed, removed) = tokio::join!(
        join_all(users.iter().map(|user| accept(&world, &party, user))),
        change(&world, "ada", &party, &renamed),
        depart(&world, "ada", &party, "user-002"),
    );
    assert!(replies.iter().all(|reply| reply.status == 200), "{:?}", replies.iter().map(|r| r.status).max());
    assert_eq!((changed.status, removed.status), (200, 204), "the owner does not lose to the crowd either");
    assert_eq!(read(&world, "ada", &party).await.body["members"].as_array().unwrap().len(), 939);
}

#[tokio::test]
async fn the_owner_of_a_thousand_is_erased_and_the_party_goes_to_the_member_of_longest_standing() {
    let world = of_a_thousand().await;
    let party = party_of_many(&world, 1_000).await;
    let erase = tests::guest_chat::as_service("DELETE /users/{userId}").path("userId", "ada");
    assert_eq!(world.send(erasure::handle, &erase).await.status, 200);
    let shown = read(&world, "user-002", &party).await.body;
    assert_eq!((&shown["ownerId"], shown["members"].as_array().unwrap().len()), (&json!("user-001"), 999));
}

#[tokio::test]
async fn operators_list_a_party_of_a_thousand_and_remove_members_of_it() {
    let world = of_a_thousand().await;
    let party = party_of_many(&world, 1_000).await;
    let admin = token_with("root", &json!({ "roles": ["admin"] }));
    let parties = async |name: &str, value: &str| {
        let (mut cursor, mut found) = (None::<String>, Vec::new());
        loop {
            let request = Request::new("GET /parties").bearer(&admin).query(name, value);
            let request = cursor.iter().fold(request, |request, cursor| request.query("cursor", cursor));
            let page = world.send(handle, &request).await.body;
            let ids = page["parties"].as_array().unwrap().iter().map(|party| party["partyId"].clone());
            found.extend(ids);
            match page["nextCursor"].as_str() {
                None => return found,
                Some(next) => cursor = Some(next.to_owned()),
            }
        }
    };
    assert_eq!(parties("all", "true").await, [json!(party)]);
    for user in ["ada", "user-001", "user-999"] {
        assert_eq!(parties("userId", user).await, [json!(party)], "{user}");
    }
    let remove = ask("root", "DELETE /parties/{partyId}/members/{userId}", &party, "user-999").bearer(&admin);
    assert_eq!(world.send(handle, &remove).await.status, 204);
    assert!(parties("userId", "user-999").await.is_empty());
    let shown = world.send(handle, &ask("root", "GET /parties/{partyId}", &party, "").bearer(&admin)).await;
    assert_eq!(shown.body["members"].as_array().unwrap().len(), 999);
}

#[tokio::test]
async fn the_events_of_a_party_of_a_thousand_are_as_small_as_those_of_two() {
    let world = of_a_thousand().await;
    let bytes = async |party: &str| {
        world.pusher.take_sent();
        assert_eq!(change(&world, "ada", party, &json!({ "partyName": "Renamed" })).await.status, 200);
        let [(_, _, data)] = &world.pusher.take_sent()[..] else { panic!("one event") };
        data.to_string().len()
    };
    let (two, many) = (party_of(&world, &["ben"]).await, party_of_many(&world, 1_000).await);
    assert_eq!(bytes(&two).await, bytes(&many).await);
}

#[tokio::test]
async fn a_thousand_members_with_the_longest_names_fit_into_a_response_of_lambda() {
    let world = of_a_thousand().await;
    let party = party_of_many(&world, 1_000).await;
    let (name, id) = ("\u{1f600}".repeat(128), |n: usize| format!("user-{n:03}"));
    let picture = format!("https://example.com/{}", "x".repeat(1_000));
    let rows: Vec<_> = (1..1_000)
        .map(|n| {
            json!({ "pk": format!("PARTY#{party}"), "sk": format!("MEMBER#{}", id(n)), "username": name, "avatar": picture,
                "joined_at": n, "gsi1pk": format!("MEMBERSHIPS#{}", id(n)), "gsi1sk": format!("{n:016}#{party}") })
        })
        .collect();
    for chunk in rows.chunks(100) {
        world.table.put_rows(chunk).await;
    }
    let shown = read(&world, "ada", &party).await;
    assert_eq!(shown.body["members"].as_array().unwrap().len(), 1_000, "over several pages of the table");
    assert!(shown.body.to_string().len() < 6 * 1024 * 1024, "{}", shown.body.to_string().len());
}

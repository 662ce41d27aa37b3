//! Leases of more than a client and a notary: clerks and co-tenants.

use lease_chat::handle;
use serde_json::{Value, json};
use tests::consumer::{age, consume, owed};
use tests::guest_chat::as_service;
use tests::lease::{ask, known, message, put, with_email, write};
use tests::{Reply, Request, World, token_with};

/// Puts the lease `b1` with these participants.
async fn put_several(world: &World, participants: Value) -> Reply {
    let service = token_with("leases", &json!({ "roles": ["service"] }));
    let body = json!({ "title": "12 rue des Lilas", "participants": participants });
    world.send(handle, &Request::new("PUT /leases/{bailId}").bearer(&service).path("bailId", "b1").json(&body)).await
}

fn people(people: &[(&str, &str)]) -> Value {
    people.iter().map(|(user, role)| json!({ "userId": user, "role": role })).collect()
}

/// The client ada, the notary ben, the clerk cleo and the co-tenant dan.
const FOUR: [(&str, &str); 4] = [("ada", "client"), ("ben", "notary"), ("cleo", "clerk"), ("dan", "co-tenant")];

async fn of_four() -> World {
    let world = with_email().await;
    let reply = put_several(&world, people(&FOUR)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    world
}

/// The status of the request by which this user would subscribe to the lease's channel.
async fn authorized(world: &World, user: &str) -> u16 {
    let body = json!({ "socket_id": "1.2", "channel_name": "presence-bail-b1" });
    world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").by(user).json(&body)).await.status
}

async fn show(world: &World, user: &str) -> Value {
    world.send(handle, &ask(user, "GET /leases/{bailId}")).await.body
}

async fn request(world: &World, user: &str, to: Value) -> Reply {
    let mut body = json!({ "title": "An identity card" });
    if !to.is_null() {
        body["to"] = to;
    }
    world.send(handle, &ask(user, "POST /leases/{bailId}/requests").json(&body)).await
}

async fn decide(world: &World, user: &str, request: &Value, status: &str) -> u16 {
    let change = ask(user, "PATCH /leases/{bailId}/requests/{requestId}");
    let change = change.path("requestId", request["id"].as_str().unwrap()).json(&json!({ "status": status }));
    world.send(handle, &change).await.status
}

#[tokio::test]
async fn each_participant_has_a_role_writes_and_is_shown_to_the_others() {
    let world = of_four().await;
    for (n, (user, role)) in FOUR.into_iter().enumerate() {
        let seat = show(&world, user).await;
        let other = if ["client", "co-tenant"].contains(&role) { "ben" } else { "ada" };
        assert_eq!((&seat["me"]["role"], &seat["otherId"]), (&json!(role), &json!(other)));
        assert_eq!(seat["participants"], people(&FOUR));
        let written = write(&world, user, "Bonjour").await;
        assert_eq!((&written["author"]["role"], &written["seq"]), (&json!(role), &json!(n + 1)));
        let [(channel, name, data)] = &world.pusher.take_sent()[..] else { panic!("one event") };
        assert_eq!((channel.as_str(), name.as_str(), data), ("presence-bail-b1", "new-message", &written));
    }
    let listed = world.send(handle, &ask("dan", "GET /leases/{bailId}/messages")).await.body;
    let roles: Vec<_> = listed["messages"].as_array().unwrap().iter().map(|m| m["author"]["role"].clone()).collect();
    assert_eq!(roles, ["co-tenant", "clerk", "notary", "client"]);
    for (user, role) in FOUR {
        let body = json!({ "socket_id": "1.2", "channel_name": "presence-bail-b1" });
        let granted = world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").by(user).json(&body)).await;
        let data: Value = serde_json::from_str(granted.body["channel_data"].as_str().unwrap()).unwrap();
        assert_eq!(data["user_info"]["role"], role);
    }
    assert_eq!(world.send(handle, &message("eve", "x")).await.status, 404);
}

#[tokio::test]
async fn the_first_message_puts_the_lease_into_the_list_of_each_participant() {
    let world = of_four().await;
    write(&world, "cleo", "Bonjour").await;
    for (user, _) in FOUR {
        let list = world.send(messages::handle, &Request::new("GET /conversations").by(user)).await.body;
        assert_eq!(list["conversations"].as_array().unwrap().len(), 1, "{user} {list}");
        assert_eq!(list["conversations"][0]["lastMessage"]["author"]["role"], "clerk");
    }
    write(&world, "ben", "Bonjour").await;
    let list = world.send(messages::handle, &Request::new("GET /conversations").by("ada")).await.body;
    assert_eq!(list["conversations"][0]["lastMessage"]["author"]["role"], "notary");
}

#[tokio::test]
async fn a_lease_of_two_is_the_same_in_either_form() {
    let world = with_email().await;
    let two = put(&world, json!({})).await.body;
    let mut several = put_several(&world, people(&[("ben", "notary"), ("ada", "client")])).await.body;
    several["updatedAt"] = two["updatedAt"].clone();
    assert_eq!(several, two);
    assert!(show(&world, "ada").await.get("participants").is_none());
    let asked = request(&world, "ada", Value::Null).await.body;
    assert!(asked.get("to").is_none(), "{asked}");
}

#[tokio::test]
async fn rows_name_the_side_where_the_version_before_reads_a_role() {
    let world = of_four().await;
    write(&world, "cleo", "Bonjour").await;
    let asked = request(&world, "dan", Value::Null).await.body;
    assert_eq!(asked["createdBy"]["role"], "co-tenant");
    let rows = world.table.rows().await;
    let row = |sk: &str| rows.iter().find(|((pk, key), _)| pk.contains("LEASE#b1") && key.starts_with(sk)).unwrap().1;
    assert_eq!(row("MSG#")["role"], json!("notary"));
    assert_eq!(row("HEAD")["last_role"], json!("notary"));
    assert_eq!(row("REQUEST#")["created_by"]["role"], json!("client"));
    let lease = row("LEASE");
    assert_eq!((&lease["client"], &lease["notary"]), (&json!("ada"), &json!("ben")));
}

#[tokio::test]
async fn a_removed_clerk_is_out_at_once() {
    let world = of_four().await;
    assert_eq!(put_several(&world, people(&[FOUR[0], FOUR[1], FOUR[3]])).await.status, 200);
    assert_eq!(world.pusher.terminated(), ["cleo"]);
    assert_eq!(world.send(handle, &message("cleo", "encore moi")).await.status, 404);
    assert_eq!(put(&world, json!({})).await.status, 200, "the form of before replaces the lease, too");
    assert_eq!(world.pusher.terminated(), ["cleo", "dan"]);
}

#[tokio::test]
async fn each_participant_who_is_away_gets_an_e_mail_at_their_address() {
    let world = with_email().await;
    let mut named = people(&FOUR);
    named[2]["email"] = json!("cleo@office.example");
    assert_eq!(put_several(&world, named).await.status, 200);
    for user in ["ada", "ben", "dan"] {
        known(&world, user, &format!("{user}@example.com")).await;
    }
    write(&world, "ada", "Bonjour").await;
    consume(&world).await.unwrap();
    let to = |mail: &Value| mail["Destination"]["ToAddresses"][0].as_str().unwrap().to_owned();
    let mut addresses: Vec<_> = world.ses.take_sent().iter().map(to).collect();
    addresses.sort();
    assert_eq!(addresses, ["ben@example.com", "cleo@office.example", "dan@example.com"]);
    // The clerk reads it; the next message finds the others' windows running, and goes to the client alone, who wrote.
    write(&world, "cleo", "Merci").await;
    consume(&world).await.unwrap();
    let addresses: Vec<_> = world.ses.take_sent().iter().map(to).collect();
    assert_eq!(addresses, ["ada@example.com"]);
}

#[tokio::test]
async fn ten_participants_each_have_a_read_mark() {
    let world = with_email().await;
    let users: Vec<_> = (0..8).map(|n| format!("co-{n}")).collect();
    let further = users.iter().map(|user| (user.as_str(), "co-tenant"));
    let all: Vec<_> = [FOUR[0], FOUR[1]].into_iter().chain(further).collect();
    assert_eq!(put_several(&world, people(&all)).await.status, 200);
    for (user, _) in &all {
        write(&world, user, "Bonjour").await;
    }
    // The head has eight of them, and the others have rows of their own.
    for (n, (user, _)) in all.iter().enumerate() {
        let seat = show(&world, user).await;
        assert_eq!((&seat["readSeq"], &seat["unreadCount"]), (&json!(n + 1), &json!(9 - n)), "{user}");
    }
    for (user, _) in &all {
        let read = ask(user, "PUT /leases/{bailId}/read").json(&json!({ "seq": 10 }));
        assert_eq!(world.send(handle, &read).await.body, json!({ "seq": 10, "unreadCount": 0 }), "{user}");
    }
}

#[tokio::test]
async fn the_sides_decide_on_requests_and_a_co_tenant_on_their_own_alone() {
    let world = of_four().await;
    let asked = request(&world, "ben", Value::Null).await.body;
    assert_eq!(decide(&world, "cleo", &asked, "accepted").await, 403, "the notary's own side");
    assert_eq!(decide(&world, "dan", &asked, "accepted").await, 403, "the client decides for their side");
    assert_eq!(decide(&world, "ada", &asked, "accepted").await, 200);
    assert_eq!(decide(&world, "dan", &asked, "done").await, 403);
    assert_eq!(decide(&world, "cleo", &asked, "done").await, 200, "the side that asked");
    let asked = request(&world, "dan", Value::Null).await.body;
    assert_eq!(decide(&world, "cleo", &asked, "accepted").await, 200, "a clerk decides for the notary");
}

#[tokio::test]
async fn a_request_may_be_addressed_to_a_participant_or_to_a_role() {
    let world = of_four().await;
    world.pusher.take_sent();
    let to = json!({ "userId": "dan" });
    let reply = request(&world, "ben", to.clone()).await;
    assert_eq!((reply.status, &reply.body["to"]), (201, &to));
    assert_eq!(world.pusher.take_sent()[0].2["to"], to);
    let asked = reply.body;
    assert_eq!(decide(&world, "ada", &asked, "accepted").await, 403, "it is not for her");
    assert_eq!(decide(&world, "dan", &asked, "accepted").await, 200);
    let to = json!({ "role": "clerk" });
    let asked = request(&world, "ben", to.clone()).await.body;
    for (user, status) in [("ben", 403), ("ada", 403), ("dan", 403), ("cleo", 200)] {
        assert_eq!(decide(&world, user, &asked, "accepted").await, status, "{user}");
    }
    let listed = world.send(handle, &ask("ada", "GET /leases/{bailId}/requests")).await.body;
    assert_eq!(listed["requests"][0]["to"], to);
}

#[tokio::test]
async fn the_other_side_decides_on_a_request_to_somebody_who_has_left_the_lease() {
    let world = of_four().await;
    let to_dan = request(&world, "ben", json!({ "userId": "dan" })).await.body;
    let to_clerks = request(&world, "ada", json!({ "role": "clerk" })).await.body;
    assert_eq!(put_several(&world, people(&FOUR[..2])).await.status, 200);
    assert_eq!(decide(&world, "ben", &to_dan, "accepted").await, 403, "his side asked");
    assert_eq!(decide(&world, "ada", &to_dan, "accepted").await, 200);
    assert_eq!(decide(&world, "ben", &to_clerks, "refused").await, 200);
}

#[tokio::test]
async fn a_change_of_a_request_keeps_what_a_later_version_has_written() {
    let world = of_four().await;
    let asked = request(&world, "ben", json!({ "userId": "dan" })).await.body;
    let rows = world.table.every_row().await;
    let (pk, sk) = rows.into_keys().find(|(_, sk)| sk.starts_with("REQUEST#")).unwrap();
    world.table.set_text((&pk, &sk), "due", "2027-01-01").await;
    assert_eq!(decide(&world, "dan", &asked, "accepted").await, 200);
    let row = &world.table.every_row().await[&(pk, sk)];
    assert_eq!(
        (&row["due"], &row["status"], &row["to"]["userId"]),
        (&json!("2027-01-01"), &json!("accepted"), &json!("dan"))
    );
}

#[tokio::test]
async fn an_addressee_is_another_participant_and_part_of_the_repeated_request() {
    let world = of_four().await;
    for (status, to) in [
        (422, json!({ "userId": "eve" })),
        (422, json!({ "userId": "cleo" })),
        (422, json!({ "role": "clerk" })),
        (400, json!({ "role": "guest" })),
        (400, json!({})),
        (400, json!({ "userId": "ada", "role": "client" })),
        (400, json!({ "userId": "a b" })),
        (400, json!("ada")),
    ] {
        assert_eq!(request(&world, "cleo", to.clone()).await.status, status, "{to}");
    }
    let with_key = |to: &str| {
        let body = json!({ "title": "An identity card", "to": { "userId": to } });
        ask("cleo", "POST /leases/{bailId}/requests").header("idempotency-key", "k1").json(&body)
    };
    let first = world.send(handle, &with_key("dan")).await;
    assert_eq!((first.status, world.send(handle, &with_key("dan")).await.body), (201, first.body.clone()));
    assert_eq!(world.send(handle, &with_key("ada")).await.status, 422);
}

#[tokio::test]
async fn an_erased_clerk_is_out_and_named_nowhere() {
    let world = of_four().await;
    write(&world, "cleo", "secretly").await;
    assert_eq!(request(&world, "ben", json!({ "userId": "cleo" })).await.status, 201);
    assert_eq!(request(&world, "cleo", Value::Null).await.status, 201);
    let reply = world.send(erasure::handle, &as_service("DELETE /users/{userId}").path("userId", "cleo")).await;
    assert_eq!((reply.status, &reply.body["done"]), (200, &json!(true)), "{reply:?}");
    consume(&world).await.unwrap();
    let left = format!("{:?}", world.table.rows().await);
    assert!(!left.contains("cleo") && !left.contains("secretly"), "{left}");
    assert_eq!(show(&world, "ada").await["participants"], people(&[FOUR[0], FOUR[1], FOUR[3]]));
    assert_eq!(world.send(handle, &message("cleo", "x")).await.status, 404);
}

#[tokio::test]
async fn a_removed_participant_gets_nothing_more() {
    let world = of_four().await;
    for user in ["cleo", "dan"] {
        known(&world, user, &format!("{user}@example.com")).await;
        assert_eq!(authorized(&world, user).await, 200);
    }
    write(&world, "ada", "Bonjour").await;
    assert_eq!(put_several(&world, people(&FOUR[..3])).await.status, 200);
    assert_eq!(authorized(&world, "dan").await, 403);
    assert_eq!(authorized(&world, "cleo").await, 200);
    assert_eq!(world.pusher.terminated(), ["dan"], "Pusher cannot end a single subscription");
    for route in ["GET /leases/{bailId}", "GET /leases/{bailId}/messages", "GET /leases/{bailId}/requests"] {
        assert_eq!(world.send(handle, &ask("dan", route)).await.status, 404, "{route}");
    }
    let list = world.send(messages::handle, &Request::new("GET /conversations").by("dan")).await.body;
    assert_eq!(list["conversations"], json!([]));
    // The e-mail about the message of before was not yet sent.
    consume(&world).await.unwrap();
    let addresses: Vec<_> =
        world.ses.take_sent().iter().map(|mail| mail["Destination"]["ToAddresses"][0].clone()).collect();
    assert_eq!(addresses, [json!("cleo@example.com")]);
    let further = write(&world, "ada", "Encore").await;
    assert_eq!(further["seq"], 2);
    let owed = owed(&world).await;
    assert!(!format!("{owed:?}").contains("dan"), "{owed:?}");
}

#[tokio::test]
async fn of_a_replaced_participant_who_is_in_it_again_nothing_is_lost() {
    let world = of_four().await;
    write(&world, "dan", "Bonjour").await;
    assert_eq!(put_several(&world, people(&FOUR[..3])).await.status, 200);
    write(&world, "ada", "Il est parti").await;
    let mut back = people(&FOUR);
    back[3]["role"] = json!("clerk");
    assert_eq!(put_several(&world, back).await.status, 200);
    let seat = show(&world, "dan").await;
    assert_eq!((&seat["me"]["role"], &seat["unreadCount"]), (&json!("clerk"), &json!(1)), "the role of now");
    let listed = world.send(handle, &ask("ada", "GET /leases/{bailId}/messages")).await.body;
    assert_eq!(listed["messages"][1]["author"]["role"], "co-tenant", "the role of then");
}

#[tokio::test]
async fn facts_name_the_participants_and_whom_a_request_is_for() {
    let world = World::with(&[("FACTS", "on")]).await;
    assert_eq!(put_several(&world, people(&FOUR)).await.status, 200);
    write(&world, "cleo", "Bonjour").await;
    assert_eq!(request(&world, "ben", json!({ "userId": "dan" })).await.status, 201);
    assert_eq!(request(&world, "dan", json!({ "role": "clerk" })).await.status, 201);
    age(&world, 4).await;
    consume(&world).await.unwrap();
    let mut heard = world.bus.take_heard();
    heard.sort_by_key(|fact| fact.detail["createdBy"].as_str().map(str::to_owned));
    let [sent, of_ben, of_dan] = &heard[..] else { panic!("{heard:?}") };
    let of_message = ["authorId", "role"].map(|name| sent.detail[name].as_str().unwrap());
    assert_eq!((sent.name.as_str(), of_message), ("message.sent", ["cleo", "clerk"]));
    assert_eq!((of_ben.name.as_str(), &of_ben.detail["createdBy"]), ("lease-request.created", &json!("ben")));
    assert_eq!(
        (&of_ben.detail["to"], &of_dan.detail["to"]),
        (&json!({ "userId": "dan" }), &json!({ "role": "clerk" }))
    );
}

#[tokio::test]
async fn a_service_asks_for_its_user_by_the_users_role() {
    let world = of_four().await;
    let service = token_with("leases", &json!({ "roles": ["service"] }));
    let acting = |user: &str, route: &str| ask(user, route).bearer(&service).header("on-behalf-of", user);
    let body = json!({ "title": "An identity card", "to": { "userId": "dan" } });
    let asked = world.send(handle, &acting("cleo", "POST /leases/{bailId}/requests").json(&body)).await;
    assert_eq!((asked.status, &asked.body["createdBy"]["role"]), (201, &json!("clerk")), "{asked:?}");
    let id = asked.body["id"].as_str().unwrap();
    let decide = |user: &str| {
        let change = acting(user, "PATCH /leases/{bailId}/requests/{requestId}").path("requestId", id);
        change.json(&json!({ "status": "accepted" }))
    };
    assert_eq!(world.send(handle, &decide("ada")).await.status, 403, "she may not, and so a service for her");
    assert_eq!(world.send(handle, &decide("dan")).await.status, 200);
    let stranger = acting("eve", "POST /leases/{bailId}/messages").json(&json!({ "content": "x" }));
    assert_eq!(world.send(handle, &stranger).await.status, 404);
}

#[tokio::test]
async fn a_lease_with_wrong_participants_is_refused() {
    let world = of_four().await;
    let rows = world.table.rows().await;
    let eleven: Vec<_> = (0..9).map(|n| format!("u{n}")).collect();
    let eleven: Vec<_> =
        [FOUR[0], FOUR[1]].into_iter().chain(eleven.iter().map(|user| (user.as_str(), "clerk"))).collect();
    for (status, participants) in [
        (400, people(&FOUR[..1])),
        (400, people(&eleven)),
        (400, people(&[FOUR[0], ("ben", "lawyer")])),
        (400, people(&[FOUR[0], ("a b", "notary")])),
        (400, json!([{ "userId": "ada", "role": "client", "email": "x" }, { "userId": "ben", "role": "notary" }])),
        (422, people(&[FOUR[0], FOUR[2]])),
        (422, people(&[FOUR[0], FOUR[1], ("cleo", "notary")])),
        (422, people(&[FOUR[0], FOUR[1], ("ada", "clerk")])),
    ] {
        assert_eq!(put_several(&world, participants.clone()).await.status, status, "{participants}");
    }
    assert_eq!(put(&world, json!({ "participants": people(&FOUR) })).await.status, 400, "one form or the other");
    assert_eq!(world.table.rows().await, rows);
}

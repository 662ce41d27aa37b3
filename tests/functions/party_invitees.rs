//! Whom an invitation is for: by id, by verified e-mail address, by user name.

use ::parties::handle;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::consumer::{age, consume};
use tests::{Fault, Reply, Request, World, token_with};

use crate::guest_emails::with_grace;
use crate::parties::{ask, create, invitations, known};

async fn invite(world: &World, by: &str, party: &str, invitee: &Value) -> Reply {
    world.send(handle, &ask(by, "POST /parties/{partyId}/invitations", party, "").json(invitee)).await
}

/// Lets a user with this token's claims send a request.
async fn call(world: &World, user: &str, claims: &Value) {
    let request = Request::new("GET /party-invitations").bearer(&token_with(user, claims));
    assert_eq!(world.send(handle, &request).await.status, 200);
}

async fn put_profile(world: &World, user: &str, profile: &Value) {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    let put = Request::new("PUT /users/{userId}/profile").path("userId", user).bearer(&service).json(profile);
    assert_eq!(world.send(profiles::handle, &put).await.status, 200);
}

fn email(address: &str) -> Value {
    json!({ "email": address })
}

fn username(name: &str) -> Value {
    json!({ "username": name })
}

/// The status, and the id of the invited user.
fn told(reply: &Reply) -> (u16, Option<&str>) {
    (reply.status, reply.body["userId"].as_str())
}

#[tokio::test]
async fn a_user_is_invited_by_verified_email_or_by_user_name() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    call(&world, "u-1", &json!({ "name": "Ben Okoro", "email": "Ben@Example.com", "email_verified": true })).await;
    call(&world, "u-2", &json!({ "name": "Cleo Fuchs", "email": "cleo@example.com", "email_verified": "true" })).await;
    put_profile(&world, "u-3", &json!({ "displayName": "Dora Maar", "email": "dora@example.com" })).await;
    call(&world, "u-4", &json!({ "name": "Eve Hall" })).await;
    for (invitee, user) in [
        (email("bEN@example.com"), "u-1"),
        (username(" Cleo Fuchs "), "u-2"),
        (email("dora@example.com"), "u-3"),
        (username("Eve Hall"), "u-4"),
    ] {
        let reply = invite(&world, "ada", &party, &invitee).await;
        assert_eq!(told(&reply), (201, Some(user)), "{invitee} {reply:?}");
        let fields: Vec<_> = reply.body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["invitedAt", "invitedBy", "partyId", "partyName", "userId"], "no name and no address");
        assert_eq!(invitations(&world, user).await.len(), 1);
    }
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_is_as_unknown_as_any_other() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    let nobody = invite(&world, "ada", &party, &email("nobody@example.com")).await;
    assert_eq!(nobody.status, 404, "{nobody:?}");
    for (user, verified) in [
        ("unsaid", json!({})),
        ("no", json!({ "email_verified": false })),
        // Supabase's users may write it themselves.
        ("own-word", json!({ "user_metadata": { "email_verified": true } })),
    ] {
        let mut claims = json!({ "email": format!("{user}@example.com") });
        claims.as_object_mut().unwrap().extend(verified.as_object().unwrap().clone());
        call(&world, user, &claims).await;
        let reply = invite(&world, "ada", &party, &email(&format!("{user}@example.com"))).await;
        assert_eq!((reply.status, &reply.body), (404, &nobody.body), "{user}");
    }
}

#[tokio::test]
async fn a_user_name_is_compared_letter_by_letter() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    call(&world, "u-1", &json!({ "name": "Ben Okoro" })).await;
    for name in ["ben okoro", "Ben", "Ben  Okoro", "Bén Okoro"] {
        assert_eq!(invite(&world, "ada", &party, &username(name)).await.status, 404, "{name}");
    }
    assert_eq!(invite(&world, "ada", &party, &username("Ben Okoro")).await.status, 201);
}

#[tokio::test]
async fn of_several_users_with_a_name_none_is_shown_and_the_caller_is_not_counted() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    for user in ["u-1", "u-2"] {
        call(&world, user, &json!({ "name": "Sam", "email": "sam@example.com", "email_verified": true })).await;
    }
    for (invitee, choose) in [(username("Sam"), "userId or the email"), (email("sam@example.com"), "userId")] {
        let reply = invite(&world, "ada", &party, &invitee).await;
        let message = reply.body["message"].as_str().unwrap();
        assert!(reply.status == 409 && message.contains(choose) && !message.contains("u-"), "{reply:?}");
    }
    assert_eq!(invite(&world, "ada", &party, &json!({ "userId": "u-2" })).await.status, 201);
    // ada's own name is Ada.
    assert_eq!(invite(&world, "ada", &party, &username("Ada")).await.status, 422);
    call(&world, "u-3", &json!({ "name": "Ada" })).await;
    assert_eq!(told(&invite(&world, "ada", &party, &username("Ada")).await), (201, Some("u-3")));
}

#[tokio::test]
async fn a_name_of_more_users_than_are_looked_at_counts_as_several() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    for user in 0..26 {
        call(&world, &format!("u-{user}"), &json!({ "name": "Sam" })).await;
    }
    assert_eq!(invite(&world, "ada", &party, &username("Sam")).await.status, 409);
}

#[tokio::test]
async fn an_address_does_not_tell_a_member_from_an_invited_user() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    for user in ["u-1", "u-2"] {
        let claims = json!({ "name": user, "email": format!("{user}@example.com"), "email_verified": true });
        call(&world, user, &claims).await;
        assert_eq!(invite(&world, "ada", &party, &json!({ "userId": user })).await.status, 201);
    }
    let accept = ask("u-1", "POST /parties/{partyId}/invitations/accept", &party, "");
    assert_eq!(world.send(handle, &accept).await.status, 200);
    let replies = [email("u-1@example.com"), email("u-2@example.com")];
    let member = invite(&world, "ada", &party, &replies[0]).await;
    let invited = invite(&world, "ada", &party, &replies[1]).await;
    assert_eq!((member.status, &member.body), (409, &invited.body));
}

#[tokio::test]
async fn only_members_look_for_users_by_name() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    call(&world, "u-1", &json!({ "name": "Ben Okoro", "email": "ben@example.com", "email_verified": true })).await;
    for invitee in
        [email("ben@example.com"), email("nobody@example.com"), username("Ben Okoro"), username("No"), username("Eve")]
    {
        let reply = invite(&world, "eve", &party, &invitee).await;
        assert_eq!(reply.status, 403, "{invitee} {reply:?}");
        assert_eq!(invite(&world, "eve", "no-party", &invitee).await.status, 404, "{invitee}");
    }
}

#[tokio::test]
async fn exactly_one_way_of_naming_a_user_is_taken() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    known(&world, &["ben"]).await;
    for invitee in [
        json!({}),
        json!({ "userId": null }),
        json!({ "userId": "ben", "username": "Ben" }),
        json!({ "email": "ben@example.com", "username": "Ben" }),
        email("ben"),
        username(""),
        username("Ben\nOkoro"),
        username(&"x".repeat(129)),
        json!({ "name": "Ben" }),
    ] {
        assert_eq!(invite(&world, "ada", &party, &invitee).await.status, 400, "{invitee}");
    }
}

#[tokio::test]
async fn a_user_is_found_by_what_they_are_called_now() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    call(&world, "u-1", &json!({ "name": "Ben", "email": "old@example.com", "email_verified": true })).await;
    call(&world, "u-1", &json!({ "name": "Benjamin", "email": "new@example.com", "email_verified": true })).await;
    for gone in [username("Ben"), email("old@example.com")] {
        assert_eq!(invite(&world, "ada", &party, &gone).await.status, 404, "{gone}");
    }
    // An address that nobody has verified is not theirs, and the one of before is not any more.
    call(&world, "u-1", &json!({ "name": "Benjamin", "email": "unverified@example.com" })).await;
    for gone in [email("unverified@example.com"), email("new@example.com")] {
        assert_eq!(invite(&world, "ada", &party, &gone).await.status, 404, "{gone}");
    }
    call(&world, "u-1", &json!({ "name": "Benjamin", "email": "new@example.com", "email_verified": true })).await;
    // The profile that another back end puts goes before the token, until it is put without it.
    put_profile(&world, "u-1", &json!({ "displayName": "Captain", "email": "captain@example.com" })).await;
    for gone in [username("Benjamin"), email("new@example.com")] {
        assert_eq!(invite(&world, "ada", &party, &gone).await.status, 404, "{gone}");
    }
    put_profile(&world, "u-1", &json!({})).await;
    assert_eq!(invite(&world, "ada", &party, &username("Captain")).await.status, 404);
    assert_eq!(invite(&world, "ada", &party, &email("captain@example.com")).await.status, 404);
    assert_eq!(told(&invite(&world, "ada", &party, &email("new@example.com")).await), (201, Some("u-1")));
}

#[tokio::test]
async fn a_profile_of_the_version_before_is_found_from_its_users_next_call_on() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    world.table.put(&[("pk", "USER#u-1"), ("sk", "PROFILE"), ("name", "Ben"), ("email", "ben@example.com")]).await;
    assert_eq!(invite(&world, "ada", &party, &username("Ben")).await.status, 404);
    call(&world, "u-1", &json!({ "name": "Ben", "email": "ben@example.com", "email_verified": true })).await;
    // The version before changes the address alone: nobody has verified this one.
    let mut row = json!(world.table.row("USER#u-1", "PROFILE").await.unwrap());
    row["email"] = json!("other@example.com");
    row["name"] = json!("Benjamin");
    world.table.put_rows(&[row]).await;
    for gone in [username("Ben"), email("ben@example.com"), email("other@example.com")] {
        assert_eq!(invite(&world, "ada", &party, &gone).await.status, 404, "{gone}");
    }
    call(&world, "u-1", &json!({ "email": "ben@example.com", "email_verified": true, "name": "Benjamin" })).await;
    assert_eq!(told(&invite(&world, "ada", &party, &username("Benjamin")).await), (201, Some("u-1")));
}

#[tokio::test]
async fn an_erased_user_is_found_by_nothing() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    call(&world, "u-1", &json!({ "name": "Ben", "email": "ben@example.com", "email_verified": true })).await;
    assert!(world.table.row("USER#u-1", "EMAIL").await.is_some());
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    let erase = Request::new("DELETE /users/{userId}").path("userId", "u-1").bearer(&service);
    assert_eq!(world.send(erasure::handle, &erase).await.status, 200);
    assert!(world.table.row("USER#u-1", "EMAIL").await.is_none());
    for gone in [username("Ben"), email("ben@example.com")] {
        assert_eq!(invite(&world, "ada", &party, &gone).await.status, 404, "{gone}");
    }
}

/// A world in which only the limit on invitations stops anybody.
async fn with_budget() -> World {
    World::with(&[("WRITES_PER_MINUTE", "6000")]).await
}

#[tokio::test]
async fn each_guess_counts_like_an_invitation_and_after_twenty_a_right_one_tells_nothing_either() {
    let world = with_budget().await;
    let party = create(&world, "ada").await;
    for user in ["u-1", "u-2"] {
        call(&world, user, &json!({ "name": "Sam", "email": format!("{user}@example.com"), "email_verified": true }))
            .await;
    }
    assert_eq!(invite(&world, "ada", &party, &email("u-1@example.com")).await.status, 201);
    // An address of an invited user, a name of several, and an unknown address.
    let refused = [(409, email("u-1@example.com")), (409, username("Sam")), (404, email("nobody@example.com"))];
    for (status, invitee) in refused.iter().cycle().take(19) {
        assert_eq!(invite(&world, "ada", &party, invitee).await.status, *status, "{invitee}");
    }
    let guesses = [email("nobody@example.com"), email("u-1@example.com"), email("u-2@example.com"), username("Sam")];
    for guess in &guesses {
        let reply = invite(&world, "ada", &party, guess).await;
        assert_eq!(reply.status, 429, "{guess} {reply:?}");
        let wait: u64 = reply.headers["retry-after"].parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
    }
    assert_eq!(invite(&world, "ada", &party, &username("Ada")).await.status, 422, "one's own name is no secret");
    world.table.set_number(("USER#ada", "LIMIT#invitations"), "due", 0).await;
    assert_eq!(invite(&world, "ada", &party, &email("u-2@example.com")).await.status, 201);
}

#[tokio::test]
async fn guesses_that_come_at_once_tell_no_more_than_one_after_another() {
    let world = with_budget().await;
    let party = create(&world, "ada").await;
    let guesses: Vec<_> = (0..40).map(|n| email(&format!("guess-{n}@example.com"))).collect();
    let replies = join_all(guesses.iter().map(|guess| invite(&world, "ada", &party, guess))).await;
    let of = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((of(404), of(429)), (20, 20));
}

#[tokio::test]
async fn an_unknown_party_and_a_wrong_form_do_not_count_as_guesses() {
    let world = with_budget().await;
    let party = create(&world, "ada").await;
    for _ in 0..25 {
        assert_eq!(invite(&world, "ada", "no-party", &email("nobody@example.com")).await.status, 404);
        assert_eq!(invite(&world, "ada", &party, &email("nobody")).await.status, 400);
    }
    assert!(world.table.row("USER#ada", "LIMIT#invitations").await.is_none());
}

#[tokio::test]
async fn a_miss_also_counts_five_times_against_the_budget_of_writes() {
    let world = World::with(&[("WRITES_PER_MINUTE", "30")]).await;
    let party = create(&world, "ada").await;
    let mut guesses = 0;
    while invite(&world, "ada", &party, &email(&format!("guess-{guesses}@example.com"))).await.status == 404 {
        guesses += 1;
        assert!(guesses < 10, "thirty commands are six guesses");
    }
    assert!(guesses >= 4, "{guesses}");
}

#[tokio::test]
async fn a_service_invites_by_address_for_its_user_and_the_fact_names_both_ids() {
    let world = World::with(&[("FACTS", "on")]).await;
    let party = create(&world, "ada").await;
    call(&world, "u-1", &json!({ "name": "Ben", "email": "ben@example.com", "email_verified": true })).await;
    consume(&world).await.unwrap();
    world.bus.take_heard();
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    let request = ask("ada", "POST /parties/{partyId}/invitations", &party, "").bearer(&service);
    let request = request.header("on-behalf-of", "ada").json(&email("ben@example.com"));
    let reply = world.send(handle, &request).await;
    assert_eq!(told(&reply), (201, Some("u-1")));
    age(&world, 4).await;
    consume(&world).await.unwrap();
    let [sent] = &world.bus.take_heard()[..] else { panic!("one fact") };
    let ids = ["partyId", "userId", "invitedBy", "service"].map(|name| sent.detail[name].as_str().unwrap().to_owned());
    assert_eq!((sent.name.as_str(), ids), ("invitation.sent", [&party, "u-1", "ada", "billing"].map(str::to_owned)));
    assert!(!sent.detail.to_string().contains("example.com"), "{sent:?}");
}

#[tokio::test]
async fn a_user_whose_profile_was_imported_is_found_by_it_until_a_back_end_puts_another() {
    let world = World::new().await;
    let party = create(&world, "ada").await;
    let line = json!({ "kind": "profile", "userId": "u-1", "displayName": "Ben Okoro", "email": "Ben@example.com" });
    let import = async |line: &Value| {
        let reply = world.send(::imports::handle, &crate::imports::request(std::slice::from_ref(line))).await;
        reply.body["results"][0]["result"].as_str().unwrap().to_owned()
    };
    // The table fails between the profile and its entry, and the line is sent again.
    world.table.inject("TransactWriteItems", &[Fault::refusal(400, "ResourceNotFoundException")]);
    assert_eq!(import(&line).await, "failed");
    assert_eq!(import(&line).await, "unchanged");
    assert_eq!(told(&invite(&world, "ada", &party, &email("ben@example.com")).await), (201, Some("u-1")));
    let other = json!({ "kind": "profile", "userId": "u-2", "displayName": "Cleo Fuchs" });
    assert_eq!(import(&other).await, "created");
    assert_eq!(told(&invite(&world, "ada", &party, &username("Cleo Fuchs")).await), (201, Some("u-2")));
    put_profile(&world, "u-1", &json!({ "displayName": "Benjamin" })).await;
    for gone in [username("Ben Okoro"), email("ben@example.com")] {
        assert_eq!(invite(&world, "ada", &party, &gone).await.status, 404, "{gone}");
    }
}

#[tokio::test]
async fn nobody_invites_a_hotels_guest() {
    let world = with_grace().await;
    let party = create(&world, "ada").await;
    for guest in [username("Grace"), email("grace@example.com"), json!({ "userId": "guest;killarney;BK-2025-0123" })] {
        assert_eq!(invite(&world, "ada", &party, &guest).await.status, 404, "{guest}");
    }
}

#[tokio::test]
async fn an_address_is_not_in_the_index() {
    let world = World::new().await;
    call(&world, "u-1", &json!({ "name": "Ben Okoro", "email": "ben@example.com", "email_verified": true })).await;
    for sk in ["PROFILE", "EMAIL"] {
        let row = world.table.row("USER#u-1", sk).await.unwrap();
        let entry = row["gsi1pk"].as_str().unwrap();
        assert!(!entry.contains("Ben") && !entry.contains('@'), "{entry}");
    }
    assert_eq!(world.table.row("USER#u-1", "EMAIL").await.unwrap().len(), 4, "its keys alone");
}

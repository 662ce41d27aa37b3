//! Texts of one person that others see: names, pictures, titles. They are visible, break no line and turn
//! no sentence around, from every source.

use serde_json::{Value, json};
use tests::guest_chat::{as_guest, hire, inbox};
use tests::{Request, World, token_with};

/// A name with a second sentence, a picture that is a script.
const EVIL: &str = "Ada\nYour bank:\u{202e} call";
const CLEANED: &str = "Ada Your bank: call";

fn evil(user: &str) -> String {
    token_with(user, &json!({ "name": EVIL, "picture": "javascript:alert(1)", "image": "https://x/a.png" }))
}

/// A service's request.
fn service(route: &str) -> Request {
    Request::new(route).bearer(&token_with("billing", &json!({ "roles": ["service"] })))
}

#[tokio::test]
async fn a_name_and_a_picture_of_a_token_are_cleaned_before_anybody_sees_them() {
    let world = World::new().await;
    let enter = Request::new("POST /rooms/{bookId}/presence").bearer(&evil("ada")).path("bookId", "b1");
    assert_eq!(world.send(presence_join::handle, &enter).await.status, 200, "nobody is locked out for a name");
    let sent = world.pusher.take_sent();
    assert_eq!((&sent[0].2["displayName"], &sent[0].2["avatarUrl"]), (&json!(CLEANED), &json!("https://x/a.png")));
    for (name, shown) in [("\u{3164}\u{200b}", "ada"), ("\u{115f}", "ada"), ("\u{2800}", "ada"), ("عمر", "عمر")] {
        // A token without a name leaves the one of an earlier token.
        let world = World::new().await;
        let token = token_with("ada", &json!({ "name": name, "picture": "data:text/html,x" }));
        let body = json!({ "socket_id": "1.2", "channel_name": "presence-room-b1" });
        let reply =
            world.send(pusher_auth::handle, &Request::new("POST /pusher/auth").bearer(&token).json(&body)).await;
        let shown_to_all: Value = serde_json::from_str(reply.body["channel_data"].as_str().unwrap()).unwrap();
        assert_eq!(
            (&shown_to_all["user_info"]["displayName"], &shown_to_all["user_info"]["avatarUrl"]),
            (&json!(shown), &json!(null))
        );
    }
}

#[tokio::test]
async fn a_guests_name_makes_no_sentence_of_a_notification() {
    let world = World::new().await;
    hire(&world, &["ada"]).await;
    let claims = json!({ "aud": "guest", "hotel": "killarney", "booking": "BK-2025-0123", "name": EVIL, "exp": 4_102_444_800_i64 });
    let write =
        tests::guest_chat::with_token(&tests::signed(&claims), "POST /messages").json(&json!({ "message": "a\nb" }));
    let written = world.send(guest_chat::handle, &write).await;
    assert_eq!(written.body["message"]["author"]["name"], CLEANED, "{written:?}");
    let chat = &world.send(guest_chat::handle, &inbox("ada")).await.body["chats"][0];
    assert_eq!((&chat["guestName"], &chat["lastMessage"]["preview"]), (&json!(CLEANED), &json!("a b")));
    assert_eq!(world.send(guest_chat::handle, &as_guest("GET /messages")).await.body["messages"][0]["message"], "a\nb");
}

#[tokio::test]
async fn a_title_of_a_body_that_is_not_one_line_is_refused_with_what_to_send() {
    let world = World::new().await;
    let by_ada = |route: &str| Request::new(route).by("ada");
    let lease = |title: &str| json!({ "clientId": "ada", "notaryId": "ben", "title": title });
    let put_lease = service("PUT /leases/{bailId}").path("bailId", "b1");
    assert_eq!(world.send(lease_chat::handle, &put_lease.clone().json(&lease("12 rue"))).await.status, 200);
    let rows = world.table.rows().await;
    for bad in ["a\nb", "a\tb", "\u{2028}a\u{2029}b", "\u{200b}", "\u{3164}", ""] {
        let kudos = json!({ "receiverId": "ben", "sessionId": "s", "bookTitle": bad });
        let notification = json!({ "userId": "ada", "type": "SYSTEM", "title": bad });
        let refusals = [
            ("bookTitle", world.send(kudos_create::handle, &by_ada("POST /kudos").json(&kudos)).await),
            (
                "partyName",
                world.send(parties::handle, &by_ada("POST /parties").json(&json!({ "partyName": bad }))).await,
            ),
            ("title", world.send(lease_chat::handle, &put_lease.clone().json(&lease(bad))).await),
            (
                "title",
                world
                    .send(
                        lease_chat::handle,
                        &by_ada("POST /leases/{bailId}/requests").path("bailId", "b1").json(&json!({ "title": bad })),
                    )
                    .await,
            ),
            (
                "authorName",
                world
                    .send(
                        books::handle,
                        &service("PUT /books/{bookId}")
                            .path("bookId", "b")
                            .json(&json!({ "authorId": "a", "authorName": bad })),
                    )
                    .await,
            ),
            ("title", world.send(notifications::handle, &service("POST /notifications").json(&notification)).await),
        ];
        for (field, reply) in refusals {
            let told = reply.body["message"].as_str().unwrap_or_default();
            assert_eq!(reply.status, 400, "{bad:?} as {field}: {reply:?}");
            assert!(told.starts_with(&format!("{field} must be one line of 1 to ")), "{told}");
        }
    }
    let data = json!({ "userId": "ada", "type": "MESSAGE", "data": { "senderName": EVIL } });
    let reply = world.send(notifications::handle, &service("POST /notifications").json(&data)).await;
    assert!(
        reply.status == 400 && reply.body["message"].as_str().unwrap().starts_with("data.senderName must be one line"),
        "{reply:?}"
    );
    assert!(
        world.table.rows().await.keys().all(|key| rows.contains_key(key) || key.1.starts_with("PROFILE")),
        "nothing was written"
    );
}

#[tokio::test]
async fn characters_that_turn_the_direction_are_removed_from_a_title() {
    let world = World::new().await;
    let party = json!({ "partyName": "\u{202b}قراء\u{202c} \u{202e}Readers" });
    let reply = world.send(parties::handle, &Request::new("POST /parties").by("ada").json(&party)).await;
    assert_eq!((reply.status, &reply.body["partyName"]), (201, &json!("قراء Readers")));
}

#[tokio::test]
async fn a_name_from_right_to_left_is_isolated_in_a_sentence_and_no_other_is() {
    let world = World::new().await;
    let mut sentences = Vec::new();
    for name in ["John", "عمر"] {
        tests::notification::notify(&world, json!({ "data": { "senderName": name } })).await;
        sentences.push(world.pusher.take_sent()[0].2["message"].as_str().unwrap().to_owned());
    }
    assert_eq!(sentences, ["John sent you a message", "\u{2068}عمر\u{2069} sent you a message"]);
}

#[tokio::test]
async fn a_row_that_an_older_version_stored_is_shown_cleaned() {
    let world = World::new().await;
    world.table.put(&[("pk", "USER#eve"), ("sk", "PROFILE"), ("name", EVIL), ("avatar", "javascript:alert(1)")]).await;
    let kudos = json!({ "receiverId": "ada", "sessionId": "s", "bookTitle": "Emma" });
    world.send(kudos_create::handle, &Request::new("POST /kudos").bearer(&evil("eve")).json(&kudos)).await;
    world.table.put(&[("pk", "USER#eve"), ("sk", "PROFILE"), ("name", EVIL), ("avatar", "javascript:alert(1)")]).await;
    let received = world.send(kudos_list::handle, &Request::new("GET /kudos").by("ada")).await.body;
    let from = &received["kudos"][0]["fromUser"];
    assert_eq!((&from["displayName"], &from["avatarUrl"]), (&json!(CLEANED), &json!(null)), "{received}");
}

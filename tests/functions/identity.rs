//! Tokens, as the caller and the log see them.

use pusher_auth::handle;
use serde_json::{Value, json};
use tests::{Reply, Request, World, token_with};

const NOT_VALID: &str = "The token is not valid here; sign in again";

fn subscribe(token: &str) -> Request {
    let body = json!({ "socket_id": "1.2", "channel_name": "private-user-ida" });
    Request::new("POST /pusher/auth").bearer(token).json(&body)
}

/// The caller, as a sign-in shows them.
async fn person(world: &World, claims: Value) -> Value {
    let token = token_with("ida", &claims);
    let request = Request::new("POST /pusher/user-auth").bearer(&token).form("socket_id=1.2");
    let reply = world.send(handle, &request).await;
    assert_eq!(reply.status, 200, "{claims} {reply:?}");
    serde_json::from_str(reply.body["user_data"].as_str().unwrap()).unwrap()
}

async fn is_service(world: &World, claims: Value) -> bool {
    let request = Request::new("POST /notifications").bearer(&token_with("billing", &claims));
    let reply = world.send(notifications::handle, &request.json(&json!({ "userId": "ben", "type": "SYSTEM" }))).await;
    assert!([201, 403].contains(&reply.status), "{claims} {reply:?}");
    reply.status == 201
}

/// That the reply is a 401 whose message, challenge and log line say this, and whose log line has nothing of the token.
fn is_refused(reply: &Reply, token: &str, cause: &str, told: &str) {
    assert_eq!(reply.status, 401, "{cause}: {reply:?}");
    let message = reply.body["message"].as_str().unwrap();
    assert!(message.contains(told), "{cause}: {message}");
    let challenge = format!(r#"Bearer error="invalid_token", error_description="{message}""#);
    assert_eq!(reply.headers["www-authenticate"], challenge, "{cause}");
    assert_eq!((&reply.line["tokenRefused"], &reply.line["outcome"]), (&json!(cause), &json!(message)));
    let line = reply.line.to_string();
    for part in token.split('.').filter(|part| part.len() > 4) {
        assert!(!line.contains(part), "{line}");
    }
}

#[tokio::test]
async fn a_refused_token_gets_the_reason_and_the_log_line_names_the_cause() {
    let settings = [("JWT_ISSUER", "https://id.example"), ("JWT_AUDIENCE", "carillon")];
    let world = World::with(&settings).await;
    let token = |changes: Value| {
        let mut claims = json!({ "iss": "https://id.example", "aud": "carillon" });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        token_with("ida", &claims)
    };
    assert_eq!(world.send(handle, &subscribe(&token(json!({})))).await.status, 200);
    for (changes, cause, told) in [
        (json!({ "exp": 1_600_000_000 }), "expired", "expired"),
        (json!({ "nbf": 4_102_444_000_i64 }), "not yet valid", "not valid yet"),
        (json!({ "nbf": "soon" }), "malformed nbf", "nbf"),
        (json!({ "exp": null }), "no exp", "exp"),
        (json!({ "iss": "https://other.example" }), "other issuer", "iss"),
        (json!({ "iss": null }), "other issuer", "iss"),
        (json!({ "aud": "other-app" }), "other audience", "aud"),
        (json!({ "aud": null }), "other audience", "aud"),
        (json!({ "sub": null }), "no user id", "the claim sub"),
        (json!({ "sub": "" }), "unusable user id", "The token's sub must be"),
        (json!({ "aud": ["carillon", "guest"] }), "guest", "guest"),
    ] {
        let token = token(changes);
        let reply = world.send(handle, &subscribe(&token)).await;
        is_refused(&reply, &token, cause, told);
        for value in ["other.example", "other-app"] {
            assert!(!reply.body.to_string().contains(value) && !reply.line.to_string().contains(value), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn a_token_that_the_issuer_did_not_sign_gets_one_sentence_whatever_else_is_wrong() {
    let world = World::new().await;
    let good = token_with("ida", &json!({}));
    let parts: Vec<_> = good.split('.').collect();
    // {"sub":"ida","exp":1}, which has expired too.
    let expired = format!("{}.eyJzdWIiOiJhZGEiLCJleHAiOjF9.{}", parts[0], parts[2]);
    // {"alg":"HS512","typ":"JWT"}
    let other_algorithm = format!("eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.{}.{}", parts[1], parts[2]);
    let long = format!("{good}{}", "x".repeat(9_000));
    for (token, cause) in [
        (expired.as_str(), "bad signature"),
        (&other_algorithm, "wrong algorithm"),
        (&long, "too long"),
        ("not-a-token", "malformed"),
    ] {
        let reply = world.send(handle, &subscribe(token)).await;
        is_refused(&reply, token, cause, NOT_VALID);
        assert_eq!(reply.body["message"], NOT_VALID, "{cause}");
    }
}

#[tokio::test]
async fn a_request_without_a_token_gets_a_challenge_that_names_no_error() {
    let world = World::new().await;
    let without = Request::new("POST /pusher/user-auth").form("socket_id=1.2");
    let basic = without.clone().header("authorization", "Basic YTpi");
    for request in [without, basic] {
        let reply = world.send(handle, &request).await;
        assert_eq!((reply.status, reply.headers["www-authenticate"].as_str()), (401, "Bearer"), "{reply:?}");
        assert!(reply.line.get("tokenRefused").is_none(), "{reply:?}");
    }
}

#[tokio::test]
async fn claims_that_nobody_needs_lock_nobody_out() {
    let world = World::new().await;
    for odd in [json!(null), json!(7), json!(true), json!([null, 7]), json!({ "a": 1 }), json!("")] {
        let names = ["name", "preferred_username", "picture", "avatar_url", "email", "locale", "roles", "azp", "aud"];
        let claims: Value = names.map(|name| (name.to_owned(), odd.clone())).into_iter().collect();
        let info = json!({ "userId": "ida", "displayName": "ida", "avatarUrl": null });
        assert_eq!(person(&world, claims).await["user_info"], info, "{odd}");
    }
    assert!(!is_service(&world, json!({ "roles": null })).await);
    assert!(!is_service(&world, json!({ "roles": { "service": true } })).await);
}

#[tokio::test]
async fn roles_are_a_list_or_words() {
    let world = World::new().await;
    for roles in [json!("service"), json!("reader service"), json!(["service"]), json!([7, null, "service"])] {
        assert!(is_service(&world, json!({ "roles": roles })).await, "{roles}");
    }
    for roles in [json!("services"), json!("self-service"), json!(["reader service"]), json!([["service"]])] {
        assert!(!is_service(&world, json!({ "roles": roles })).await, "{roles}");
    }
}

#[tokio::test]
async fn the_usual_names_of_claims_are_tried_in_the_documented_order() {
    let world = World::new().await;
    let names = ["name", "preferred_username", "nickname", "username"];
    let pictures = ["picture", "avatar_url", "image"];
    let claims =
        |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), json!(format!("https://x/{name}")))).collect();
    for first in 0..names.len() {
        let found = person(&world, claims(&names[first..])).await;
        assert_eq!(found["user_info"]["displayName"], format!("https://x/{}", names[first]));
    }
    for first in 0..pictures.len() {
        let found = person(&world, claims(&pictures[first..])).await;
        assert_eq!(found["user_info"]["avatarUrl"], format!("https://x/{}", pictures[first]));
    }
    let blank = json!({ "name": " ", "nickname": "Countess", "picture": "x".repeat(513), "image": "https://x/a.png" });
    let info = json!({ "userId": "ida", "displayName": "Countess", "avatarUrl": "https://x/a.png" });
    assert_eq!(person(&world, blank).await["user_info"], info);
}

#[tokio::test]
async fn claims_are_read_under_the_names_that_are_set() {
    let world = World::with(&[
        ("JWT_CLAIM_USER_ID", "https://example.com/user_id"),
        ("JWT_CLAIM_NAME", "user_metadata.full_name"),
        ("JWT_CLAIM_PICTURE", "photo"),
        ("JWT_CLAIM_ROLES", "app_metadata.roles"),
    ])
    .await;
    let claims = json!({
        "sub": "auth0|abc", "https://example.com/user_id": "ida-1", "name": "not this", "picture": "nor this",
        "user_metadata": { "full_name": "Ada" }, "photo": "https://x/a.png"
    });
    let info = json!({ "userId": "ida-1", "displayName": "Ada", "avatarUrl": "https://x/a.png" });
    assert_eq!(person(&world, claims.clone()).await["user_info"], info);

    let service = |more: Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    assert!(is_service(&world, service(json!({ "app_metadata": { "roles": ["service"] } }))).await);
    assert!(is_service(&world, service(json!({ "app_metadata.roles": "service" }))).await);
    assert!(!is_service(&world, service(json!({ "roles": ["service"] }))).await, "only the claim that is named");

    let namespaced = World::with(&[("JWT_CLAIM_ROLES", "https://example.com/roles")]).await;
    assert!(is_service(&namespaced, json!({ "https://example.com/roles": ["service"] })).await);
}

#[tokio::test]
async fn an_id_that_no_channel_name_can_hold_is_refused_with_how_to_map_it() {
    let world = World::new().await;
    let token = token_with("auth0|abc", &json!({}));
    let reply = world.send(handle, &subscribe(&token)).await;
    is_refused(&reply, &token, "unusable user id", "Pusher's channel names");
    let message = reply.body["message"].as_str().unwrap();
    assert!(message.starts_with("The token's sub must be") && message.contains("JWT_CLAIM_USER_ID"), "{message}");
    assert!(!reply.line.to_string().contains("auth0"), "{}", reply.line);

    let mapped = World::with(&[("JWT_CLAIM_USER_ID", "uid")]).await;
    let reply = mapped.send(handle, &subscribe(&token)).await;
    is_refused(&reply, &token, "no user id", "the claim uid");
    let token = token_with("auth0|abc", &json!({ "uid": "ida" }));
    assert_eq!(mapped.send(handle, &subscribe(&token)).await.status, 200);
}

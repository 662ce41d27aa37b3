//! The log line of a refused request names the fault and its place, without a word of the request.

use serde_json::{Value, json};
use tests::{Request, World, token_with};

const SECRET: &str = "meet me at nine";

fn notification(body: &Value) -> Request {
    let service = token_with("billing", &json!({ "roles": ["service"] }));
    Request::new("POST /notifications").bearer(&service).json(body)
}

#[tokio::test]
async fn a_log_line_says_where_a_body_is_wrong_and_the_caller_alone_sees_what_to_send() {
    let world = World::new().await;
    for (body, told, outcome) in [
        (
            json!({ "userId": "ben", "type": "MESSAGE", "data": SECRET }),
            "data must be an object, such as",
            "body: invalid type at data",
        ),
        (
            json!({ "userId": 73, "type": "MESSAGE" }),
            "userId must be text in quotes, such as",
            "body: invalid type at userId",
        ),
        (
            json!({ "userId": "ben", "type": "SYSTEM", "priority": SECRET }),
            "priority takes only normal, high",
            "body: unknown variant at priority",
        ),
        (json!({ "userId": "ben" }), "type is missing", "body: missing field at type"),
        (json!({ "userId": "ben", SECRET: 1 }), SECRET, "body: unknown field"),
    ] {
        let reply = world.send(notifications::handle, &notification(&body)).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.body["message"].as_str().unwrap().contains(told), "{reply:?}");
        assert_eq!(reply.line["outcome"], outcome);
        assert!(!reply.line.to_string().contains(SECRET), "{}", reply.line);
    }
    let preferences = json!({ "types": { SECRET: {} } });
    let save = Request::new("PUT /notifications/preferences").by("ada").json(&preferences);
    let reply = world.send(notifications::handle, &save).await;
    assert_eq!((reply.status, &reply.line["outcome"]), (400, &json!("body: invalid at types.?")));
    assert!(!reply.line.to_string().contains(SECRET), "{}", reply.line);
    let nested = json!({ "types": { "MESSAGE": { "inApp": SECRET } } });
    let save = Request::new("PUT /notifications/preferences").by("ada").json(&nested);
    let reply = world.send(notifications::handle, &save).await;
    assert_eq!(reply.line["outcome"], "body: invalid type at types.?.inApp");
}

#[tokio::test]
async fn a_log_line_says_where_text_stops_being_json() {
    let world = World::new().await;
    let broken = Request::new("POST /notifications").bearer(&token_with("billing", &json!({ "roles": ["service"] })));
    let broken = broken.header("content-type", "application/json").body(&format!("{{\"data\": {SECRET}"));
    let reply = world.send(notifications::handle, &broken).await;
    assert_eq!((reply.status, &reply.line["outcome"]), (400, &json!("body: not JSON at line 1 column 10")));
}

#[tokio::test]
async fn a_log_line_does_not_quote_a_form() {
    let world = World::new().await;
    let form = Request::new("POST /pusher/auth").by("ada").form("channel_name=meet-me-at-nine");
    let reply = world.send(pusher_auth::handle, &form).await;
    assert_eq!((reply.status, &reply.line["outcome"]), (400, &json!("form: missing field at socket_id")));
}

#[tokio::test]
async fn a_log_line_does_not_quote_what_pusher_says_of_an_event() {
    let world = World::new().await;
    world.pusher.respond_always(Some(400));
    let body = json!({ "channel": "c", "event": "e", "data": {} });
    let reply = world.send(pusher_mock_event::handle, &Request::new("POST /pusher/mock-event").json(&body)).await;
    let outcome = "Pusher did not take the event: Pusher refused the request with 400";
    assert_eq!((reply.status, &reply.line["outcome"]), (502, &json!(outcome)));
    assert!(reply.body["message"].as_str().unwrap().starts_with(outcome), "{reply:?}");
}

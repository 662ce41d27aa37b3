//! Responses over 1 KB, for clients that accept gzip.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use shared::http::{answer, service_fn};
use tests::guest_chat::{as_guest, guest_writes};
use tests::notification::notify;
use tests::{Request, World};

async fn world() -> &'static World {
    Box::leak(Box::new(World::new().await))
}

/// The response to API Gateway.
async fn told(world: &'static World, request: &Request, accepts: &str) -> Value {
    let request = request.clone().header("accept-encoding", accepts);
    let handler = service_fn(|request| notifications::handle(world.app_of("notifications"), request));
    answer(handler, request.event().clone()).await.unwrap()
}

async fn many(world: &World) -> Request {
    for n in 0..10 {
        notify(world, json!({ "data": { "senderName": "Béatrice", "n": n } })).await;
    }
    Request::new("GET /notifications").by("ada")
}

fn unpacked(told: &Value) -> Value {
    let packed = STANDARD.decode(told["body"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_long_response_is_compressed_for_a_client_that_accepts_gzip() {
    let world = world().await;
    let list = many(world).await;
    let plain = told(world, &list, "identity").await;
    assert_eq!(plain["isBase64Encoded"], false);
    assert_eq!(
        (&plain["headers"]["content-encoding"], &plain["headers"]["vary"]),
        (&Value::Null, &json!("accept-encoding"))
    );
    let length = plain["body"].as_str().unwrap().len();
    assert!(length > 1024);
    for accepts in ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1"] {
        let packed = told(world, &list, accepts).await;
        assert_eq!((&packed["statusCode"], &packed["isBase64Encoded"]), (&json!(200), &json!(true)), "{accepts}");
        assert_eq!(packed["headers"]["content-encoding"], "gzip", "{accepts}");
        assert_eq!(packed["headers"]["vary"], "accept-encoding", "{accepts}");
        assert_eq!(packed["headers"]["content-type"], "application/json");
        assert_eq!(packed["headers"]["x-request-id"], "request-1");
        assert!(packed["headers"].get("content-length").is_none(), "{packed}");
        assert_eq!(unpacked(&packed), serde_json::from_str::<Value>(plain["body"].as_str().unwrap()).unwrap());
        assert!(packed["body"].as_str().unwrap().len() < length, "base64 and all");
    }
    for accepts in ["", "br", "gzip;q=0", "deflate, zstd"] {
        assert_eq!(told(world, &list, accepts).await["body"], plain["body"], "{accepts}");
    }
}

#[tokio::test]
async fn a_response_that_is_short_or_has_no_body_stays_as_it_is() {
    let world = world().await;
    let id = notify(world, json!({})).await;
    let one = |method: &str| {
        Request::new(&format!("{method} /notifications/{{notificationId}}")).by("ada").path("notificationId", &id)
    };
    for (status, request) in [
        (200, one("GET")),
        (204, one("DELETE")),
        (404, one("GET")),
        (401, Request::new("GET /notifications")),
        (200, Request::new("GET /notifications/preferences").by("ada")),
    ] {
        let told = told(world, &request, "gzip").await;
        assert_eq!((&told["statusCode"], &told["isBase64Encoded"]), (&json!(status), &json!(false)), "{request:?}");
        assert_eq!((&told["headers"]["content-encoding"], &told["headers"]["vary"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test]
async fn a_compressed_page_has_the_tag_of_the_plain_one_and_is_not_sent_again() {
    let world = world().await;
    guest_writes(world, &"x".repeat(2_000)).await;
    let told = async |request: Request| {
        let handler = service_fn(|request| guest_chat::handle(world.app_of("guest-chat"), request));
        answer(handler, request.event().clone()).await.unwrap()
    };
    let read = || as_guest("GET /messages");
    let (plain, packed) = (told(read()).await, told(read().header("accept-encoding", "gzip")).await);
    assert_eq!((&plain["isBase64Encoded"], &packed["isBase64Encoded"]), (&json!(false), &json!(true)));
    let tag = packed["headers"]["etag"].as_str().unwrap();
    assert_eq!(plain["headers"]["etag"], tag);
    assert!(tag.starts_with("W/"), "the same for both, so it is weak (RFC 9110, section 8.8.3): {tag}");
    let again = told(read().header("accept-encoding", "gzip").header("if-none-match", tag)).await;
    assert_eq!((&again["statusCode"], &again["isBase64Encoded"]), (&json!(304), &json!(false)), "{again}");
    assert!(
        again["body"].as_str().unwrap_or_default().is_empty() && again["headers"].get("content-encoding").is_none()
    );
    assert_eq!(again["headers"]["etag"], tag);
}

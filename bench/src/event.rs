//! Events like those that API Gateway and DynamoDB send to a function, of the same size.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The secret that signs tokens.
pub(crate) const JWT_SECRET: &str = "a-secret-of-at-least-thirty-two-bytes";
/// The Pusher app's key and secret.
pub(crate) const PUSHER: (&str, &str) = ("278d425bdf160c739803", "7ad3773142a6692b25b8");
/// How many users take turns, so that none of them is throttled.
pub(crate) const USERS: usize = 50;
/// The name and the picture in every user's token.
pub(crate) const PERSON: (&str, &str) = ("Ada Lovelace", "https://example.com/avatars/ada.png");

pub(crate) fn user(n: usize) -> String {
    format!("ada-{n}")
}

/// A request to this route with a JSON body, by this user.
pub(crate) fn by_user(n: usize, route: &str, body: &Value) -> Value {
    let mut event = request(route, &body.to_string());
    event["headers"]["authorization"] = json!(format!("Bearer {}", token(n)));
    event
}

/// A request to this route with a JSON body, by another back end.
pub(crate) fn by_service(route: &str, body: &Value) -> Value {
    let mut event = request(route, &body.to_string());
    event["headers"]["authorization"] = json!(format!("Bearer {}", service_token()));
    event
}

/// The same with a parameter of its path.
pub(crate) fn by_user_at(n: usize, route: &str, (name, value): (&str, &str), body: &Value) -> Value {
    let mut event = by_user(n, route, body);
    event["pathParameters"] = json!({ name: value });
    event["rawPath"] = json!(event["rawPath"].as_str().unwrap_or_default().replace(&format!("{{{name}}}"), value));
    event
}

/// A webhook with these events, signed now.
pub(crate) fn webhook(events: &[Value]) -> Value {
    let body = json!({ "time_ms": millis(), "events": events }).to_string();
    let signature = hex::encode(hmac_sha256(PUSHER.1, &body));
    let mut event = request("POST /pusher/webhook", &body);
    event["headers"]["x-pusher-key"] = json!(PUSHER.0);
    event["headers"]["x-pusher-signature"] = json!(signature);
    event
}

/// A batch of the table's stream, in which each of these rows was inserted.
pub(crate) fn stream(rows: &[Value]) -> Value {
    let record = |(number, row): (usize, &Value)| {
        json!({
            "eventID": format!("c4ca4238a0b923820dcc509a6f75849b{number}"), "eventName": "INSERT", "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": millis() / 1000, "Keys": { "pk": row["pk"], "sk": row["sk"] },
                "NewImage": row, "SequenceNumber": format!("{:021}", number + 1), "SizeBytes": 700,
                "StreamViewType": "NEW_AND_OLD_IMAGES"
            },
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/carillon/stream/2026-11-20T00:00:00.000"
        })
    };
    json!({ "Records": rows.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// A user's token.
pub(crate) fn token(n: usize) -> String {
    signed(&json!({ "sub": user(n), "name": PERSON.0, "picture": PERSON.1, "exp": 4_102_444_800_i64 }))
}

/// The token of another back end.
pub(crate) fn service_token() -> String {
    signed(&json!({ "sub": "billing", "roles": ["service"], "exp": 4_102_444_800_i64 }))
}

/// A token with these claims, signed with HS256 (RFC 7515, appendix A.1).
fn signed(claims: &Value) -> String {
    let signed = [&json!({ "typ": "JWT", "alg": "HS256" }), claims]
        .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
        .join(".");
    let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(JWT_SECRET, &signed));
    format!("{signed}.{signature}")
}

fn hmac_sha256(secret: &str, text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A request to this route with a body, by anybody.
pub(crate) fn request(route: &str, body: &str) -> Value {
    let (method, path) = route.split_once(' ').unwrap_or_default();
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "",
        "headers": {
            "accept": "*/*", "accept-encoding": "gzip, deflate, br", "accept-language": "en-GB,en;q=0.9",
            "content-length": body.len().to_string(), "content-type": "application/json",
            "host": "abcdefghij.execute-api.us-east-1.amazonaws.com", "origin": "https://app.example.com",
            "referer": "https://app.example.com/", "sec-fetch-mode": "cors", "sec-fetch-site": "cross-site",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "x-amzn-trace-id": "Root=1-691e9c1a-0d1c5f0e3b0a4f6a7c9d2e11", "x-forwarded-for": "198.51.100.7",
            "x-forwarded-port": "443", "x-forwarded-proto": "https"
        },
        "requestContext": {
            "accountId": "123456789012", "apiId": "abcdefghij", "domainName": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "abcdefghij", "requestId": "UKvTpjKgIAMEVwQ=", "routeKey": route, "stage": "$default",
            "time": "20/Nov/2026:05:18:15 +0000", "timeEpoch": millis(),
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
            }
        },
        "body": body, "isBase64Encoded": false
    })
}

/// Now, in milliseconds since 1970.
pub(crate) fn millis() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

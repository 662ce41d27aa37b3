//! Requests as API Gateway sends them to a function (HTTP API, payload format 2.0).

use base64::Engine as _;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use crate::JWT_SECRET;

/// A builder of requests.
#[derive(Debug, Clone)]
pub struct Request {
    event: Value,
}

impl Request {
    /// A request to this route, such as `POST /kudos`, without a token.
    pub fn new(route: &str) -> Self {
        let (method, path) = route.split_once(' ').unwrap();
        Self {
            event: json!({
                "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": { "host": "test" },
                "requestContext": {
                    "accountId": "1", "apiId": "a", "domainName": "test", "domainPrefix": "t", "requestId": "request-1",
                    "routeKey": route, "stage": "$default", "time": "20/Nov/2026:05:00:00 +0000", "timeEpoch": 1,
                    "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t" }
                },
                "isBase64Encoded": false
            }),
        }
    }

    /// An event of the WebSocket API: `$connect`, `$disconnect` or `$default`, in the shapes of `aws-lambda-rust-runtime`'s samples
    /// (`lambda-events/src/fixtures/example-apigw-websocket-request*.json`). A message has no headers, and an id of its own (API Gateway
    /// developer guide, "WebSocket API mapping template reference", `messageId`).
    pub fn socket(route: &str, stage: &str, connection: &str) -> Self {
        let mut event = json!({
            "isBase64Encoded": false,
            "requestContext": {
                "routeKey": route, "extendedRequestId": "e", "requestTime": "20/Nov/2026:05:00:00 +0000",
                "messageDirection": "IN", "stage": stage, "connectedAt": 1, "requestTimeEpoch": 1,
                "identity": { "sourceIp": "127.0.0.1" }, "requestId": "request-1", "domainName": "test",
                "connectionId": connection, "apiId": "a"
            },
        });
        let context = &mut event["requestContext"];
        match route {
            "$connect" => {
                context["eventType"] = json!("CONNECT");
                event["headers"] = json!({ "Host": "test", "Sec-WebSocket-Version": "13" });
                event["multiValueHeaders"] = json!({ "Host": ["test"], "Sec-WebSocket-Version": ["13"] });
            }
            "$disconnect" => {
                context["eventType"] = json!("DISCONNECT");
                context["disconnectStatusCode"] = json!(1005);
                context["disconnectReason"] = json!("Client-side close frame status not set");
                event["headers"] = json!({ "Host": "test", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" });
            }
            _ => {
                context["eventType"] = json!("MESSAGE");
                context["messageId"] = json!("m");
            }
        }
        Self { event }
    }

    /// Adds this parameter to the query of a handshake.
    #[must_use]
    pub fn asking(mut self, name: &str, value: &str) -> Self {
        self.event["queryStringParameters"][name] = json!(value);
        self.event["multiValueQueryStringParameters"][name] = json!([value]);
        self
    }

    /// Sets when API Gateway received it, in milliseconds since 1970.
    #[must_use]
    pub fn received(mut self, at: i64) -> Self {
        self.event["requestContext"]["requestTimeEpoch"] = json!(at);
        self
    }

    /// Marks the body as binary data in base64.
    #[must_use]
    pub fn binary(mut self) -> Self {
        self.event["isBase64Encoded"] = json!(true);
        self
    }

    /// The request in an event file of `events/`.
    pub fn of_event(event: Value) -> Self {
        Self { event }
    }

    /// Adds a token of this user.
    #[must_use]
    pub fn by(self, user: &str) -> Self {
        self.bearer(&token(user))
    }

    /// Adds this bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.event["headers"][name] = json!(value);
        self
    }

    /// Sets these cookies, such as `theme=dark`, which an HTTP API passes on beside the headers (payload format 2.0).
    #[must_use]
    pub fn cookies(mut self, cookies: &[&str]) -> Self {
        self.event["cookies"] = json!(cookies);
        self
    }

    /// Sets this parameter in the path of the route.
    #[must_use]
    pub fn path(mut self, name: &str, value: &str) -> Self {
        self.event["pathParameters"][name] = json!(value);
        self
    }

    /// Adds this parameter to the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let before = self.event["rawQueryString"].as_str().unwrap().to_owned();
        self.event["rawQueryString"] = json!(format!("{before}&{name}={value}"));
        self.event["queryStringParameters"][name] = json!(value);
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(&body.to_string())
    }

    /// Sets a form as the body. An HTTP API passes on as text only `text/*`, JSON, JavaScript and XML, and encodes everything else in
    /// base64 (measured on AWS in github.com/ministackorg/ministack, pull request 766).
    #[must_use]
    pub fn form(self, body: &str) -> Self {
        let body = base64::engine::general_purpose::STANDARD.encode(body);
        self.header("content-type", "application/x-www-form-urlencoded").binary().body(&body)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        self.event["body"] = json!(body);
        self
    }

    /// The event as API Gateway sends it.
    pub fn event(&self) -> &Value {
        &self.event
    }

    /// The request as a handler receives it.
    pub fn build(&self) -> shared::http::Request {
        lambda_http::request::from_str(&self.event.to_string()).unwrap()
    }
}

/// A token of this user. The name is the id with a capital letter.
pub fn token(user: &str) -> String {
    let name = format!("{}{}", user[..1].to_uppercase(), &user[1..]);
    token_with(user, &json!({ "name": name, "picture": format!("https://example.com/{user}.png") }))
}

/// A token of the guest of this booking at this hotel.
pub fn guest_token(hotel: &str, booking: &str) -> String {
    signed(&json!({ "aud": "guest", "hotel": hotel, "booking": booking, "name": "Grace", "exp": 4_102_444_800_i64 }))
}

/// A token of this user with these further claims.
pub fn token_with(user: &str, more: &Value) -> String {
    let mut claims = Map::from_iter([("sub".to_owned(), json!(user)), ("exp".to_owned(), json!(4_102_444_800_i64))]);
    claims.extend(more.as_object().unwrap().clone());
    signed(&Value::Object(claims))
}

/// A token with exactly these claims.
pub fn signed(claims: &Value) -> String {
    shared::jws::install();
    encode(&Header::default(), claims, &EncodingKey::from_secret(JWT_SECRET.as_bytes())).unwrap()
}

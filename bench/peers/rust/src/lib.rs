//! Shared by both functions.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use lambda_http::{Body, Error, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

#[derive(Debug, Clone, Deserialize)]
struct Claims {
    sub: String,
    name: Option<String>,
    picture: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub user_id: String,
    pub display_name: String,
    pub avatar_url: Option<String>,
}

pub struct App {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub http: reqwest::Client,
    pub table: String,
    jwt_secret: String,
    pusher_id: String,
    pusher_key: String,
    pusher_secret: String,
    pusher_origin: String,
}

impl App {
    pub async fn start() -> Result<Self, Error> {
        let env = std::env::var;
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Ok(Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            http: reqwest::Client::new(),
            table: env("TABLE_NAME")?,
            jwt_secret: env("JWT_SECRET")?,
            pusher_id: env("PUSHER_APP_ID")?,
            pusher_key: env("PUSHER_KEY")?,
            pusher_secret: env("PUSHER_SECRET")?,
            pusher_origin: format!("{}://{}:{}", env("PUSHER_SCHEME")?, env("PUSHER_HOST")?, env("PUSHER_PORT")?),
        })
    }

    pub fn caller(&self, request: &Request) -> Result<Person, Error> {
        let header = request.headers().get("authorization").ok_or("no token")?.to_str()?;
        let token = header.strip_prefix("Bearer ").ok_or("no token")?;
        let key = DecodingKey::from_secret(self.jwt_secret.as_bytes());
        let claims = decode::<Claims>(token, &key, &Validation::new(Algorithm::HS256))?.claims;
        let display_name = claims.name.unwrap_or_else(|| claims.sub.clone());
        Ok(Person { user_id: claims.sub, display_name, avatar_url: claims.picture })
    }

    fn sign(&self, text: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.pusher_secret.as_bytes()).expect("any length");
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    pub fn authorize(&self, socket: &str, channel: &str, data: Option<&Value>) -> Value {
        match data {
            None => json!({ "auth": format!("{}:{}", self.pusher_key, self.sign(&format!("{socket}:{channel}"))) }),
            Some(data) => {
                let data = data.to_string();
                let signature = self.sign(&format!("{socket}:{channel}:{data}"));
                json!({ "auth": format!("{}:{signature}", self.pusher_key), "channel_data": data })
            }
        }
    }

    pub async fn trigger(&self, events: &[Value]) -> Result<(), Error> {
        let body = json!({ "batch": events }).to_string();
        let path = format!("/apps/{}/batch_events", self.pusher_id);
        let query = format!(
            "auth_key={}&auth_timestamp={}&auth_version=1.0&body_md5={:x}",
            self.pusher_key,
            chrono::Utc::now().timestamp(),
            md5::compute(&body)
        );
        let signature = self.sign(&format!("POST\n{path}\n{query}"));
        let address = format!("{}{path}?{query}&auth_signature={signature}", self.pusher_origin);
        let request = self.http.post(address).header("content-type", "application/json").body(body);
        request.send().await?.error_for_status()?;
        Ok(())
    }
}

pub fn answer(status: u16, body: &Value) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(body.to_string().into())?)
}

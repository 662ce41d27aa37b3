//! Sending: one request a device, all over one HTTP/2 connection.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header};
use tokio::sync::Semaphore;

use super::access::AccessTokens;
use super::answer::{Refusal, refusal, retry_after};
use super::assertion::Assertions;
use super::connection::Connection;
use super::{FCM_ADDRESS, Message, TIMEOUT, TOKEN_ADDRESS};
use crate::device::Token;
use crate::settings::{Firebase, Secret};
use crate::time::Millis;

/// Requests at once; FCM takes a hundred streams on a connection.
pub(super) const AT_ONCE: usize = 32;

/// A client for one Firebase project.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connection: Connection,
    access: AccessTokens,
    address: Uri,
    slots: Semaphore,
}

enum Answer {
    Unauthorized,
    Refused(Refusal),
}

impl Client {
    /// A client for the project of these settings; `None` when they name no account to send as. Connects to nothing yet.
    ///
    /// # Errors
    /// When the account's key is none, or no HTTP client can be built.
    pub fn new(settings: &Firebase) -> Result<Option<Self>, Box<dyn std::error::Error + Send + Sync>> {
        let Some(account) = &settings.account else {
            return Ok(None);
        };
        let (token, fcm) = match &settings.endpoint {
            Some(endpoint) => (format!("{endpoint}/token"), endpoint.as_str()),
            None => (TOKEN_ADDRESS.to_owned(), FCM_ADDRESS),
        };
        let address: Uri = format!("{fcm}/v1/projects/{}/messages:send", settings.project_id)
            .parse()
            .map_err(|_| "FIREBASE_PROJECT_ID must be a project's id, such as my-app-1234")?;
        let token = token.parse().map_err(|_| "FCM_ENDPOINT must be an address, such as http://127.0.0.1:9099")?;
        let access = AccessTokens::new(token, Assertions::new(account)?);
        let connection = Connection::new(address.clone(), TIMEOUT);
        Ok(Some(Self(Arc::new(Inner { connection, access, address, slots: Semaphore::new(AT_ONCE) }))))
    }

    /// Sends a message to a device.
    ///
    /// # Errors
    /// What FCM's refusal means for the token and for the message. A refused access token is replaced once.
    pub async fn send(&self, token: &Token, message: &Message) -> Result<(), Refusal> {
        let _slot = self.0.slots.acquire().await.expect("the semaphore is never closed");
        let body = message.to(token);
        let access = self.0.access.get().await?;
        match self.once(&access, &body).await {
            Err(Answer::Unauthorized) => self.0.access.discard(&access).await,
            Err(Answer::Refused(refusal)) => return Err(refusal),
            Ok(()) => return Ok(()),
        }
        let access = self.0.access.get().await?;
        self.once(&access, &body).await.map_err(|answer| match answer {
            Answer::Unauthorized => Refusal::later("FCM answered 401, to a new access token too", None),
            Answer::Refused(refusal) => refusal,
        })
    }

    async fn once(&self, access: &Secret, body: &str) -> Result<(), Answer> {
        let later = |why: &str| Answer::Refused(Refusal::later(why, None));
        let mut authorization = HeaderValue::from_bytes(&[b"Bearer ", access.bytes()].concat())
            .map_err(|_| later("Google's access token is none"))?;
        authorization.set_sensitive(true);
        let mut request = Request::new(Bytes::copy_from_slice(body.as_bytes()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.0.address.clone();
        request.headers_mut().insert(header::AUTHORIZATION, authorization);
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self.0.connection.send(request).await.map_err(|_| later("FCM did not answer"))?;
        match answer.status().as_u16() {
            200 => Ok(()),
            401 => Err(Answer::Unauthorized),
            status => {
                let after = retry_after(answer.headers(), Millis::now());
                Err(Answer::Refused(refusal(status, after, answer.body())))
            }
        }
    }
}

//! One call of an operation: signed, bounded, and tried again where that may help.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{CallError, Refusal};
use super::retry::Quota;
use super::signature::{CONTENT_TYPE, Signer};
use super::{Aws, Endpoint};
use crate::time::Millis;
use crate::tls::LazyClient;

/// One try's time-out.
pub(super) const ATTEMPT: Duration = Duration::from_secs(2);
/// A call's time-out, with all its tries: short enough that a function can still say that something is wrong.
pub(super) const CALL: Duration = Duration::from_secs(5);

/// A service, for as long as the process lives. Connects to nothing until it is called.
#[derive(Debug, Clone)]
pub(crate) struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: LazyClient,
    name: &'static str,
    /// Beginning of `x-amz-target`.
    target: &'static str,
    endpoint: Endpoint,
    session_token: Option<HeaderValue>,
    signer: Signer,
    quota: Quota,
}

impl Service {
    pub(super) fn new(
        aws: &Aws,
        name: &'static str,
        scope: &'static str,
        target: &'static str,
        endpoint: &Endpoint,
    ) -> Self {
        let token = aws.credentials.session_token.as_ref();
        Self(Arc::new(Inner {
            http: aws.http.clone(),
            name,
            target,
            endpoint: endpoint.clone(),
            session_token: token.and_then(|token| {
                let mut value = HeaderValue::from_bytes(token.bytes()).ok()?;
                value.set_sensitive(true);
                Some(value)
            }),
            signer: Signer::new(&aws.credentials, &aws.region, scope),
            quota: Quota::new(),
        }))
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// When it is refused, not answered or answered in an unknown form, after whatever tries were worth it.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        input: &impl Serialize,
    ) -> Result<T, CallError> {
        let unreadable = |source| CallError::Unreadable { service: self.0.name, operation, source };
        let body = Bytes::from(serde_json::to_vec(input).map_err(unreadable)?);
        let answer = self.send(operation, body).await?;
        serde_json::from_slice(&answer).map_err(unreadable)
    }

    /// Calls an operation of whose answer nothing is needed.
    ///
    /// # Errors
    /// When it is refused or not answered.
    pub(crate) async fn tell(&self, operation: &'static str, input: &impl Serialize) -> Result<(), CallError> {
        let unreadable = |source| CallError::Unreadable { service: self.0.name, operation, source };
        let body = Bytes::from(serde_json::to_vec(input).map_err(unreadable)?);
        self.send(operation, body).await.map(drop)
    }

    /// On the heap: a handler's own future would hold all of it inline, once for each place it may call from, and the runtime
    /// copies that several times an invocation.
    fn send(
        &self,
        operation: &'static str,
        body: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, CallError>> + Send>> {
        let service = self.0.clone();
        Box::pin(async move {
            let timed_out = CallError::TimedOut { service: service.name, operation };
            tokio::time::timeout(CALL, service.until_it_works(operation, body)).await.unwrap_or(Err(timed_out))
        })
    }
}

impl Inner {
    async fn until_it_works(&self, operation: &'static str, body: Bytes) -> Result<Bytes, CallError> {
        let mut tries = 1;
        loop {
            let error = match self.once(operation, body.clone()).await {
                Ok(answer) => {
                    self.quota.worked(tries);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match self.quota.pause(&error, tries) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
            tries += 1;
        }
    }

    async fn once(&self, operation: &'static str, body: Bytes) -> Result<Bytes, CallError> {
        let target = [self.target, operation].join(".");
        let host = self.endpoint.host();
        // Anew for each try: a signature is good for five minutes.
        let signed = self.signer.sign(host, &target, &body, Millis::now());
        let mut request = self.http.get().post(self.endpoint.as_str());
        request = request
            .header(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))
            .header(header::HOST, host)
            .header(header::AUTHORIZATION, signed.authorization)
            .header(HeaderName::from_static("x-amz-date"), signed.date)
            .header(HeaderName::from_static("x-amz-target"), target);
        if let Some(token) = &self.session_token {
            request = request.header(HeaderName::from_static("x-amz-security-token"), token);
        }
        let no_answer = |source| CallError::NoAnswer { service: self.name, operation, source };
        let answer = request.body(body).send().await.map_err(no_answer)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map_err(no_answer)?;
        if status == 200 { Ok(body) } else { Err(Refusal::of(self.name, operation, status, &headers, body).into()) }
    }
}

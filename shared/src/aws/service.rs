//! One call of an operation: signed, bounded, and tried again where that may help.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{CallError, Refusal};
use super::retry::Quota;
use super::signature::Signer;
use super::{Aws, Endpoint};
use crate::https;
use crate::time::Millis;

/// One try's time-out.
pub(super) const ATTEMPT: Duration = Duration::from_secs(2);
/// A call's time, with all its tries and pauses: short enough that a function can still say that something is wrong.
const CALL: Duration = Duration::from_secs(5);

/// A service, for as long as the process lives. Connects to nothing until it is called.
#[derive(Debug, Clone)]
pub(crate) struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: https::Client,
    name: &'static str,
    /// Beginning of `x-amz-target`.
    target: &'static str,
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
        Self(Arc::new(Inner {
            http: aws.http.clone(),
            name,
            target,
            signer: Signer::new(&aws.credentials, &aws.region, scope, endpoint),
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
        let answer = self.ask(operation, input).await?;
        serde_json::from_slice(&answer).map_err(|source| self.unreadable(operation, source))
    }

    /// Calls an operation of whose answer nothing is needed.
    ///
    /// # Errors
    /// When it is refused or not answered.
    pub(crate) async fn tell(&self, operation: &'static str, input: &impl Serialize) -> Result<(), CallError> {
        self.ask(operation, input).await.map(drop)
    }

    async fn ask(&self, operation: &'static str, input: &impl Serialize) -> Result<Bytes, CallError> {
        let body = serde_json::to_vec(input).map_err(|source| self.unreadable(operation, source))?;
        self.send(operation, body.into()).await
    }

    fn unreadable(&self, operation: &'static str, source: serde_json::Error) -> CallError {
        CallError::Unreadable { service: self.0.name, operation, source }
    }

    /// On the heap: a handler's own future would hold all of it inline, once for each place it may call from, and the runtime
    /// copies that several times an invocation.
    fn send(
        &self,
        operation: &'static str,
        body: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, CallError>> + Send>> {
        let service = self.0.clone();
        Box::pin(async move { service.until_it_works(operation, body).await })
    }
}

impl Inner {
    async fn until_it_works(&self, operation: &'static str, body: Bytes) -> Result<Bytes, CallError> {
        // Not a timer: each costs the runtime a wake-up, and every try has one already.
        let end = Instant::now() + CALL;
        let left = || end.saturating_duration_since(Instant::now());
        let mut tries = 1;
        loop {
            let error = match self.once(operation, body.clone(), left()).await {
                Ok(answer) => {
                    self.quota.worked(tries);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match self.quota.pause(&error, tries).filter(|pause| *pause < left()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
            tries += 1;
        }
    }

    async fn once(&self, operation: &'static str, body: Bytes, time: Duration) -> Result<Bytes, CallError> {
        let target = [self.target, operation].join(".");
        // Signed anew for each try.
        let request = self.signer.request(&target, body, Millis::now());
        let answer = self.http.send_within(time, request).await;
        let answer = answer.map_err(|source| CallError::NoAnswer { service: self.name, operation, source })?;
        let (parts, body) = answer.into_parts();
        match parts.status.as_u16() {
            200 => Ok(body),
            status => Err(Refusal::of(self.name, operation, status, &parts.headers, body).into()),
        }
    }
}

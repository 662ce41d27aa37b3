//! Responses with JSON or without a body, and the work to be done after they are sent.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::Body;
use serde::Serialize;

/// lambda_http's response, with a body in memory.
pub type Response = lambda_http::Response<Body>;

/// Work that is done after the response is sent (see [`super::serve`]).
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Marks a response that repeats the first one to the same request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// 200 with this body, as JSON.
#[must_use]
pub fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// 201 with this body, as JSON.
#[must_use]
pub fn created(body: &impl Serialize) -> Response {
    json(StatusCode::CREATED, body)
}

/// 207 with this body, as JSON: a part of what was asked for is done, and the body says of each part how it ended (RFC 4918,
/// section 11.1).
#[must_use]
pub fn multi_status(body: &impl Serialize) -> Response {
    json(StatusCode::MULTI_STATUS, body)
}

/// 202 with this body, as JSON: it is stored, and will be done.
#[must_use]
pub fn accepted(body: &impl Serialize) -> Response {
    json(StatusCode::ACCEPTED, body)
}

/// 503 with this body, as JSON.
#[must_use]
pub fn unavailable(body: &impl Serialize) -> Response {
    json(StatusCode::SERVICE_UNAVAILABLE, body)
}

/// 304: the client's copy is current.
#[must_use]
pub fn not_modified() -> Response {
    with_status(StatusCode::NOT_MODIFIED, Body::Empty)
}

/// 204
#[must_use]
pub fn no_content() -> Response {
    with_status(StatusCode::NO_CONTENT, Body::Empty)
}

/// 200 with a page for people, which loads nothing, runs nothing and is shown in no frame.
#[must_use]
pub fn html(page: String) -> Response {
    let mut response = with_status(StatusCode::OK, Body::Text(page));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    const POLICY: HeaderValue =
        HeaderValue::from_static("default-src 'none'; form-action 'self'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    // The page's address is a secret, since it can press the button.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// 200 without a body: a WebSocket API's route has handled its event.
#[must_use]
pub fn empty() -> Response {
    with_status(StatusCode::OK, Body::Empty)
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_string(body).expect("responses are structs of strings, numbers and JSON values");
    json_text(status, text)
}

pub(super) fn json_text(status: StatusCode, text: String) -> Response {
    let mut response = with_status(status, Body::Text(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Addresses may hold a guest's token: no page that is opened from a response hears of them.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Parts that handlers add to a [`Response`].
pub trait ResponseExt {
    /// Marks a response that repeats the first one with `Idempotent-Replayed: true`.
    #[must_use]
    fn replayed(self, replayed: bool) -> Self;

    /// Adds an `ETag`, in its quotation marks.
    #[must_use]
    fn tagged(self, etag: &str) -> Self;

    /// Adds work to be done after the response is sent, and after the work that it has already.
    #[must_use]
    fn then(self, work: impl Future<Output = ()> + Send + 'static) -> Self;

    /// Takes the work out of the response.
    fn take_work(&mut self) -> Option<Work>;
}

/// The extension that holds a response's work. Extensions must be `Clone` and `Sync`, which a future is not.
#[derive(Clone)]
struct AfterResponse(Arc<Mutex<Option<Work>>>);

impl ResponseExt for Response {
    fn replayed(mut self, replayed: bool) -> Self {
        if replayed {
            self.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        self
    }

    fn tagged(mut self, etag: &str) -> Self {
        if let Ok(etag) = HeaderValue::from_str(etag) {
            self.headers_mut().insert(header::ETAG, etag);
        }
        self
    }

    fn then(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        let all: Work = match self.take_work() {
            None => Box::pin(work),
            Some(earlier) => Box::pin(async move {
                earlier.await;
                work.await;
            }),
        };
        self.extensions_mut().insert(AfterResponse(Arc::new(Mutex::new(Some(all)))));
        self
    }

    fn take_work(&mut self) -> Option<Work> {
        let AfterResponse(work) = self.extensions_mut().remove()?;
        work.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cache_keeps_a_response() {
        for response in [
            ok(&1),
            created(&1),
            multi_status(&1),
            unavailable(&1),
            no_content(),
            json_text(StatusCode::NOT_FOUND, String::new()),
        ] {
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store", "{}", response.status());
            assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer", "{}", response.status());
        }
    }
}

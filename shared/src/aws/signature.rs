//! Signature Version 4, for requests that post JSON to a service's root: no query, and always the same headers.
//!
//! ```text
//! canonical request = method, path, query, headers, their names, SHA-256 of the body      a line each
//! string to sign    = AWS4-HMAC-SHA256, time, day/region/service/aws4_request, SHA-256 of the canonical request
//! key of a day      = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request")
//! signature         = HMAC(key of the day, string to sign)
//! ```

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use ring::{digest, hmac};

use super::{Credentials, Endpoint};
use crate::settings::Secret;
use crate::time::Millis;

/// What the body is, for both services.
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// Makes signed requests of one service in one region.
pub(super) struct Signer {
    access_key_id: String,
    secret: Secret,
    session_token: Option<HeaderValue>,
    region: String,
    /// Its name in a signature.
    service: &'static str,
    endpoint: Endpoint,
    host: HeaderValue,
    /// The key of a day, with that day: made once in a day, it saves four of five HMACs.
    key: Mutex<Option<(String, hmac::Key)>>,
}

impl Signer {
    pub(super) fn new(credentials: &Credentials, region: &str, service: &'static str, endpoint: &Endpoint) -> Self {
        let token = credentials.session_token.as_ref().map(|token| String::from_utf8_lossy(token.bytes()));
        Self {
            access_key_id: credentials.access_key_id.clone(),
            secret: credentials.secret.clone(),
            session_token: token.map(|token| secret(&token)),
            region: region.to_owned(),
            service,
            host: plain(endpoint.host()),
            endpoint: endpoint.clone(),
            key: Mutex::default(),
        }
    }

    /// A request with this `x-amz-target` and body, signed now; AWS takes it for five minutes.
    pub(super) fn request(&self, target: &str, body: Bytes, now: Millis) -> Request<Bytes> {
        let time = time(now);
        let authorization = self.authorization(&time, target, &body);
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.address().clone();
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        headers.insert(header::HOST, self.host.clone());
        headers.insert(HeaderName::from_static("x-amz-date"), plain(&time));
        if let Some(token) = &self.session_token {
            headers.insert(HeaderName::from_static("x-amz-security-token"), token.clone());
        }
        headers.insert(HeaderName::from_static("x-amz-target"), plain(target));
        headers.insert(header::AUTHORIZATION, secret(&authorization));
        request
    }

    fn authorization(&self, time: &str, target: &str, body: &[u8]) -> String {
        let day = &time[..8];
        let token = self.session_token.as_ref().and_then(|token| token.to_str().ok());
        let names = match token {
            Some(_) => "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
            None => "content-type;host;x-amz-date;x-amz-target",
        };
        let mut canonical = String::with_capacity(256 + token.map_or(0, str::len));
        let mut line = |name: &str, value: &str| {
            canonical.push_str(name);
            canonical.push(':');
            canonical.push_str(value);
            canonical.push('\n');
        };
        line("POST\n/\n\ncontent-type", CONTENT_TYPE);
        line("host", self.endpoint.host());
        line("x-amz-date", time);
        if let Some(token) = token {
            line("x-amz-security-token", token);
        }
        line("x-amz-target", target);
        canonical.push('\n');
        canonical.push_str(names);
        canonical.push('\n');
        canonical.push_str(&hex::encode(sha256(body)));

        let mut scope = String::with_capacity(64);
        for part in [day, &self.region, self.service] {
            scope.push_str(part);
            scope.push('/');
        }
        scope.push_str("aws4_request");
        let mut signing = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n");
        signing.push_str(&hex::encode(sha256(canonical.as_bytes())));

        let mut authorization =
            format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature=", self.access_key_id);
        authorization.push_str(&hex::encode(hmac::sign(&self.key_of(day), signing.as_bytes())));
        authorization
    }

    fn key_of(&self, day: &str) -> hmac::Key {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, key)) = kept.as_ref()
            && of == day
        {
            return key.clone();
        }
        let key = |bytes: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let mut derived = key(&[b"AWS4", self.secret.bytes()].concat());
        for part in [day, &self.region, self.service, "aws4_request"] {
            derived = key(hmac::sign(&derived, part.as_bytes()).as_ref());
        }
        *kept = Some((day.to_owned(), derived.clone()));
        derived
    }
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

/// A header. What cannot be one (an access key id with a line break, say) goes out empty, and AWS refuses it in its own words.
fn plain(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// A header that nobody prints.
fn secret(text: &str) -> HeaderValue {
    let mut value = plain(text);
    value.set_sensitive(true);
    value
}

/// ISO 8601 without punctuation, in whole seconds: `20261120T051815Z`.
fn time(now: Millis) -> String {
    let moment = jiff::Timestamp::from_second(now.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let utc = jiff::tz::Offset::UTC.to_datetime(moment);
    let (date, time) = (utc.date(), utc.time());
    // Not `strftime`: all that it can write would be in every function, 0.11 MB of its zip.
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("service", &self.service).field("region", &self.region).finish_non_exhaustive()
    }
}

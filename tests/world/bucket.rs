//! A fake of the bucket of attachments (Amazon S3 API reference, "POST Object", `CopyObject`, `HeadObject`, `GetObject`, `DeleteObject`,
//! `DeleteObjectTagging`). It takes forms as S3 does: signed, in time, with exactly the fields of their policy.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use shared::contract::time::Millis;

use crate::policies::{Policies, SECRET};
use crate::server::serve;
use crate::traffic::{self, Traffic};

/// The name of the bucket.
pub(crate) const NAME: &str = "files";

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub struct FakeObject {
    pub content_type: String,
    pub content: Vec<u8>,
    /// As the form had it; `None` once it was taken off.
    pub tagging: Option<String>,
}

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, FakeObject>,
    /// The statuses of the next responses.
    refusals: Vec<u16>,
}

#[derive(Clone)]
struct Shared {
    inner: Arc<Mutex<Inner>>,
    policies: Arc<Policies>,
}

/// The fake.
pub struct FakeBucket {
    port: u16,
    traffic: Arc<Mutex<Traffic>>,
    shared: Shared,
}

impl FakeBucket {
    pub(crate) async fn new(policies: Arc<Policies>) -> Self {
        let shared = Shared { inner: Arc::default(), policies };
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let router = router.layer(middleware::from_fn_with_state(traffic.clone(), traffic::count));
        Self { port: serve(router).await, traffic, shared }
    }

    /// The address of S3.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut *self.traffic.lock().unwrap())
    }

    /// Posts a form with this file, as a page does.
    ///
    /// # Errors
    /// S3's code.
    pub fn post(&self, form: &Value, content: &[u8]) -> Result<(), &'static str> {
        assert_eq!(form["url"], format!("{}/{NAME}/", self.endpoint()));
        let fields: BTreeMap<_, _> = form["fields"].as_object().unwrap().iter().map(text).collect();
        check(&fields, content)?;
        let mut signed = HeaderMap::new();
        signed.insert("authorization", format!("Credential={}", fields["x-amz-credential"]).parse().unwrap());
        let asked = ["s3:PutObject", "s3:PutObjectTagging"].map(of_objects).into();
        if !self.shared.policies.admit(&signed, asked) {
            return Err("AccessDenied");
        }
        let object = FakeObject {
            content_type: fields["Content-Type"].clone(),
            content: content.to_vec(),
            tagging: Some(fields["tagging"].clone()),
        };
        self.shared.inner.lock().unwrap().objects.insert(fields["key"].clone(), object);
        Ok(())
    }

    /// The object of this key.
    pub fn object(&self, key: &str) -> Option<FakeObject> {
        self.shared.inner.lock().unwrap().objects.get(key).cloned()
    }

    /// The keys of all objects.
    pub fn keys(&self) -> Vec<String> {
        self.shared.inner.lock().unwrap().objects.keys().cloned().collect()
    }

    /// Deletes an object behind Carillon's back, as a scanner does.
    pub fn lose(&self, key: &str) {
        assert!(self.shared.inner.lock().unwrap().objects.remove(key).is_some(), "{key}");
    }

    /// Puts an object there behind Carillon's back.
    pub fn put(&self, key: &str, content_type: &str, content: &[u8]) {
        let object = FakeObject { content_type: content_type.to_owned(), content: content.to_vec(), tagging: None };
        self.shared.inner.lock().unwrap().objects.insert(key.to_owned(), object);
    }

    /// Answers the next requests with these statuses.
    pub fn refuse(&self, statuses: &[u16]) {
        self.shared.inner.lock().unwrap().refusals = statuses.to_vec();
    }
}

fn text((name, value): (&String, &Value)) -> (String, String) {
    (name.clone(), value.as_str().unwrap().to_owned())
}

fn of_objects(action: &str) -> (String, String) {
    (action.to_owned(), "AttachmentBucket/*".to_owned())
}

/// Checks a form as S3 does (Amazon S3 user guide, "POST Policy").
fn check(fields: &BTreeMap<String, String>, content: &[u8]) -> Result<(), &'static str> {
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let parts: Vec<_> = field("x-amz-credential").split('/').collect();
    let [_, day, region, service, kind] = parts[..] else { return Err("InvalidArgument") };
    let hmac = |key: &[u8], text: &str| -> Vec<u8> {
        let hmac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text);
        hmac.finalize().into_bytes().to_vec()
    };
    let key =
        [day, region, service, kind].iter().fold(format!("AWS4{SECRET}").into_bytes(), |key, part| hmac(&key, part));
    if hex::encode(hmac(&key, field("policy"))) != field("x-amz-signature") {
        return Err("SignatureDoesNotMatch");
    }
    let policy: Value = serde_json::from_slice(&STANDARD.decode(field("policy")).unwrap()).unwrap();
    if Millis::parse_iso(policy["expiration"].as_str().unwrap()).unwrap() <= Millis::now() {
        return Err("AccessDenied");
    }
    let mut named = vec!["policy".to_owned(), "x-amz-signature".to_owned()];
    for condition in policy["conditions"].as_array().unwrap() {
        if let Some(range) = condition.as_array() {
            assert_eq!(range[0], "content-length-range");
            let size = u64::try_from(content.len()).unwrap();
            if size < range[1].as_u64().unwrap() {
                return Err("EntityTooSmall");
            }
            if size > range[2].as_u64().unwrap() {
                return Err("EntityTooLarge");
            }
            continue;
        }
        let (name, value) = condition.as_object().unwrap().iter().next().unwrap();
        let value = value.as_str().unwrap();
        let has = if name == "bucket" { NAME } else { field(name) };
        if has != value {
            return Err("AccessDenied");
        }
        named.push(name.clone());
    }
    if fields.keys().all(|name| named.contains(name)) { Ok(()) } else { Err("AccessDenied") }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let status = |code: u16| StatusCode::from_u16(code).unwrap();
    let refusal = {
        let mut inner = shared.inner.lock().unwrap();
        if inner.refusals.is_empty() { None } else { Some(inner.refusals.remove(0)) }
    };
    if let Some(code) = refusal {
        return (status(code), "<Error><Code>Refused</Code></Error>").into_response();
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let key = path.strip_prefix(&format!("/{NAME}/")).unwrap().to_owned();
    let mut headers = request.headers().clone();
    let is_link = query.contains("X-Amz-Signature=");
    if is_link {
        let credential = parameter(query, "X-Amz-Credential").unwrap();
        headers.insert("authorization", format!("Credential={credential}").parse().unwrap());
    }
    let actions: &[_] = match (request.method(), query) {
        (&Method::HEAD, "") => &["s3:GetObject"],
        (&Method::GET, _) if is_link => &["s3:GetObject"],
        (&Method::PUT, "x-id=CopyObject") => &["s3:PutObject", "s3:PutObjectTagging", "s3:GetObject"],
        (&Method::DELETE, "tagging") => &["s3:DeleteObjectTagging"],
        (&Method::DELETE, "x-id=DeleteObject") => &["s3:DeleteObject"],
        _ => panic!("{} {query}", request.method()),
    };
    let action = actions[0];
    let source = headers.get("x-amz-copy-source").map(|source| source.to_str().unwrap().to_owned());
    let source = source.map(|source| source.strip_prefix(&format!("{NAME}/")).unwrap().to_owned());
    let is_there = shared.inner.lock().unwrap().objects.contains_key(source.as_ref().unwrap_or(&key));
    let mut asked: Vec<_> = actions.iter().map(|action| of_objects(action)).collect();
    if !is_there && action != "s3:DeleteObject" {
        // Without it, S3 does not tell whether there is such an object.
        asked.push(("s3:ListBucket".to_owned(), "AttachmentBucket".to_owned()));
    }
    if !shared.policies.admit(&headers, asked) {
        return status(403).into_response();
    }
    if let Some(source) = source {
        return copy(&mut shared.inner.lock().unwrap(), (source, key), &headers);
    }
    let mut inner = shared.inner.lock().unwrap();
    match (action, inner.objects.get_mut(&key)) {
        ("s3:DeleteObject", _) => {
            inner.objects.remove(&key);
            status(204).into_response()
        }
        (_, None) => (status(404), "<Error><Code>NoSuchKey</Code></Error>").into_response(),
        ("s3:DeleteObjectTagging", Some(object)) => {
            object.tagging = None;
            status(204).into_response()
        }
        (_, Some(object)) => {
            let said = |name| parameter(query, name);
            let content_type = said("response-content-type").unwrap_or_else(|| object.content_type.clone());
            let etag = etag_of(&object.content);
            let disposition = said("response-content-disposition").unwrap_or_default();
            let headers = [("content-type", content_type), ("etag", etag), ("content-disposition", disposition)];
            (headers, object.content.clone()).into_response()
        }
    }
}

/// Copies an object with the tags that the request has, if it has the ETag that the request names.
fn copy(inner: &mut Inner, (from, to): (String, String), headers: &HeaderMap) -> Response {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("x-amz-tagging-directive").as_deref(), Some("REPLACE"));
    let Some(object) = inner.objects.get(&from).cloned() else {
        return (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response();
    };
    let etag = etag_of(&object.content);
    if header("x-amz-copy-source-if-match").is_some_and(|expected| expected != etag) {
        let refusal = "<Error><Code>PreconditionFailed</Code></Error>";
        return (StatusCode::PRECONDITION_FAILED, refusal).into_response();
    }
    inner.objects.insert(to, FakeObject { tagging: header("x-amz-tagging"), ..object });
    format!("<CopyObjectResult><ETag>{etag}</ETag></CopyObjectResult>").into_response()
}

fn etag_of(content: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&hmac_of(content)[..16]))
}

/// Stands for MD5, which nobody computes again.
fn hmac_of(content: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(b"etag").unwrap().chain_update(content).finalize().into_bytes().to_vec()
}

/// A parameter of a query, unescaped.
fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            bytes.extend(hex::decode(&after[..2]).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Some(String::from_utf8(bytes).unwrap())
}

//! The bucket of attachments, at the address at which S3 would be: pages post forms to it and read what links lead to.
//!
//! ministack keeps the objects. It checks a form as S3 does, by its time, its size and every condition (Amazon S3 API
//! reference, "POST Object"; Amazon S3 user guide, "POST Policy"), and links by their signature and time ("Authenticating Requests: Using
//! Query Parameters"). This adds what it lacks: the signature of a form
//! ("Calculating a Signature"), its field `tagging`, CORS, and the refusal of a request without a signature.
//!
//! Gaps that remain: a signature in a header is not checked; S3 ignores the fields of a form that come after the file; the lifecycle rules
//! delete nothing here; and an object has no tag for the moment between the two requests to ministack.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, Mac as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use sha2::Sha256;

use super::cors::Cors;
use crate::net::relay::{Relay, RelayError};
use crate::services::ministack::SECRET_KEY;
use crate::state::function_names::STACK_NAME;

/// Most bytes of a form: the template's `MaxAttachmentBytes`, and as much again for the fields as S3 takes (20 KB), and more.
const MAX_FORM_BYTES: usize = 11 * 1024 * 1024;
/// The logical id of the bucket in the template, in small letters. CloudFormation's name for a bucket is the stack's, this and a random end.
const LOGICAL_ID: &str = "attachmentbucket";

/// ministack's S3, and the origins whose pages may use the bucket.
#[derive(Clone)]
pub(super) struct Bucket {
    relay: Relay,
    cors: Cors,
}

impl Bucket {
    /// `aws` is ministack's address. The template gives the bucket the origins of the HTTP API.
    pub(super) fn new(aws: &str, cors: Cors) -> Self {
        Self { relay: Relay::to(aws).keeping_host(), cors }
    }
}

/// Whether a request is for the bucket. No route begins like that.
pub(crate) fn is_for(request: &Request) -> bool {
    request.uri().path().starts_with(&format!("/{STACK_NAME}-{LOGICAL_ID}-"))
}

/// Handles one request.
pub(super) async fn handle(bucket: &Bucket, request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return (StatusCode::OK, bucket.cors.preflight_headers(request.headers())).into_response();
    }
    let cors = bucket.cors.response_headers(request.headers());
    let (parts, body) = request.into_parts();
    let mut response = if parts.method == Method::POST || is_signed(&parts) {
        forward(bucket, parts, body).await
    } else {
        refusal(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied")
    };
    response.headers_mut().extend(cors);
    response
}

fn is_signed(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    parts.headers.contains_key(AUTHORIZATION) || query.split('&').any(|pair| pair.starts_with("X-Amz-Signature="))
}

async fn forward(bucket: &Bucket, parts: Parts, body: Body) -> Response {
    let Ok(body) = to_bytes(body, MAX_FORM_BYTES).await else {
        let told = "Your proposed upload exceeds the maximum allowed size";
        return refusal(StatusCode::BAD_REQUEST, "EntityTooLarge", told);
    };
    if parts.method == Method::POST && !is_form_signed(&parts, &body) {
        let told = "The request signature we calculated does not match the signature you provided";
        return refusal(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", told);
    }
    let tagging = (parts.method == Method::POST).then(|| tagging_of(&parts, &body)).flatten();
    match bucket.relay.send(parts, body).await {
        Ok(stored) if stored.status().is_success() => match tagging {
            Some((tagging, tags)) => match bucket.relay.send(tagging, tags).await {
                Ok(tagged) if tagged.status().is_success() => stored.map(Body::from),
                _ => unavailable(),
            },
            None => stored.map(Body::from),
        },
        Ok(refused) => refused.map(Body::from),
        Err(RelayError::Address | RelayError::NoResponse) => unavailable(),
    }
}

/// Whether the form's policy is signed with the key that all functions have here.
fn is_form_signed(parts: &Parts, form: &Bytes) -> bool {
    let field = |name| std::str::from_utf8(field(form, boundary(parts)?, name)?).ok();
    let (Some(credential), Some(policy), Some(signature)) =
        (field("x-amz-credential"), field("policy"), field("x-amz-signature"))
    else {
        return false;
    };
    let keyed = |key: &[u8], text: &str| {
        let keyed = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        keyed.chain_update(text).finalize().into_bytes().to_vec()
    };
    // The parts of the scope after the key's id: day, region, service, `aws4_request`.
    let scope = credential.split('/').skip(1);
    let key = scope.fold(format!("AWS4{SECRET_KEY}").into_bytes(), |key, part| keyed(&key, part));
    hex::encode(keyed(&key, policy)) == signature
}

fn boundary(parts: &Parts) -> Option<&str> {
    let content_type = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(content_type.split_once("boundary=")?.1.trim_matches('"'))
}

/// The request by which the object of a form gets the tags of its field `tagging`.
fn tagging_of(parts: &Parts, form: &Bytes) -> Option<(Parts, Bytes)> {
    let boundary = boundary(parts)?;
    let (key, tags) = (field(form, boundary, "key")?, field(form, boundary, "tagging")?);
    let path = format!("{}/{}?tagging", parts.uri.path().trim_end_matches('/'), std::str::from_utf8(key).ok()?);
    let (mut request, ()) = http::Request::put(path).body(()).ok()?.into_parts();
    request.headers =
        HeaderMap::from_iter(parts.headers.get(http::header::HOST).map(|host| (http::header::HOST, host.clone())));
    Some((request, Bytes::copy_from_slice(tags)))
}

/// The value of a form's field (RFC 7578).
fn field<'a>(form: &'a [u8], boundary: &str, name: &str) -> Option<&'a [u8]> {
    let find = |within: &[u8], text: &[u8]| within.windows(text.len()).position(|window| window == text);
    let start = format!("name=\"{name}\"\r\n");
    let headers = &form[find(form, start.as_bytes())? + start.len() - 2..];
    let value = &headers[find(headers, b"\r\n\r\n")? + 4..];
    Some(&value[..find(value, format!("\r\n--{boundary}").as_bytes())?])
}

/// An error as S3 sends it (Amazon S3 API reference, "Error responses").
fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    (status, [(CONTENT_TYPE, "application/xml")], xml).into_response()
}

fn unavailable() -> Response {
    refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "Service is unable to handle request")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HOST, ORIGIN};
    use serde_json::json;
    use std::sync::{Arc, Mutex};
    use tokio::net::TcpListener;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nchats/1\r\n\
        --b\r\nContent-Disposition: form-data; name=\"x-amz-credential\"\r\n\r\ntest/20261130/us-east-1/s3/aws4_request\r\n\
        --b\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\ne30=\r\n\
        --b\r\nContent-Disposition: form-data; name=\"x-amz-signature\"\r\n\r\nfff34e67108b8641cb1c98855c0c6fab79eb73f4c5cba806671a858d7bb41a49\r\n\
        --b\r\nContent-Disposition: form-data; name=\"tagging\"\r\n\r\n<Tagging/>\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: image/png\r\n\r\nname=\"key\"\r\n\r\nno\r\n--b--\r\n";

    fn path(rest: &str) -> String {
        format!("/{STACK_NAME}-attachmentbucket-1ab{rest}")
    }

    /// The requests that reach ministack. It refuses those for `/refused`.
    async fn asked(requests: Vec<http::Request<Body>>) -> (Vec<Response>, Vec<String>) {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = seen.clone();
        let upstream = Router::new().fallback(async move |request: Request| {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let host = parts.headers[HOST].to_str().unwrap().to_owned();
            noted.lock().unwrap().push(format!("{} {} {host} {}", parts.method, parts.uri, body.len()));
            match parts.uri.path() {
                path if path.ends_with("refused") => StatusCode::FORBIDDEN.into_response(),
                path if path.ends_with("object") => "seven b".into_response(),
                _ => StatusCode::NO_CONTENT.into_response(),
            }
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, upstream).await });
        let cors = serde_json::from_value(json!({ "allowOrigins": ["http://localhost:3001"] })).unwrap();
        let bucket = Bucket::new(&address, cors);
        let mut responses = Vec::new();
        for request in requests {
            assert!(is_for(&request));
            responses.push(handle(&bucket, request).await);
        }
        let seen = seen.lock().unwrap().clone();
        (responses, seen)
    }

    fn post(rest: &str, form: impl Into<Body>) -> http::Request<Body> {
        let request = Request::post(path(rest)).header(HOST, "localhost:3000").header(ORIGIN, "http://localhost:3001");
        request.header(CONTENT_TYPE, "multipart/form-data; boundary=b").body(form.into()).unwrap()
    }

    #[tokio::test]
    async fn a_form_is_passed_on_with_its_host_and_then_its_tags() {
        let (responses, seen) = asked(vec![post("/", FORM), post("/refused", FORM)]).await;
        assert_eq!(responses[0].status(), StatusCode::NO_CONTENT);
        assert_eq!(responses[0].headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:3001");
        assert_eq!(responses[1].status(), StatusCode::FORBIDDEN);
        let length = FORM.len();
        assert_eq!(
            seen,
            [
                format!("POST {} localhost:3000 {length}", path("/")),
                format!("PUT {} localhost:3000 10", path("/chats/1?tagging")),
                format!("POST {} localhost:3000 {length}", path("/refused")),
            ]
        );
    }

    #[tokio::test]
    async fn a_form_that_is_signed_with_another_key_is_refused() {
        let signature = FORM.split("x-amz-signature\"\r\n\r\n").nth(1).unwrap().split('\r').next().unwrap();
        let forged = FORM.replace(signature, &"0".repeat(64));
        let unsigned = FORM.replace("x-amz-signature", "x-amz-other");
        let (responses, seen) = asked(vec![post("/", forged), post("/", unsigned)]).await;
        assert!(responses.iter().all(|response| response.status() == StatusCode::FORBIDDEN));
        assert!(seen.is_empty(), "{seen:?}");
    }

    #[tokio::test]
    async fn a_request_without_a_signature_is_refused() {
        let get = |rest: &str| Request::get(path(rest)).header(HOST, "localhost:3000");
        let signed = "/chats/1?X-Amz-Date=1&X-Amz-Signature=ab";
        let (responses, seen) = asked(vec![
            get("/chats/1").body(Body::empty()).unwrap(),
            get("/?list-type=2").body(Body::empty()).unwrap(),
            Request::put(path("/chats/1")).body(Body::from("x")).unwrap(),
            get(signed).body(Body::empty()).unwrap(),
            get("/chats/2").header(AUTHORIZATION, "AWS4-HMAC-SHA256 …").body(Body::empty()).unwrap(),
        ])
        .await;
        let statuses: Vec<_> = responses.iter().map(|response| response.status().as_u16()).collect();
        assert_eq!(statuses, [403, 403, 403, 204, 204]);
        assert_eq!(seen.len(), 2, "{seen:?}");
    }

    #[tokio::test]
    async fn a_question_about_an_object_learns_its_length() {
        let head =
            Request::head(path("/object")).header(HOST, "localhost:3000").header(AUTHORIZATION, "AWS4-HMAC-SHA256 …");
        let (responses, _) = asked(vec![head.body(Body::empty()).unwrap()]).await;
        assert_eq!(responses[0].headers()["content-length"], "7");
    }

    #[tokio::test]
    async fn a_file_over_the_limit_is_refused_as_s3_does() {
        let (mut responses, seen) = asked(vec![post("/", vec![b'a'; MAX_FORM_BYTES + 1])]).await;
        let response = responses.remove(0);
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let text = to_bytes(response.into_body(), 1000).await.unwrap();
        assert!(text.starts_with(b"<?xml") && seen.is_empty(), "{text:?}");
    }

    #[tokio::test]
    async fn a_page_may_ask_whether_it_may_read() {
        let preflight = Request::options(path("/chats/1"))
            .header(ORIGIN, "http://localhost:3001")
            .header("access-control-request-method", "GET")
            .body(Body::empty());
        let (responses, seen) = asked(vec![preflight.unwrap()]).await;
        assert_eq!(responses[0].headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:3001");
        assert!(seen.is_empty());
    }
}

//! The bucket of attachments: Amazon S3's REST API, signed by AWS's own `aws-sigv4`.
//!
//! Four requests, a form and a link. The crate `aws-sdk-s3` makes no forms, and each function that has a chat would link it for the four
//! requests; `aws-sigv4` is linked already, since the SDK's other clients sign with it. Credentials, region and the HTTP client are the
//! SDK's, as of all others. (Amazon S3 API reference: `HeadObject`, `DeleteObject`, `DeleteObjectTagging`, "POST Object"; Amazon S3 user
//! guide, "Authenticating Requests (AWS Signature Version 4)".)
//!
//! | file | what it is |
//! |---|---|
//! | `form` | the form by which a page uploads one file |

mod form;

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{Method, StatusCode};

use super::https::{HttpClient, read_body, without_address};
use crate::api_error::ApiError;
use crate::contract::time::Millis;
use crate::settings::AttachmentSettings;

pub use form::Form;
pub(crate) use form::FormFile;
use form::{FormSigner, form};

/// The name by which requests to S3 are signed.
const SERVICE: &str = "s3";
/// Time-out of one request.
const TIMEOUT: Duration = Duration::from_secs(2);
/// So much of an error's text is read.
const MAX_ERROR_BYTES: usize = 4096;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a request to the bucket failed. It holds no address: that of a link would be its key.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error("S3 {operation} was refused with {status} {code}")]
    Refused {
        /// Such as `HeadObject`.
        operation: &'static str,
        status: u16,
        /// Such as `AccessDenied`.
        code: String,
    },
    #[error("S3 {operation} got no response")]
    NoResponse { operation: &'static str, source: reqwest::Error },
    #[error("the request to S3 cannot be signed")]
    Unsigned(#[source] BoxError),
}

impl BucketError {
    fn unsigned(cause: impl Into<BoxError>) -> Self {
        Self::Unsigned(cause.into())
    }

    /// Whether it is likely to succeed later, without an operator.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::NoResponse { .. } => true,
            Self::Unsigned(_) => false,
        }
    }
}

impl From<BucketError> for ApiError {
    fn from(error: BucketError) -> Self {
        if error.passes() {
            crate::telemetry::cause(&error);
            return Self::Unavailable("The store of attachments does not answer; try again".to_owned());
        }
        Self::internal(error)
    }
}

/// An object as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredObject {
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) content_type: String,
    /// Another one once its content is replaced.
    pub(crate) etag: String,
}

/// The bucket.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    http: HttpClient,
    credentials: SharedCredentialsProvider,
    region: String,
    /// Of a function that makes forms.
    name: Option<String>,
    /// Without a slash at the end.
    url: String,
}

impl Bucket {
    /// The bucket of these settings; `None` without a region or credentials to ask for.
    pub(crate) fn new(http: HttpClient, aws: &SdkConfig, settings: &AttachmentSettings) -> Option<Self> {
        Some(Self {
            http,
            credentials: aws.credentials_provider()?,
            region: aws.region()?.to_string(),
            name: settings.bucket.clone(),
            url: settings.url.clone(),
        })
    }

    /// The form by which a page uploads this file, until then.
    ///
    /// # Errors
    /// [`BucketError::Unsigned`] without credentials, and in a function without `ATTACHMENTS_BUCKET`.
    pub(crate) async fn form(&self, file: &FormFile<'_>, now: Millis, until: Millis) -> Result<Form, BucketError> {
        let name = self.name.as_deref();
        let name = name.ok_or_else(|| BucketError::unsigned("set the environment variable ATTACHMENTS_BUCKET"))?;
        let credentials = self.credentials().await?;
        let signer = FormSigner { credentials: &credentials, region: &self.region };
        let fields = form(name, &signer, file, now, until);
        Ok(Form { url: format!("{}/", self.url), fields, expires_at: until.iso() })
    }

    /// The address at which everybody may read an object for so long, with these headers of the response.
    ///
    /// # Errors
    /// [`BucketError::Unsigned`] without credentials.
    pub(crate) async fn link(
        &self,
        object: &str,
        (content_type, disposition): (&str, &str),
        now: Millis,
        lifetime: Duration,
    ) -> Result<String, BucketError> {
        let headers = [("response-content-disposition", disposition), ("response-content-type", content_type)];
        let query = headers.map(|(name, value)| format!("{name}={}", escaped(value))).join("&");
        let unsigned = http::Request::get(format!("{}/{object}?{query}", self.url)).body(());
        let mut request = unsigned.map_err(BucketError::unsigned)?;
        let mut settings = settings();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(lifetime);
        self.sign(&mut request, SignableBody::UnsignedPayload, settings, now).await?;
        Ok(request.uri().to_string())
    }

    /// The object of this key, if there is one. A harmless question, so it is asked twice.
    ///
    /// # Errors
    /// When S3 does not answer, or refuses.
    pub(crate) async fn look(&self, object: &str) -> Result<Option<StoredObject>, BucketError> {
        let ask = || self.send("HeadObject", Method::HEAD, object, "");
        let response = match ask().await {
            Err(error) if error.passes() => ask().await,
            first => first,
        }?;
        Ok(response.map(|response| {
            let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            StoredObject {
                size: text("content-length").parse().unwrap_or_default(),
                content_type: text("content-type").to_owned(),
                etag: text("etag").to_owned(),
            }
        }))
    }

    /// Takes all tags off an object. Returns whether it is there.
    ///
    /// # Errors
    /// When S3 does not answer, or refuses.
    pub(crate) async fn untag(&self, object: &str) -> Result<bool, BucketError> {
        Ok(self.send("DeleteObjectTagging", Method::DELETE, object, "?tagging").await?.is_some())
    }

    /// Deletes an object. One that is not there is deleted, too.
    ///
    /// # Errors
    /// When S3 does not answer, or refuses.
    pub(crate) async fn delete(&self, object: &str) -> Result<(), BucketError> {
        self.send("DeleteObject", Method::DELETE, object, "").await?;
        Ok(())
    }

    /// Sends a request without a body. `None` for a 404.
    async fn send(
        &self,
        operation: &'static str,
        method: Method,
        object: &str,
        query: &str,
    ) -> Result<Option<reqwest::Response>, BucketError> {
        let unsigned = http::Request::builder().method(method).uri(format!("{}/{object}{query}", self.url));
        let mut request = unsigned.body(Vec::new()).map_err(BucketError::unsigned)?;
        let mut settings = settings();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        self.sign(&mut request, SignableBody::Bytes(&[]), settings, Millis::now()).await?;
        let mut request = reqwest::Request::try_from(request).map_err(BucketError::unsigned)?;
        *request.timeout_mut() = Some(TIMEOUT);
        let response = self.http.get().execute(request).await;
        let response =
            response.map_err(|error| BucketError::NoResponse { operation, source: without_address(error) })?;
        match response.status() {
            status if status.is_success() => Ok(Some(response)),
            StatusCode::NOT_FOUND => Ok(None),
            status => {
                let text = read_body(response, MAX_ERROR_BYTES).await.unwrap_or_default();
                let code = code(&String::from_utf8_lossy(&text));
                Err(BucketError::Refused { operation, status: status.as_u16(), code })
            }
        }
    }

    async fn sign<B>(
        &self,
        request: &mut http::Request<B>,
        body: SignableBody<'_>,
        settings: SigningSettings,
        now: Millis,
    ) -> Result<(), BucketError> {
        let identity = self.credentials().await?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(system_time(now))
            .settings(settings)
            .build()
            .map_err(BucketError::unsigned)?
            .into();
        let (method, uri) = (request.method().to_string(), request.uri().to_string());
        let signable = SignableRequest::new(&method, uri, std::iter::empty(), body).map_err(BucketError::unsigned)?;
        let (instructions, _) = sign(signable, &params).map_err(BucketError::unsigned)?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }

    async fn credentials(&self) -> Result<Credentials, BucketError> {
        self.credentials.provide_credentials().await.map_err(BucketError::unsigned)
    }
}

/// S3 reads a path as it was sent (Amazon S3 user guide, "Authenticating Requests", "Task 1: Create a Canonical Request").
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

fn system_time(at: Millis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.0.max(0).unsigned_abs())
}

/// The `Code` of an error's XML; a response to `HEAD` has no body.
fn code(xml: &str) -> String {
    let code = xml.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or("without a code", |(code, _)| code).to_owned()
}

/// A text for a query, in which everything is escaped but letters, digits and `-._~` (RFC 3986, section 2.3).
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push_str(&hex::encode_upper([byte]));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amazon S3 user guide, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", has the key, the bucket and the time.
    /// Its own example has no headers of the response.
    fn bucket() -> Bucket {
        let (id, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        Bucket {
            http: HttpClient::default(),
            credentials: SharedCredentialsProvider::new(Credentials::new(id, secret, None, None, "tests")),
            region: "us-east-1".to_owned(),
            name: None,
            url: "https://examplebucket.s3.amazonaws.com".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_link_is_signed_as_the_guide_s_example() {
        let mut request = http::Request::get("https://examplebucket.s3.amazonaws.com/test.txt").body(()).unwrap();
        let mut settings = settings();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(86_400));
        let at = Millis::parse_iso("2013-05-24T00:00:00.000Z").unwrap();
        bucket().sign(&mut request, SignableBody::UnsignedPayload, settings, at).await.unwrap();
        let signature = "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(request.uri().to_string().ends_with(signature), "{}", request.uri());
    }

    #[tokio::test]
    async fn a_link_has_the_headers_of_its_response_and_ends() {
        let headers = ("image/png", "inline; filename*=UTF-8''a%20b.png");
        let link = bucket().link("chats/1", headers, Millis::now(), Duration::from_secs(300)).await.unwrap();
        let said = "response-content-disposition=inline%3B%20filename%2A%3DUTF-8%27%27a%2520b.png&response-content-type=image%2Fpng";
        assert!(link.starts_with(&format!("https://examplebucket.s3.amazonaws.com/chats/1?{said}&")), "{link}");
        assert!(link.contains("X-Amz-Expires=300"), "{link}");
    }

    #[test]
    fn a_refusal_is_named_by_its_code() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>secret</Message></Error>";
        assert_eq!((code(xml).as_str(), code("").as_str()), ("AccessDenied", "without a code"));
    }

    #[test]
    fn an_outage_passes_and_a_missing_permission_does_not() {
        let refused = |status| BucketError::Refused { operation: "HeadObject", status, code: String::new() }.passes();
        assert!(refused(503) && refused(500) && refused(429));
        assert!(!refused(403) && !refused(400));
    }
}

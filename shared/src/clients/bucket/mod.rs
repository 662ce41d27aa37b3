//! The bucket of attachments, through the AWS SDK (Amazon S3 API reference).
//!
//! The SDK makes no forms, so `form` signs them, with the SDK's own signer.
//!
//! | file | what it is |
//! |---|---|
//! | `form` | the form by which a page uploads one file |

mod form;

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::TaggingDirective;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::aws::AwsError;
use crate::api_error::ApiError;
use crate::contract::time::Millis;
use crate::settings::AttachmentSettings;

pub use form::Form;
pub(crate) use form::FormFile;
use form::{FormSigner, form};

/// The name by which requests to S3 are signed.
const SERVICE: &str = "s3";
/// Time-out of a copy. S3 copies some 100 MB a second, and nothing is copied that is larger.
const COPY_TIMEOUT: Duration = Duration::from_secs(5);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a request to the bucket failed. It holds no address: that of a link would be its key.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error("the address of a file cannot be signed")]
    Unsigned(#[source] BoxError),
}

impl BucketError {
    fn unsigned(cause: impl Into<BoxError>) -> Self {
        Self::Unsigned(cause.into())
    }

    /// Whether it is likely to succeed later, without an operator.
    pub(crate) fn passes(&self) -> bool {
        match self {
            // Of a copy, S3 may say with the status 200 that it failed after all.
            Self::Aws(AwsError::Refused { status, .. }) => matches!(status, 200 | 429 | 500..),
            Self::Aws(AwsError::NoResponse { .. }) => true,
            Self::Unsigned(_) => false,
        }
    }

    /// Whether S3 says that there is no such object, or that it is another one. Of a missing bucket it says so by a code, unless the
    /// response has no body.
    fn is_of_object(&self) -> bool {
        matches!(self, Self::Aws(AwsError::Refused { status: 404 | 412, code, .. }) if code != "NoSuchBucket")
    }
}

impl From<BucketError> for ApiError {
    fn from(error: BucketError) -> Self {
        if error.passes() {
            crate::telemetry::cause(&error);
            return ApiError::Unavailable("The store of attachments does not answer; try again".to_owned());
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

/// A tag of an object: a name and a value, of letters and digits.
pub(crate) type Tag = (&'static str, &'static str);

/// The bucket.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    client: aws_sdk_s3::Client,
    credentials: SharedCredentialsProvider,
    region: String,
    name: String,
    /// Where S3 finds the bucket.
    params: Params,
}

impl Bucket {
    /// The bucket of these settings; `None` without a region or credentials to ask for.
    pub(crate) fn new(aws: &SdkConfig, settings: &AttachmentSettings) -> Option<Self> {
        let (name, region) = (settings.bucket.clone(), aws.region()?.to_string());
        let endpoint = settings.endpoint.as_deref().or(aws.endpoint_url());
        // A stand-in has no domain for each bucket.
        let (is_path, fips, dual) = (endpoint.is_some(), aws.use_fips(), aws.use_dual_stack());
        let params = Params::builder()
            .bucket(&name)
            .region(&region)
            .set_endpoint(endpoint.map(str::to_owned))
            .force_path_style(is_path)
            .use_fips(fips.unwrap_or_default())
            .use_dual_stack(dual.unwrap_or_default());
        let mut config = aws_sdk_s3::config::Builder::from(aws);
        config.set_endpoint_url(endpoint.map(str::to_owned));
        let config = config
            .force_path_style(is_path)
            // Pages read the objects, so links need no checksum of the SDK's.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Some(Self {
            client: aws_sdk_s3::Client::from_conf(config),
            credentials: aws.credentials_provider()?,
            region,
            name,
            params: params.build().ok()?,
        })
    }

    /// The form by which a page uploads this file, until then.
    ///
    /// # Errors
    /// [`BucketError::Unsigned`] without credentials.
    pub(crate) async fn form(&self, file: &FormFile<'_>, now: Millis, until: Millis) -> Result<Form, BucketError> {
        let credentials = self.credentials().await?;
        let address = DefaultResolver::new().resolve_endpoint(&self.params).await.map_err(BucketError::unsigned)?;
        let signer = FormSigner { credentials: &credentials, region: &self.region };
        let fields = form(&self.name, &signer, file, now, until);
        Ok(Form { url: format!("{}/", address.url().trim_end_matches('/')), fields, expires_at: until.iso() })
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
        let presigning = PresigningConfig::builder().start_time(system_time(now)).expires_in(lifetime);
        let presigning = presigning.build().map_err(BucketError::unsigned)?;
        let get = self.client.get_object().bucket(&self.name).key(object);
        let get = get.response_content_type(content_type).response_content_disposition(disposition);
        let signed = Box::pin(get.presigned(presigning)).await.map_err(BucketError::unsigned)?;
        Ok(signed.uri().to_owned())
    }

    /// The object of this key, if there is one.
    ///
    /// # Errors
    /// When S3 does not answer, or refuses.
    pub(crate) async fn look(&self, object: &str) -> Result<Option<StoredObject>, BucketError> {
        let head = self.client.head_object().bucket(&self.name).key(object);
        let found = found("S3 HeadObject", Box::pin(head.send()).await)?;
        Ok(found.map(|head| StoredObject {
            size: head.content_length().and_then(|length| length.try_into().ok()).unwrap_or_default(),
            content_type: head.content_type().unwrap_or_default().to_owned(),
            etag: head.e_tag().unwrap_or_default().to_owned(),
        }))
    }

    /// Copies the object that has this ETag, with this tag and no other. Returns the ETag of the copy; `None` if the object was not there.
    ///
    /// # Errors
    /// When S3 does not answer, or refuses.
    pub(crate) async fn copy(
        &self,
        (from, etag): (&str, &str),
        to: &str,
        tag: Tag,
    ) -> Result<Option<String>, BucketError> {
        let copy = self.client.copy_object().bucket(&self.name).key(to);
        let copy = copy.copy_source(format!("{}/{from}", self.name)).copy_source_if_match(etag);
        let copy = copy.tagging_directive(TaggingDirective::Replace).tagging(format!("{}={}", tag.0, tag.1));
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(COPY_TIMEOUT).operation_timeout(COPY_TIMEOUT);
        let patient = aws_sdk_s3::config::Builder::new().timeout_config(timeouts.build());
        let copied = Box::pin(copy.customize().config_override(patient).send()).await;
        let copied = found("S3 CopyObject", copied)?;
        Ok(copied.map(|copied| copied.copy_object_result.and_then(|result| result.e_tag).unwrap_or_default()))
    }

    /// Takes all tags off an object. Returns whether it is there.
    ///
    /// # Errors
    /// When S3 does not answer, or refuses.
    pub(crate) async fn untag(&self, object: &str) -> Result<bool, BucketError> {
        let untag = self.client.delete_object_tagging().bucket(&self.name).key(object);
        Ok(found("S3 DeleteObjectTagging", Box::pin(untag.send()).await)?.is_some())
    }

    /// Deletes an object. One that is not there is deleted, too.
    ///
    /// # Errors
    /// When S3 does not answer, or refuses.
    pub(crate) async fn delete(&self, object: &str) -> Result<(), BucketError> {
        let delete = self.client.delete_object().bucket(&self.name).key(object);
        found("S3 DeleteObject", Box::pin(delete.send()).await).map(drop)
    }

    async fn credentials(&self) -> Result<Credentials, BucketError> {
        self.credentials.provide_credentials().await.map_err(BucketError::unsigned)
    }
}

/// `None` if the object is not there, or is not the expected one.
fn found<T, E>(operation: &'static str, result: Result<T, SdkError<E, HttpResponse>>) -> Result<Option<T>, BucketError>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match result.map_err(|error| BucketError::Aws(AwsError::new(operation, error))) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_of_object() => Ok(None),
        Err(error) => Err(error),
    }
}

fn system_time(at: Millis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.0.max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};

    use super::*;

    fn bucket(endpoint: Option<&str>) -> Bucket {
        let (id, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(id, secret, None, None, "tests")))
            .build();
        let settings = AttachmentSettings {
            bucket: "files".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            max_bytes: 1,
            types: Vec::new(),
        };
        Bucket::new(&aws, &settings).unwrap()
    }

    async fn form_of(bucket: &Bucket) -> Form {
        let file = FormFile { object: "uploads/1", content_type: "image/png", size: 1, tag: ("state", "unsent") };
        bucket.form(&file, Millis(0), Millis(1)).await.unwrap()
    }

    #[tokio::test]
    async fn a_link_has_the_headers_of_its_response_and_ends() {
        let headers = ("image/png", "inline; filename*=UTF-8''a%20b.png");
        let at = Millis::parse_iso("2026-11-30T10:00:00.000Z").unwrap();
        let link = bucket(None).link("messages/1", headers, at, Duration::from_secs(300)).await.unwrap();
        let (address, query) = link.split_once('?').unwrap();
        assert_eq!(address, "https://files.s3.eu-west-1.amazonaws.com/messages/1");
        for part in [
            "response-content-disposition=inline%3B%20filename%2A%3DUTF-8%27%27a%2520b.png",
            "response-content-type=image%2Fpng",
            "X-Amz-Date=20261130T100000Z",
            "X-Amz-Expires=300",
            "X-Amz-SignedHeaders=host&",
        ] {
            assert!(query.contains(part), "{part}: {query}");
        }
    }

    #[tokio::test]
    async fn a_form_goes_to_the_address_of_links() {
        assert_eq!(form_of(&bucket(None)).await.url, "https://files.s3.eu-west-1.amazonaws.com/");
        let local = bucket(Some("http://localhost:3000"));
        assert_eq!(form_of(&local).await.url, "http://localhost:3000/files/");
        let link = local.link("a", ("image/png", "inline"), Millis(0), Duration::from_secs(1)).await.unwrap();
        assert!(link.starts_with("http://localhost:3000/files/a?"), "{link}");
    }

    #[test]
    fn an_outage_passes_and_a_missing_permission_or_bucket_does_not() {
        let refused = |status, code: &str| {
            let [code, message, request_id] = [code, "", ""].map(str::to_owned);
            BucketError::Aws(AwsError::Refused { operation: "S3 DeleteObject", status, code, message, request_id })
        };
        let passes = |status| refused(status, "").passes();
        assert!(passes(503) && passes(500) && passes(429) && passes(200));
        assert!(!passes(403) && !passes(404));
        assert!(refused(404, "NoSuchKey").is_of_object() && refused(412, "PreconditionFailed").is_of_object());
        assert!(!refused(404, "NoSuchBucket").is_of_object() && !refused(403, "AccessDenied").is_of_object());
    }
}

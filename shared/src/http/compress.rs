//! Responses over 1 KB, compressed where the client accepts gzip.
//!
//! ```text
//! Adapter (base64, as a body with Content-Encoding is binary) <- CompressionLayer <- Respond <- handler
//! ```
//!
//! For functions whose responses can be that long; the others do without the layer, and without gzip in their binaries. API Gateway
//! compresses nothing by itself in an HTTP API. The attacks on compressed secrets (BREACH) need a page that sends the victim's
//! requests: what authenticates here is a header that no other page can send, and a cookie (`TOKEN_COOKIE`) counts on no request of another site's page.

use http_body::Body;
use lambda_runtime::tower::Layer as _;
use tower_http::compression::predicate::Predicate;
use tower_http::compression::{Compression, CompressionLayer};

/// Longest body that is sent as it is, in bytes: it fits into one packet or two.
const MAX_PLAIN: u64 = 1024;

/// True for responses worth compressing. `SizeAbove` of tower-http would compress a response without a body too, since
/// lambda_http does not say that its length is zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct IsLong;

impl Predicate for IsLong {
    fn should_compress<B: Body>(&self, response: &http::Response<B>) -> bool {
        response.body().size_hint().lower() > MAX_PLAIN
    }
}

/// Compresses the longer responses of a service.
pub(super) fn compressed<S>(service: S) -> Compression<S, IsLong> {
    CompressionLayer::new().gzip(true).compress_when(IsLong).layer(service)
}

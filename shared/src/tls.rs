//! TLS for the clients that are not AWS's.
//!
//! Roots are compiled in: reading the system's store costs milliseconds at every cold start, and Pusher, JWKS hosts and
//! FCM all chain to public ones. Ring signs and verifies, as it does for AWS's SDK, so there is one such library.

use std::sync::Arc;
use std::time::Duration;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An HTTP client; `timeout` bounds a whole request.
///
/// # Errors
/// When the TLS configuration cannot be built; a matter of how the program was compiled, not of where it runs.
pub fn http_client(timeout: Duration) -> Result<reqwest::Client, BoxError> {
    Ok(builder(timeout, &[])?.build()?)
}

/// An HTTP client that speaks HTTP/2 and nothing else, so that requests to one host share one connection.
///
/// A connection may die unnoticed while Lambda has the process frozen, and requests on it would all time out, one after the
/// other. So it is pinged while requests wait, and given up when no answer to that comes either, well within `timeout`.
///
/// # Errors
/// As [`http_client`].
pub fn http2_client(timeout: Duration) -> Result<reqwest::Client, BoxError> {
    let builder = builder(timeout, &[b"h2"])?.http2_prior_knowledge();
    Ok(builder.http2_keep_alive_interval(timeout / 4).http2_keep_alive_timeout(timeout / 4).build()?)
}

fn builder(timeout: Duration, protocols: &[&[u8]]) -> Result<reqwest::ClientBuilder, BoxError> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(timeout)
        .timeout(timeout)
        .tcp_nodelay(true);
    Ok(builder)
}

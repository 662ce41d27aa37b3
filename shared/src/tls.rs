//! TLS for the clients that are not AWS's.
//!
//! Roots are compiled in: reading the system's store costs milliseconds at every cold start, and Pusher, JWKS hosts and
//! FCM all chain to public ones. Ring signs and verifies, as it does for AWS's SDK, so there is one such library.

use std::sync::Arc;

/// An HTTP client; `timeout` bounds a whole request.
///
/// # Errors
/// When the TLS configuration cannot be built; a matter of how the program was compiled, not of where it runs.
pub fn http_client(timeout: std::time::Duration) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(timeout)
        .timeout(timeout)
        .tcp_nodelay(true)
        .build()?;
    Ok(client)
}

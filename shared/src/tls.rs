//! TLS for every client, AWS's among them.
//!
//! Roots are compiled in: reading the system's store costs milliseconds at every cold start, and AWS, Pusher, JWKS hosts and
//! FCM all chain to public ones. Ring signs and verifies, for tokens too, so there is one such library.

use std::sync::{Arc, OnceLock};
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
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots()?)
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

/// Longest wait for a connection that is opened ahead of time.
const AHEAD: Duration = Duration::from_millis(500);

/// An HTTP client that is made when it is first used, so that a process that needs none does not pay for it.
#[derive(Debug, Clone)]
pub struct LazyClient {
    timeout: Duration,
    made: Arc<OnceLock<reqwest::Client>>,
}

impl LazyClient {
    /// A client whose requests are bounded by this.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, made: Arc::default() }
    }

    /// The client.
    #[must_use]
    pub fn get(&self) -> &reqwest::Client {
        self.made.get_or_init(|| {
            http_client(self.timeout).expect("nothing but constants goes into it, and the tests make one of the same")
        })
    }

    /// Opens a connection to where requests will go, by a request for nothing. The handshakes of TCP and TLS are the largest
    /// part of a cold start's first request, and Lambda gives a function that starts a whole processor, whatever its memory.
    pub async fn connect(&self, origin: &str) {
        // Whatever fails here fails again, and is told, where it matters.
        let _ = self.get().get(origin).timeout(AHEAD).send().await;
    }
}

fn roots() -> Result<rustls::RootCertStore, BoxError> {
    #[allow(unused_mut, reason = "one feature adds to it")]
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    #[cfg(feature = "extra-root")]
    if let Some(file) = std::env::var_os("CARILLON_EXTRA_ROOT") {
        use rustls::pki_types::pem::PemObject as _;
        roots.add(rustls::pki_types::CertificateDer::from_pem_file(file)?)?;
    }
    Ok(roots)
}

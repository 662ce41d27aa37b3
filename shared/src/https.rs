//! The way out: HTTP/1.1 over TLS to AWS, Pusher and whoever else is asked something.
//!
//! Roots are compiled in: reading the system's store costs milliseconds at every cold start, and AWS, Pusher, JWKS hosts and
//! FCM all chain to public ones. Ring signs and verifies, for tokens too, so there is one such library.
//!
//! Connections are kept open and found again by hyper's own pool. No redirect is followed and no proxy asked: what is signed
//! goes where it was signed for.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Why there is no answer. None of these prints an address, which may hold a signature.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// None in time.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// There is no connection to be had.
    #[error("no connection")]
    NoConnection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<legacy::Error> for NoAnswer {
    fn from(error: legacy::Error) -> Self {
        if error.is_connect() { Self::NoConnection(error.into()) } else { Self::Broken(error.into()) }
    }
}

impl From<hyper::Error> for NoAnswer {
    fn from(error: hyper::Error) -> Self {
        Self::Broken(error.into())
    }
}

/// A client each of whose requests ends in time; made when it is first used, so that a process that needs none does not pay
/// for it.
#[derive(Debug, Clone)]
pub struct Client {
    timeout: Duration,
    made: Arc<OnceLock<legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>>>,
}

/// Longest wait for a connection that is opened ahead of time.
const AHEAD: Duration = Duration::from_millis(500);

impl Client {
    /// A client whose requests are bounded by this, from the first byte to the last.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, made: Arc::default() }
    }

    /// Sends a request and reads the answer, whatever its status.
    ///
    /// # Errors
    /// When there is none.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        self.send_within(self.timeout, request).await
    }

    /// As [`Client::send`], with less time.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) async fn send_within(
        &self,
        time: Duration,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, NoAnswer> {
        bounded(time.min(self.timeout), async {
            let client = self.made.get_or_init(|| {
                legacy::Client::builder(TokioExecutor::new()).build(connector(self.timeout, Protocol::Http1))
            });
            whole(client.request(request.map(Full::new)).await?).await
        })
        .await
    }

    /// Opens a connection to where requests will go, by a request for nothing. The handshakes of TCP and TLS are the largest
    /// part of a cold start's first request, and Lambda gives a function that starts a whole processor, whatever its memory.
    pub async fn connect(&self, origin: &Uri) {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = origin.clone();
        // Whatever fails here fails again, and is told, where it matters.
        let _ = self.send_within(AHEAD, request).await;
    }
}

/// An answer with all of its body.
pub(crate) async fn whole(answer: Response<hyper::body::Incoming>) -> Result<Response<Bytes>, NoAnswer> {
    let (parts, body) = answer.into_parts();
    Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
}

/// What becomes of a request within so long.
pub(crate) async fn bounded<T>(
    time: Duration,
    request: impl Future<Output = Result<T, NoAnswer>>,
) -> Result<T, NoAnswer> {
    tokio::time::timeout(time, request).await.unwrap_or(Err(NoAnswer::TimedOut(time)))
}

/// What is spoken over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1
    Http1,
    /// HTTP/2, and nothing else.
    Http2,
}

/// Opens connections, over TLS to `https` addresses and plain ones to `http`.
pub(crate) fn connector(timeout: Duration, protocol: Protocol) -> HttpsConnector<HttpConnector> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(timeout));
    let mut config = tls().clone();
    if protocol == Protocol::Http2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    HttpsConnector::from((tcp, config))
}

/// Made once: the roots are read by whoever connects first.
fn tls() -> &'static rustls::ClientConfig {
    static CONFIG: OnceLock<rustls::ClientConfig> = OnceLock::new();
    CONFIG.get_or_init(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has what TLS 1.2 and 1.3 need")
            .with_root_certificates(roots())
            .with_no_client_auth()
    })
}

fn roots() -> rustls::RootCertStore {
    #[allow(unused_mut, reason = "one feature adds to it")]
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    #[cfg(feature = "extra-root")]
    if let Some(file) = std::env::var_os("CARILLON_EXTRA_ROOT") {
        use rustls::pki_types::pem::PemObject as _;
        let certificate =
            rustls::pki_types::CertificateDer::from_pem_file(file).expect("a measurement names its own root");
        roots.add(certificate).expect("a measurement's root is a certificate");
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    async fn listen() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        (listener, address)
    }

    async fn get(address: &str) -> Result<Response<Bytes>, NoAnswer> {
        let request = Request::builder().uri(address).body(Bytes::new()).unwrap();
        Client::new(Duration::from_millis(300)).send(request).await
    }

    #[tokio::test]
    async fn no_error_tells_the_address() {
        let (listener, open) = listen().await;
        let (gone, closed) = listen().await;
        drop(gone);
        // Two connections: the first breaks, the second is never answered.
        let answered_badly = tokio::spawn(async move {
            let (first, _) = listener.accept().await.unwrap();
            drop(first);
            listener.accept().await.unwrap()
        });
        let broken = get(&format!("http://{open}/?auth_signature=hidden")).await.unwrap_err();
        let late = get(&format!("http://{open}/?auth_signature=hidden")).await.unwrap_err();
        let refused = get(&format!("http://{closed}/?auth_signature=hidden")).await.unwrap_err();
        assert!(matches!(broken, NoAnswer::Broken(_)), "{broken:?}");
        assert!(matches!(late, NoAnswer::TimedOut(_)), "{late:?}");
        assert!(matches!(refused, NoAnswer::NoConnection(_)), "{refused:?}");
        for error in [&broken, &late, &refused] {
            let printed = format!("{} {error:?}", crate::telemetry::chain(error));
            assert!(!printed.contains("hidden"), "{printed}");
        }
        drop(answered_badly.await.unwrap());
    }

    #[tokio::test]
    async fn a_connection_is_used_again() {
        let (listener, address) = listen().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut answered = 0;
            let mut buffer = [0; 1024];
            while stream.read(&mut buffer).await.unwrap_or(0) > 0 {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
                answered += 1;
            }
            answered
        });
        let client = Client::new(Duration::from_secs(2));
        for _ in 0..3 {
            let request = Request::builder().uri(format!("http://{address}/")).body(Bytes::new()).unwrap();
            assert_eq!(client.send(request).await.unwrap().body(), "hi");
        }
        drop(client);
        assert_eq!(server.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_certificate_that_no_public_root_vouches_for_is_refused() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let (listener, address) = listen().await;
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await.map(drop)
        });
        let refused = get(&format!("https://{address}/")).await.unwrap_err();
        assert!(crate::telemetry::chain(&refused).contains("UnknownIssuer"), "{refused:?}");
        assert!(server.await.unwrap().is_err());
    }
}

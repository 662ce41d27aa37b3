//! The HTTP clients: reqwest over rustls, for AWS, Pusher, the JWKS address and FCM.
//!
//! Root certificates are compiled in: reading the system's takes milliseconds at every cold start, and all of these
//! hosts have certificates of public authorities. ring does the cryptography, as it does for tokens. reqwest reads
//! proxies from `HTTPS_PROXY` and `NO_PROXY`. No redirect is followed: a signed request is valid only for its own
//! address.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect;

/// Time-out for opening a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time-out for opening a connection ahead of the first request.
const AHEAD_TIMEOUT: Duration = Duration::from_millis(500);

/// The HTTP/1.1 client that everything but FCM shares, with its connections. It is created at its first use, so that a
/// process that never uses it does not pay for it. Each request sets its own time-out.
#[derive(Debug, Clone, Default)]
pub struct HttpClient(Arc<OnceLock<reqwest::Client>>);

impl HttpClient {
    #[must_use]
    pub fn get(&self) -> &reqwest::Client {
        self.0.get_or_init(|| made(builder(&[])))
    }

    /// Opens a connection to a host, so that the first request finds it open. The TCP and TLS handshakes are the
    /// largest part of a cold start's first request. Lambda gives a starting function a whole processor, whatever its
    /// memory.
    pub async fn connect(&self, origin: &str) {
        // The first request would fail the same way, and reports it.
        let _ = self.get().get(origin).timeout(AHEAD_TIMEOUT).send().await;
    }
}

/// A client that speaks only HTTP/2, so that all requests to a host share one connection.
///
/// The connection may die unnoticed while Lambda has the process frozen, and all requests on it would time out. So it
/// is pinged while requests wait, and closed within half of `timeout` when a ping gets no response.
#[must_use]
pub fn http2_client(timeout: Duration) -> reqwest::Client {
    let builder = builder(&[b"h2"]).http2_prior_knowledge().timeout(timeout);
    made(builder.http2_keep_alive_interval(timeout / 4).http2_keep_alive_timeout(timeout / 4))
}

/// The error without the address, which may hold a signature.
#[must_use]
pub fn without_address(error: reqwest::Error) -> reqwest::Error {
    error.without_url()
}

/// The body of a response, while it has at most so many bytes: what answers there need not be what should, and Lambda has no memory for
/// any length.
///
/// # Errors
/// When the connection ends first, and for a longer body.
pub async fn read_body(mut response: reqwest::Response, most: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| BodyError::Broken(without_address(error)))? {
        if body.len() + chunk.len() > most {
            return Err(BodyError::TooLong(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why the body of a response could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error(transparent)]
    Broken(reqwest::Error),
    #[error("larger than {0} bytes")]
    TooLong(usize),
}

fn builder(protocols: &[&[u8]]) -> reqwest::ClientBuilder {
    let mut tls = tls().clone();
    tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
}

fn made(builder: reqwest::ClientBuilder) -> reqwest::Client {
    builder.build().expect("it is built from constants, and the tests build the same")
}

/// Created once, at the first use.
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

/// Compiled in: parsing the system's 140 takes milliseconds at each start.
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

    async fn get(client: &HttpClient, address: &str) -> Result<reqwest::Response, reqwest::Error> {
        client.get().get(address).timeout(Duration::from_millis(300)).send().await.map_err(without_address)
    }

    #[tokio::test]
    async fn no_error_shows_the_address() {
        let (listener, open) = listen().await;
        let (gone, closed) = listen().await;
        drop(gone);
        // The first connection breaks, the second gets no response.
        let server = tokio::spawn(async move {
            let (first, _) = listener.accept().await.unwrap();
            drop(first);
            listener.accept().await.unwrap()
        });
        let client = HttpClient::default();
        let broken = get(&client, &format!("http://{open}/?auth_signature=hidden")).await.unwrap_err();
        let late = get(&client, &format!("http://{open}/?auth_signature=hidden")).await.unwrap_err();
        let refused = get(&client, &format!("http://{closed}/?auth_signature=hidden")).await.unwrap_err();
        assert!(late.is_timeout() && refused.is_connect() && !broken.is_connect(), "{broken:?} {late:?} {refused:?}");
        for error in [&broken, &late, &refused] {
            let printed = format!("{} {error:?}", crate::telemetry::chain(error));
            assert!(!printed.contains("hidden"), "{printed}");
        }
        drop(server.await.unwrap());
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        let (listener, address) = listen().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 1024];
            assert!(stream.read(&mut buffer).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
            assert!(stream.read(&mut buffer).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
            // It never ends by itself.
            let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        });
        let client = HttpClient::default();
        let read = async |most| read_body(get(&client, &format!("http://{address}/")).await.unwrap(), most).await;
        assert_eq!(read(2).await.unwrap(), b"hi");
        assert_eq!(read(9_999).await.unwrap_err().to_string(), "larger than 9999 bytes");
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_is_used_again() {
        let (listener, address) = listen().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 1024];
            for _ in 0..3 {
                assert!(stream.read(&mut buffer).await.unwrap() > 0);
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
            }
        });
        let client = HttpClient::default();
        for _ in 0..3 {
            assert_eq!(get(&client, &format!("http://{address}/")).await.unwrap().text().await.unwrap(), "hi");
        }
        server.await.unwrap();
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
        let refused = get(&HttpClient::default(), &format!("https://{address}/")).await.unwrap_err();
        assert!(crate::telemetry::chain(&refused).contains("UnknownIssuer"), "{refused:?}");
        assert!(server.await.unwrap().is_err());
    }
}

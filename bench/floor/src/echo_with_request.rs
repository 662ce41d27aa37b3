//! A bare function that asks the table one thing: a request written by hand, on a connection that stays open.

use std::io;
use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let open = &Mutex::new(None);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let mut open = open.lock().await;
        let stream = match open.as_mut() {
            Some(stream) => stream,
            None => open.insert(connect().await?),
        };
        ask(stream).await?;
        Ok::<_, Error>(event.payload)
    }))
    .await
}

async fn connect() -> Result<Box<dyn Stream>, Error> {
    let endpoint = std::env::var("AWS_ENDPOINT_URL")?;
    let (scheme, address) = endpoint.split_once("://").ok_or("AWS_ENDPOINT_URL is no address")?;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    if scheme == "http" {
        return Ok(Box::new(stream));
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(std::env::var("CARILLON_EXTRA_ROOT")?)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let host = address.split(':').next().unwrap_or_default().to_owned();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    Ok(Box::new(connector.connect(ServerName::try_from(host)?, stream).await?))
}

/// Sends the request that `presence-room` sends, without a signature, and reads the answer.
async fn ask(stream: &mut Box<dyn Stream>) -> io::Result<()> {
    const BODY: &str = r#"{"RequestItems":{"carillon":{"Keys":[{"pk":{"S":"BOOK#emma"},"sk":{"S":"BOOK"}},{"pk":{"S":"USER#ada"},"sk":{"S":"PROFILE"}}],"ConsistentRead":false}}}"#;
    let request = format!(
        "POST / HTTP/1.1\r\nhost: t\r\nx-amz-target: DynamoDB_20120810.BatchGetItem\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::with_capacity(2048);
    while !is_whole(&answer) {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length =
        head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}

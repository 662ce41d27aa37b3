//! One HTTP/2 connection to a host: a hundred pushes share its handshake, its window and its place in the memory.
//!
//! It may die unnoticed while Lambda has the process frozen, and requests on it would all time out, one after the other. So it
//! is pinged while requests wait, and given up when no answer to that comes either, well within a request's time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Mutex;
use tower::Service as _;

use crate::https::{NoAnswer, Protocol, bounded, connector, whole};

/// A connection to one host, opened when it is first needed and again when it is found dead.
pub(super) struct Connection {
    origin: Uri,
    timeout: Duration,
    connector: HttpsConnector<HttpConnector>,
    open: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Connection {
    /// To this host; each request ends within `timeout`.
    pub(super) fn new(origin: Uri, timeout: Duration) -> Self {
        Self { origin, timeout, connector: connector(timeout, Protocol::Http2), open: Mutex::default() }
    }

    /// Sends a request; once more over a new connection when its own is found dead before the request's time is up, which may
    /// have happened long ago, unnoticed.
    ///
    /// # Errors
    /// When there is no answer.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let asked = Instant::now();
        match self.once(request.clone()).await {
            Err(NoAnswer::Broken(_)) if asked.elapsed() < self.timeout => self.once(request).await,
            done => done,
        }
    }

    async fn once(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        bounded(self.timeout, async {
            let mut sender = self.sender().await?;
            whole(sender.send_request(request.map(Full::new)).await?).await
        })
        .await
    }

    /// The open connection; whoever comes while it is being opened waits for that.
    async fn sender(&self) -> Result<SendRequest<Full<Bytes>>, NoAnswer> {
        let mut open = self.open.lock().await;
        if let Some(sender) = open.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let stream = self.connector.clone().call(self.origin.clone()).await.map_err(NoAnswer::NoConnection)?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(self.timeout / 4)
            .keep_alive_timeout(self.timeout / 4)
            .handshake(stream)
            .await?;
        // Ends when the connection does; those whose requests it carried are told by their own futures.
        tokio::spawn(async { drop(connection.await) });
        Ok(open.insert(sender).clone())
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("origin", &self.origin).finish_non_exhaustive()
    }
}

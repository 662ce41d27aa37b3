//! A TCP proxy whose connections can hang, as connections do while Lambda has a process frozen.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The proxy, which listens on a port of loopback.
pub(crate) struct TcpProxy {
    pub(crate) port: u16,
    hangs: watch::Sender<()>,
}

impl TcpProxy {
    /// A proxy for the server at this address.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (hangs, hang) = watch::channel(());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, server, hang.clone()));
            }
        });
        Self { port, hangs }
    }

    /// Stops all present connections without closing them. New connections work.
    pub(crate) fn hang_connections(&self) {
        self.hangs.send_replace(());
    }
}

async fn forward(mut client: TcpStream, server: SocketAddr, mut hang: watch::Receiver<()>) {
    hang.mark_unchanged();
    let mut upstream = TcpStream::connect(server).await.unwrap();
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut upstream) => {}
        _ = hang.changed() => std::future::pending().await,
    }
}

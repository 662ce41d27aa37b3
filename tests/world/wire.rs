//! A wire to a server. It can go dead without a word, as connections do while Lambda has a process frozen.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The wire; its near end is a port.
pub(crate) struct Wire {
    pub(crate) port: u16,
    deaths: watch::Sender<()>,
}

impl Wire {
    /// A wire to the server at this address.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (deaths, death) = watch::channel(());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, server, death.clone()));
            }
        });
        Self { port, deaths }
    }

    /// Carries nothing any more over the connections that there are now, and closes none of them.
    pub(crate) fn go_dead(&self) {
        self.deaths.send_replace(());
    }
}

async fn carry(mut near: TcpStream, server: SocketAddr, mut death: watch::Receiver<()>) {
    death.mark_unchanged();
    let mut far = TcpStream::connect(server).await.unwrap();
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = death.changed() => std::future::pending().await,
    }
}

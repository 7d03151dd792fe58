//! Lets peers that speak TCP reach a server by another way: a Unix socket, TLS.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running bridge; it accepts nothing more when it is dropped.
#[derive(Debug)]
pub struct Bridge {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Bridge {
    /// Starts a bridge that calls `connect` for each connection, and carries bytes both ways until both have ended.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start<C, Fut, S>(connect: C) -> Self
    where
        C: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let address = listener.local_addr().expect("the port is known");
        let accepting = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let _ = near.set_nodelay(true);
                let far = connect();
                tokio::spawn(async move {
                    // What fails shows at the peer as the end of its connection.
                    if let Ok(mut far) = far.await {
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        Self { address, accepting }
    }

    /// Returns where peers connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

//! Glue inside other HTTP servers: axum, hyper by itself, and hyper behind TLS with HTTP/2.
//!
//! Each module is one way, and one program in `bin/`. All take a listener, so that tests run what you read here.

pub mod axum_app;
pub mod plain_hyper;
pub mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use glue::Socket;
use tokio::net::{TcpListener, TcpStream};

/// Runs for each socket: sends back what comes on the main channel.
pub async fn echo(socket: Socket) {
    while let Some(text) = socket.recv().await {
        if socket.send(text).await.is_err() {
            return;
        }
    }
}

/// Waits for a connection, whatever happens in between.
pub(crate) async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Glue joins messages before it writes; the system could only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            // Out of file descriptors, most likely: they come back when sockets end.
            #[allow(clippy::disallowed_methods)] // nothing tells when
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Pause after a failed accept; without it this would be a busy loop.
const PAUSE: Duration = Duration::from_millis(100);

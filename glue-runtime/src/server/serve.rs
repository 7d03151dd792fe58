//! The accept loop on a TCP address.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use super::handle::Server;
use super::service;
use super::shutdown::LiveGuard;
use crate::error::{Error, ErrorKind};

/// A server that has its address; connections wait until [`Listener::serve`].
#[derive(Debug)]
pub struct Listener {
    server: Server,
    listener: TcpListener,
}

impl Listener {
    pub(super) async fn bind(server: Server, addr: &str) -> Result<Self, Error> {
        let listener = TcpListener::bind(addr)
            .await
            .map_err(|error| Error::new(ErrorKind::Io, error))?;
        Ok(Self { server, listener })
    }

    /// Returns the address with the port that was picked.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the operating system doesn't tell.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.listener
            .local_addr()
            .map_err(|error| Error::new(ErrorKind::Io, error))
    }

    /// Accepts connections until [`Server::shutdown`].
    pub async fn serve(self) {
        let Self { server, listener } = self;
        let shutdown = server.shared.shutdown.clone();
        let mut stopping = pin!(shutdown.stopping());
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stopping => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let live = shutdown.guard();
                    tokio::spawn(serve_connection(server.clone(), stream, peer, live));
                }
                Err(error) => {
                    // Out of file descriptors, most likely: they come back when sockets end.
                    tracing::warn!(%error, "cannot accept a connection");
                    if tokio::time::timeout(ACCEPT_PAUSE, &mut stopping).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }
}

/// Serves HTTP on one connection; an upgrade goes on in a task of its own. Ends with the connection or the server.
async fn serve_connection(server: Server, stream: TcpStream, peer: SocketAddr, _live: LiveGuard) {
    let shutdown = server.shared.shutdown.clone();
    let close = server.shared.options.limits.close;
    // Messages are joined before they are written, so Nagle's algorithm could only delay them.
    let _ = stream.set_nodelay(true);

    let handled = server.clone();
    let service =
        hyper::service::service_fn(move |request| service::handle(handled.clone(), request, Some(peer.ip())));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(server.shared.options.server_limits.header)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = &mut connection => result,
        () = shutdown.stopping() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(close, connection).await {
                Ok(result) => result,
                // Cut: somebody sends his request, or reads its answer, too slowly.
                Err(_) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection failed");
    }
}

/// Pause after a failed accept; without it a full table of file descriptors would be a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

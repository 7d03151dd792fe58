//! How bytes get to the server.

use std::io;

use futures_util::future::{BoxFuture, FutureExt as _};
use http::Uri;
use http::uri::Scheme;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Opens the byte streams over which a client speaks to its server: TCP by default.
///
/// Bring one's own to go by a proxy, a Unix socket or a pipe in memory, with [`ClientBuilder::connector`]. The client does
/// all the rest over what it gets: TLS where the host begins with `https`, the WebSocket handshake and the session.
///
/// [`ClientBuilder::connector`]: crate::ClientBuilder::connector
pub trait Connect: Send + Sync + 'static {
    /// Connects to the server of `uri`, for one attempt: `http://` or `https://`, host and port as the client was given them,
    /// and the path of the WebSocket endpoint. The future is dropped when the attempt is given up.
    ///
    /// # Errors
    /// An error fails the attempt, and is what tells the application why.
    fn connect(&self, uri: &Uri) -> BoxFuture<'static, io::Result<Box<dyn Io>>>;
}

/// A stream of bytes in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

impl std::fmt::Debug for dyn Io {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Io")
    }
}

/// Connects by TCP, to the first address of the host that takes the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TcpConnector;

impl Connect for TcpConnector {
    fn connect(&self, uri: &Uri) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        let host = host_of(uri).to_owned();
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        async move {
            let io = TcpStream::connect((host, port)).await?;
            // Messages are small, and the driver joins what there is to write by itself.
            io.set_nodelay(true)?;
            Ok(Box::new(io) as Box<dyn Io>)
        }
        .boxed()
    }
}

/// Returns the host without the brackets in which IPv6 addresses stand.
pub(super) fn host_of(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']')
}

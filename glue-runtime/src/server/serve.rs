//! The accept loop, on a TCP address or a Unix socket.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::unix::fs::FileTypeExt as _;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::body::Body;
use super::handle::Server;
use super::service::{Answer, answer};
use super::shutdown::LiveGuard;
use super::socket_task;
use super::timed_io::TimedIo;
use super::visitor::Guest;
use super::warning_limit::WarningLimit;
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use crate::transport::ServerWebSocket;

/// A server that has its address; connections wait until [`Listener::serve`].
#[derive(Debug)]
pub struct Listener {
    server: Server,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        /// Dropped first, and the file with it: one that is found behind the listener's end could be a successor's.
        _file: SocketFile,
        listener: UnixListener,
    },
}

/// A connection that was accepted.
enum Accepted {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Listener {
    pub(super) async fn bind(server: Server, addr: &str) -> Result<Self, Error> {
        let listener = TcpListener::bind(addr)
            .await
            .map_err(|error| cannot_listen(addr, &error))?;
        Ok(Self {
            server,
            source: Source::Tcp(listener),
        })
    }

    #[cfg(unix)]
    pub(super) async fn bind_unix(server: Server, path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        if std::fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.file_type().is_socket()) {
            let error = io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket");
            return Err(cannot_listen(&shown, &error));
        }
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(path).await => {
                std::fs::remove_file(path).map_err(|error| cannot_listen(&shown, &error))?;
                UnixListener::bind(path)
            }
            bound => bound,
        };
        // Before there is a `SocketFile`: a file that isn't ours must stay.
        let listener = listener.map_err(|error| cannot_listen(&shown, &error))?;
        Ok(Self {
            server,
            source: Source::Unix {
                _file: SocketFile(path.to_owned()),
                listener,
            },
        })
    }

    /// Returns the address with the port that was picked.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the operating system doesn't tell, and on a Unix socket, which has no such address.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        match &self.source {
            Source::Tcp(listener) => listener.local_addr().map_err(io_error),
            #[cfg(unix)]
            Source::Unix { .. } => Err(io_error(io::ErrorKind::Unsupported.into())),
        }
    }

    /// Accepts connections until the signal comes, then [shuts the server down](Server::shutdown):
    /// `listener.serve_until(tokio::signal::ctrl_c()).await`.
    ///
    /// Connections are accepted while the sockets end, as clients that poll need them to take what was sent to them.
    pub async fn serve_until<F: Future>(self, signal: F) {
        let server = self.server.clone();
        let mut serving = pin!(self.serve());
        tokio::select! {
            () = &mut serving => return,
            _ = signal => {}
        }
        tokio::join!(serving, server.shutdown());
    }

    /// Accepts connections until [`Server::shutdown`]. A Unix socket's file is then removed.
    ///
    /// Dropping the future closes the listener at once, and clients that poll are lost: for a graceful end let it go on
    /// during the shutdown, as [`Listener::serve_until`] does.
    pub async fn serve(self) {
        let shutdown = self.server.shared.shutdown.clone();
        // Dropped behind the listener: who has awaited the shutdown can listen again.
        let _live = shutdown.connection();
        let Self { server, source } = self;
        let mut stopped = pin!(shutdown.stopped());
        let mut failures = WarningLimit::default();
        loop {
            let accepted = tokio::select! {
                accepted = source.accept() => accepted,
                () = &mut stopped => return,
            };
            let live = shutdown.connection();
            match accepted {
                Ok(Accepted::Tcp(stream, peer)) => {
                    // Messages are joined before they are written, so Nagle's algorithm could only delay them.
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(serve_connection(server.clone(), stream, Some(peer.ip()), live));
                }
                #[cfg(unix)]
                Ok(Accepted::Unix(stream)) => {
                    tokio::spawn(serve_connection(server.clone(), stream, None, live));
                }
                Err(error) => {
                    drop(live);
                    // Out of file descriptors, most likely: they come back when sockets end.
                    if let Some(not_logged) = failures.pass(now()) {
                        tracing::warn!(%error, not_logged, "cannot accept connections");
                    }
                    if tokio::time::timeout(ACCEPT_PAUSE, &mut stopped).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(feature = "testing")]
impl Server {
    /// Serves HTTP on a connection from somewhere else, as a listener does.
    pub(crate) fn serve_stream<S>(&self, stream: S, peer: IpAddr)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let live = self.shared.shutdown.connection();
        tokio::spawn(serve_connection(self.clone(), stream, Some(peer), live));
    }

    /// Returns whether the server was shut down, so far that a listener would have ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.shared.shutdown.is_stopped()
    }

    /// Returns the path under which sockets are served.
    pub(crate) fn base_url(&self) -> &str {
        &self.shared.options.base_url
    }
}

impl Source {
    /// Waits for a connection. Cancel safe.
    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, peer))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _peer) = listener.accept().await?;
                Ok(Accepted::Unix(stream))
            }
        }
    }
}

/// The file of a Unix socket, removed with its listener.
#[cfg(unix)]
#[derive(Debug)]
struct SocketFile(PathBuf);

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody else may have removed it.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Returns whether a path is a socket on which nobody listens any more, as a server leaves it behind that was killed.
#[cfg(unix)]
async fn is_left_over(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    is_socket
        && UnixStream::connect(path)
            .await
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Serves HTTP on one connection, and the socket that it may become. Ends with that or the server.
fn serve_connection<S>(
    server: Server,
    stream: S,
    peer: Option<IpAddr>,
    live: LiveGuard,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // In boxes, so that a socket has nothing left of HTTP but the task, which saves it one of its own.
    let http = serve_http(server, stream, peer, live).boxed();
    async move {
        let socket = http.await;
        if let Some(socket) = socket {
            socket.await;
        }
    }
}

/// Serves HTTP on one connection; returns the socket that has come of it, if it was upgraded.
async fn serve_http<S>(
    server: Server,
    stream: S,
    peer: Option<IpAddr>,
    _live: LiveGuard,
) -> Option<BoxFuture<'static, ()>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let _counter = server.shared.counters.connection();
    let shutdown = &server.shared.shutdown;
    let options = &server.shared.options;
    let door = Door::new(&server, peer);
    let stream = TokioIo::new(TimedIo::new(stream, options.server_limits.write));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(HEAD_BUFFER)
        .header_read_timeout(options.server_limits.header.min(LONGEST))
        .serve_connection(stream, &door);
    let result = tokio::select! {
        // In this order: it is the connection that fills the door.
        biased;
        result = &mut connection => result,
        () = shutdown.stopped() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            match tokio::time::timeout(options.limits.close, &mut connection).await {
                Ok(result) => result,
                // Cut: somebody sends his request, or reads its answer, too slowly.
                Err(_) => return None,
            }
        }
        () = door.stands_open() => {
            tracing::debug!("upgrade took too long");
            return None;
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection failed");
        return None;
    }
    let guest = door.take()?;
    let http1::Parts { io, read_buf, .. } = connection.into_parts();
    // Copied, as it is mostly empty, and would keep the buffer in which the head was.
    let transport = ServerWebSocket::new(io.into_inner().into_inner(), read_buf.to_vec(), &options.limits);
    let socket = socket_task::start(&server, transport, guest)?;
    Some(socket.boxed())
}

/// The service on a connection of our own: who is to have a WebSocket on it waits here until the answer was taken.
struct Door<'a> {
    server: &'a Server,
    peer: Option<IpAddr>,
    guest: Mutex<Option<Guest>>,
}

impl<'a> Door<'a> {
    fn new(server: &'a Server, peer: Option<IpAddr>) -> Self {
        Self {
            server,
            peer,
            guest: Mutex::default(),
        }
    }

    fn take(&self) -> Option<Guest> {
        self.lock().take()
    }

    /// Waits until a guest has waited too long: one who doesn't take the answer must not keep his place for longer than one that
    /// says no `in`, nor hold up a shutdown for longer than other sockets may. It has to be polled when the connection was,
    /// which wakes for it.
    async fn stands_open(&self) {
        poll_fn(|_| {
            if self.lock().is_some() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        // The connection goes on in the meantime, and ends this.
        let shared = &self.server.shared;
        let limits = &shared.options.limits;
        let stopping = tokio::time::timeout(limits.init, shared.shutdown.stopping()).await;
        if stopping.is_ok() {
            let _ = tokio::time::timeout(limits.close, pending::<()>()).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Guest>> {
        // Nothing that can panic runs under the lock.
        self.guest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<Request<Incoming>> for Door<'_> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        // The connection is ours, and needs no way to be handed out.
        answer(self.server, request, self.peer, |_upgrade, guest| {
            *self.lock() = Some(guest)
        })
    }
}

/// Says where it was that listening failed; the operating system's error doesn't.
fn cannot_listen(address: &str, error: &io::Error) -> Error {
    io_error(io::Error::new(
        error.kind(),
        format!("can't listen on `{address}`: {error}"),
    ))
}

fn io_error(error: io::Error) -> Error {
    Error::new(ErrorKind::Io, error)
}

/// A year: hyper panics where a time goes past what an `Instant` can hold.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Bytes that a connection may buffer for a head, or of a body; hyper's default of 400 KiB is what a half-sent head could
/// hold. Heads of browsers with all their cookies are below 32 KiB.
const HEAD_BUFFER: usize = 64 << 10;

/// Pause after a failed accept; without it a full table of file descriptors would be a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;
    use crate::proto::limits::ServerLimits;

    const UPGRADE: &str = "GET /glue/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// Connects to a server; so many bytes of its answers wait for their reader.
    fn connect(server: &Server, bytes: usize) -> DuplexStream {
        let (near, far) = duplex(bytes);
        let live = server.shared.shutdown.connection();
        tokio::spawn(serve_connection(server.clone(), near, None, live));
        far
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_without_end_is_none() {
        let limits = ServerLimits {
            header: Duration::MAX,
            body: Duration::MAX,
            write: Duration::MAX,
            poll: Duration::MAX,
            unpolled: Duration::MAX,
            ..ServerLimits::default()
        };
        let server = Server::builder().server_limits(limits).build().unwrap();
        let mut client = connect(&server, 4096);

        let request =
            b"POST /glue/ajax HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\ni";
        client.write_all(request).await.unwrap();

        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }

    /// [L-8] An upgrade is only done when its answer has been taken.
    #[tokio::test(start_paused = true)]
    async fn an_upgrade_that_nobody_takes_does_not_hold_up_the_shutdown() {
        let server = Server::builder().build().unwrap();
        let mut client = connect(&server, 200);
        client
            .write_all(UPGRADE.replace("/ws", "/x").as_bytes())
            .await
            .unwrap();
        client.write_all(UPGRADE.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
        let start = now();

        server.shutdown().await;

        assert!((now() - start).as_secs() <= 10, "{:?}", now() - start);
    }
}

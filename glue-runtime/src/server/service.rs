//! Answers requests as [`super::request`] has routed them, inside of whatever HTTP server there is.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::net::IpAddr;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, UPGRADE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Body as HttpBody;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::time::timeout;
use tungstenite::handshake::derive_accept_key;

use super::admission::Admission;
use super::ajax;
use super::body::{Body, RequestBody};
use super::handle::Server;
use super::refusal::Refusal;
use super::request::{Decision, Route, route};
use super::shutdown::LiveGuard;
use super::socket_task;
use super::timed_io::TimedIo;
use super::visitor::Visitor;
use crate::transport::ServerWebSocket;

/// A server as a service, to be mounted in an HTTP server of one's own: for hyper, and for all that takes a `tower`
/// service such as axum. Cheap to clone; made by [`Server::service`].
///
/// It answers every request that it gets; those outside the base URL with 404, or with a file if
/// [`ServerBuilder::static_files`](crate::ServerBuilder::static_files) are served. WebSockets need an HTTP server that
/// allows upgrades: `serve_connection_with_upgrades` of hyper; axum does by itself.
///
/// Who asks is known by [`GlueService::remote_addr`] or by a [`RemoteAddr`] among the request's extensions; without them
/// the server's limit per address and [`Socket::remote_addr`](crate::Socket::remote_addr) know of no address.
/// Time-outs of heads and answers are the HTTP server's own.
///
/// In hyper; in axum it is `Router::new().route_service("/glue/{endpoint}", server.service())`:
///
/// ```no_run
/// use hyper::server::conn::http1;
/// use hyper_util::rt::TokioIo;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = glue::Server::builder().build()?;
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// loop {
///     let (stream, peer) = listener.accept().await?;
///     let service = server.service().remote_addr(peer.ip());
///     let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
///     tokio::spawn(connection.with_upgrades());
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GlueService {
    server: Server,
    remote_addr: Option<IpAddr>,
}

/// Network address of the peer of a request; a request extension for servers that mount a [`GlueService`].
///
/// It is the address of the TCP connection. Headers of proxies are the business of
/// [`ServerBuilder::trusted_proxies`](crate::ServerBuilder::trusted_proxies).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteAddr(pub IpAddr);

impl GlueService {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            remote_addr: None,
        }
    }

    /// Sets the address of the connection on which all requests of this service come.
    #[must_use]
    pub fn remote_addr(mut self, remote_addr: IpAddr) -> Self {
        self.remote_addr = Some(remote_addr);
        self
    }

    fn answer<B>(&self, request: Request<B>) -> BoxFuture<'static, Result<Response<Body>, Infallible>>
    where
        B: RequestBody<Data: Send> + Send + 'static,
    {
        let remote_addr = self.remote_addr;
        let known = request.extensions().get().map(|&RemoteAddr(addr)| addr);
        let answer = answer(self.server.clone(), request, remote_addr.or(known));
        Box::pin(async move { Ok(answer.await) })
    }
}

impl<B> tower_service::Service<Request<B>> for GlueService
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.answer(request)
    }
}

impl<B> hyper::service::Service<Request<B>> for GlueService
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn call(&self, request: Request<B>) -> Self::Future {
        self.answer(request)
    }
}

/// Answers one request.
async fn answer<B>(server: Server, request: Request<B>, remote_addr: Option<IpAddr>) -> Response<Body>
where
    B: RequestBody<Data: Send> + Send + 'static,
{
    let (parts, body) = request.into_parts();
    let options = &server.shared.options;
    let Decision { route, address, cors } = route(&parts, &options.base_url, &options.policy, remote_addr);
    let answered = match route {
        Route::WebSocket { key } => {
            open_websocket(&server, parts, address).map(|()| switching_protocols(&key))
        }
        #[cfg(feature = "http2")]
        Route::WebSocketOverHttp2 => open_websocket(&server, parts, address).map(|()| empty(StatusCode::OK)),
        Route::Ajax => ajax::answer(&server, parts, address, body).await.map(text),
        Route::Preflight => Ok(empty(StatusCode::NO_CONTENT)),
        Route::Refused(refusal) => {
            let (origin, host) = (parts.headers.get(ORIGIN), parts.headers.get(HOST));
            tracing::trace!(
                ?origin,
                ?host,
                path = parts.uri.path(),
                "request refused by its head"
            );
            Err(refusal)
        }
        Route::Elsewhere => {
            if options.static_files.is_none() {
                let base_url = options.base_url.as_str();
                tracing::debug!(
                    base_url,
                    "request outside of the base URL; does a router take a prefix away?"
                );
            }
            Ok(elsewhere(&server, Request::from_parts(parts, body)).await)
        }
    };
    let mut response = answered.unwrap_or_else(|refusal| refuse(&server, refusal));
    cors.apply(&mut response);
    response
}

/// Starts the socket's task, which waits for the upgrade.
fn open_websocket(server: &Server, head: Parts, address: Option<IpAddr>) -> Result<(), Refusal> {
    let mut request = Request::from_parts(head, ());
    if request.extensions().get::<OnUpgrade>().is_none() {
        tracing::error!("the HTTP server that mounts the service allows no upgrades");
        return Err(Refusal::INTERNAL);
    }
    let (admission, live) = server.shared.admit(address)?;
    let upgrade = hyper::upgrade::on(&mut request);
    let visitor = Visitor::new(server, request.into_parts().0, address);
    // Ends with its socket, which the session's deadlines bound; shutdown waits for it.
    tokio::spawn(run_websocket(server.clone(), upgrade, visitor, admission, live));
    Ok(())
}

async fn run_websocket(
    server: Server,
    upgrade: OnUpgrade,
    visitor: Visitor,
    admission: Admission,
    live: LiveGuard,
) {
    let Some(upgraded) = finish_upgrade(&server, upgrade).await else {
        return;
    };
    // Our own connections are taken out of their wrappers, which would cost something per message.
    let upgraded = match downcast::<TcpStream>(upgraded) {
        Ok((io, early)) => return run(server, io, early, visitor, admission, live).await,
        Err(upgraded) => upgraded,
    };
    #[cfg(unix)]
    let upgraded = match downcast::<UnixStream>(upgraded) {
        Ok((io, early)) => return run(server, io, early, visitor, admission, live).await,
        Err(upgraded) => upgraded,
    };
    run(
        server,
        TokioIo::new(upgraded),
        Vec::new(),
        visitor,
        admission,
        live,
    )
    .await;
}

/// Waits for the connection, which is free when the answer has been taken. A client that doesn't take it must not keep its
/// place for longer than one that says no `in`, nor hold up a shutdown for longer than other sockets may.
async fn finish_upgrade(server: &Server, upgrade: OnUpgrade) -> Option<Upgraded> {
    let limits = &server.shared.options.limits;
    let mut upgrade = pin!(timeout(limits.init, upgrade));
    let upgraded = tokio::select! {
        upgraded = &mut upgrade => upgraded,
        () = server.shared.shutdown.stopping() => {
            timeout(limits.close, upgrade).await.unwrap_or_else(Err)
        }
    };
    match upgraded {
        Ok(Ok(upgraded)) => return Some(upgraded),
        Ok(Err(error)) => tracing::debug!(%error, "upgrade failed"),
        Err(_) => tracing::debug!("upgrade took too long"),
    }
    None
}

/// Returns a connection of our own accept loop, and what was read of it already.
fn downcast<S>(upgraded: Upgraded) -> Result<(S, Vec<u8>), Upgraded>
where
    TokioIo<TimedIo<S>>: hyper::rt::Read + hyper::rt::Write + Unpin + 'static,
{
    let parts = upgraded.downcast::<TokioIo<TimedIo<S>>>()?;
    // Copied, as hyper's buffer is much larger than what is in it, if anything is.
    Ok((parts.io.into_inner().into_inner(), parts.read_buf.to_vec()))
}

async fn run<S>(
    server: Server,
    io: S,
    early: Vec<u8>,
    visitor: Visitor,
    admission: Admission,
    live: LiveGuard,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let limits = &server.shared.options.limits;
    let transport = ServerWebSocket::new(io, early, limits);
    socket_task::run(server, transport, visitor, admission, live).await;
}

fn switching_protocols(key: &HeaderValue) -> Response<Body> {
    let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// Answers a request of the Ajax transport; the answer to a push is empty.
fn text(body: Bytes) -> Response<Body> {
    let is_empty = body.is_empty();
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !is_empty {
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response
}

/// Answers a request that is not for us: with a file, if files are served.
#[cfg(feature = "static-files")]
async fn elsewhere<B>(server: &Server, request: Request<B>) -> Response<Body>
where
    B: Send + 'static,
{
    use tower_http::services::ServeDir;
    use tower_service::Service as _;

    let Some(folder) = &server.shared.options.static_files else {
        return empty(StatusCode::NOT_FOUND);
    };
    let mut response = match ServeDir::new(folder).call(request).await {
        Ok(response) => response.map(Body::parts),
        Err(never) => match never {},
    };
    // Browsers ask whether a file has changed instead of guessing: generated clients must fit their server.
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(not(feature = "static-files"))]
async fn elsewhere<B>(_server: &Server, _request: Request<B>) -> Response<Body> {
    empty(StatusCode::NOT_FOUND)
}

/// Answers with an error; the one place where that is counted.
fn refuse(server: &Server, refusal: Refusal) -> Response<Body> {
    tracing::debug!(reason = %refusal.reason, status = refusal.status.as_u16(), "request refused");
    server.shared.counters.refuse(refusal.reason);
    refusal
        .response()
        .map(|body| Body::new(Bytes::from_static(body.as_bytes())))
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

//! Answers requests as [`super::request`] has routed them, inside of whatever HTTP server there is.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::net::IpAddr;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either, FutureExt as _, Ready, ready};
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, UPGRADE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Body as HttpBody;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tungstenite::handshake::derive_accept_key;

use super::ajax;
use super::body::{Body, RequestBody};
use super::handle::Server;
use super::policy::Cors;
use super::refusal::Refusal;
use super::request::{Decision, Route, route};
use super::socket_task;
use super::visitor::{Guest, Visitor};
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
        let known = request.extensions().get().map(|&RemoteAddr(addr)| addr);
        let server = self.server.clone();
        answer(
            &self.server,
            request,
            self.remote_addr.or(known),
            |upgrade, guest| {
                // Ends with its socket, which the session's deadlines bound; shutdown waits for it.
                tokio::spawn(run_websocket(server, upgrade, guest));
            },
        )
        .boxed()
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

/// The answer to a request, most of which need not wait for it.
pub(super) type Answer = Either<Ready<Answered>, BoxFuture<'static, Answered>>;

type Answered = Result<Response<Body>, Infallible>;

/// Answers one request. A client to which a WebSocket is granted is given to `open`, and has its connection as soon as the answer
/// was taken.
pub(super) fn answer<B>(
    server: &Server,
    request: Request<B>,
    remote_addr: Option<IpAddr>,
    open: impl FnOnce(OnUpgrade, Guest),
) -> Answer
where
    B: RequestBody<Data: Send> + Send + 'static,
{
    let (parts, body) = request.into_parts();
    let options = &server.shared.options;
    let Decision { route, address, cors } = route(&parts, &options.base_url, &options.policy, remote_addr);
    let answered = match route {
        Route::WebSocket { key } => grant_websocket(server, parts, address).map(|(upgrade, guest)| {
            open(upgrade, guest);
            switching_protocols(&key)
        }),
        #[cfg(feature = "http2")]
        Route::WebSocketOverHttp2 => grant_websocket(server, parts, address).map(|(upgrade, guest)| {
            open(upgrade, guest);
            empty(StatusCode::OK)
        }),
        Route::Ajax => {
            let server = server.clone();
            let answer = async move {
                let answered = ajax::answer(&server, parts, address, body).await;
                Ok(finish(&server, answered.map(text), &cors))
            };
            return Either::Right(answer.boxed());
        }
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
            let server = server.clone();
            let answer = async move {
                let found = elsewhere(&server, Request::from_parts(parts, body)).await;
                Ok(finish(&server, Ok(found), &cors))
            };
            return Either::Right(answer.boxed());
        }
    };
    Either::Left(ready(Ok(finish(server, answered, &cors))))
}

/// Makes an answer complete, whatever became of the request.
fn finish(server: &Server, answered: Result<Response<Body>, Refusal>, cors: &Cors) -> Response<Body> {
    let mut response = answered.unwrap_or_else(|refusal| refuse(server, refusal));
    cors.apply(&mut response);
    response
}

/// Gives a place to a client that asks for a WebSocket; returns it with what its connection comes by.
fn grant_websocket(
    server: &Server,
    mut head: Parts,
    address: Option<IpAddr>,
) -> Result<(OnUpgrade, Guest), Refusal> {
    let Some(upgrade) = head.extensions.remove::<OnUpgrade>() else {
        tracing::error!("the HTTP server that mounts the service allows no upgrades");
        return Err(Refusal::INTERNAL);
    };
    let (admission, live) = server.shared.admit(address)?;
    let guest = Guest {
        visitor: Visitor::new(server, head, address),
        admission,
        live,
    };
    Ok((upgrade, guest))
}

/// Waits for the connection and starts the socket.
async fn run_websocket(server: Server, upgrade: OnUpgrade, guest: Guest) {
    let Some(upgraded) = finish_upgrade(&server, upgrade).await else {
        return;
    };
    let limits = &server.shared.options.limits;
    let transport = ServerWebSocket::new(TokioIo::new(upgraded), Vec::new(), limits);
    if let Some(socket) = socket_task::start(&server, transport, guest) {
        // A task of its own, as this one has the size of all that has led up to it.
        tokio::spawn(socket);
    }
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

//! Answers requests as [`super::request`] has routed them, and starts the sockets.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, UPGRADE, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role as WebSocketRole;

use super::handle::Server;
use super::id::socket_id;
use super::refusal::Refusal;
use super::request::{Decision, Route, route};
use super::shutdown::LiveGuard;
use super::socket::Socket;
use crate::channel::{Channels, Inbound, Lane};
use crate::driver::{Driver, Hooks, now};
use crate::mailbox::{Mailbox, Peer};
use crate::proto::MAIN_CHANNEL;
use crate::session::{CloseReason, Role, Session};
use crate::transport::WebSocketTransport;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Answers one request.
pub(super) async fn handle(
    server: Server,
    request: Request<Incoming>,
    peer: Option<IpAddr>,
) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let options = &server.shared.options;
    let Decision { route, address, cors } = route(&parts, &options.base_url, &options.policy, peer);
    let mut response = match route {
        Route::WebSocket { key } => {
            let user_agent = parts.headers.get(USER_AGENT);
            let user_agent = user_agent
                .and_then(|agent| agent.to_str().ok())
                .map(str::to_owned);
            let mut request = Request::from_parts(parts, body);
            let upgrade = hyper::upgrade::on(&mut request);
            let peer = Peer {
                remote_addr: address,
                user_agent,
                ..Peer::default()
            };
            // Ends with its socket, which the session's deadlines bound; shutdown waits for it.
            let live = server.shared.shutdown.guard();
            tokio::spawn(run_websocket(server, upgrade, peer, live));
            switching_protocols(&key)
        }
        #[cfg(feature = "http2")]
        Route::WebSocketOverHttp2 => refuse(Refusal::METHOD),
        Route::Ajax => refuse(Refusal::BAD_REQUEST),
        Route::Preflight => no_content(),
        Route::Refused(refusal) => refuse(refusal),
        Route::Elsewhere => elsewhere(&server, Request::from_parts(parts, body)).await,
    };
    cors.apply(&mut response);
    Ok(response)
}

fn switching_protocols(key: &HeaderValue) -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

fn refuse(refusal: Refusal) -> Response<Body> {
    refusal
        .response()
        .map(|body| Full::from(body).map_err(|never| match never {}).boxed_unsync())
}

fn no_content() -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Answers a request that is not for us: with a file, if files are served.
#[cfg(feature = "static-files")]
async fn elsewhere(server: &Server, request: Request<Incoming>) -> Response<Body> {
    use http::header::CACHE_CONTROL;
    use tower_http::services::ServeDir;
    use tower_service::Service as _;

    let Some(folder) = &server.shared.options.static_files else {
        return not_found();
    };
    let mut response = match ServeDir::new(folder).call(request).await {
        Ok(response) => response.map(|body| body.boxed_unsync()),
        Err(never) => match never {},
    };
    // Browsers ask whether a file has changed instead of guessing: generated clients must fit their server.
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(not(feature = "static-files"))]
async fn elsewhere(_server: &Server, _request: Request<Incoming>) -> Response<Body> {
    not_found()
}

fn not_found() -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

async fn run_websocket(server: Server, upgrade: OnUpgrade, peer: Peer, _live: LiveGuard) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => return tracing::debug!(%error, "upgrade failed"),
    };
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => run_socket(server, parts.io.into_inner(), parts.read_buf.into(), peer).await,
        Err(upgraded) => run_upgraded(server, upgraded, peer).await,
    }
}

/// Serves a connection of another kind than our own accept loop's.
async fn run_upgraded(server: Server, upgraded: Upgraded, peer: Peer) {
    run_socket(server, TokioIo::new(upgraded), Vec::new(), peer).await;
}

async fn run_socket<S>(server: Server, io: S, early: Vec<u8>, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let socket_id = match socket_id() {
        Ok(socket_id) => socket_id,
        Err(error) => return tracing::error!(%error, "no randomness for a socket id"),
    };
    let options = &server.shared.options;
    let limits = options.limits.clone();
    let transport = WebSocketTransport::new(io, early, WebSocketRole::Server, &limits).await;
    let mailbox = Arc::new(Mailbox::new(peer, &limits));
    let hooks = ServerHooks {
        server: server.clone(),
        socket_id: socket_id.clone(),
        mailbox: mailbox.clone(),
    };
    server.shared.registry.enter(socket_id.clone(), mailbox.clone());
    if server.shared.shutdown.is_stopping() {
        // Too late for the list that shutdown goes through.
        mailbox.request_close(CloseReason::Shutdown);
    }
    let session = Session::new(Role::Server { socket_id }, options.keep_alive, limits, now());
    Driver::new(session, transport, mailbox, hooks).run().await;
}

/// What a server does at the turns of a socket's life.
struct ServerHooks {
    server: Server,
    socket_id: String,
    mailbox: Arc<Mailbox>,
}

impl Hooks for ServerHooks {
    fn opened(&mut self, socket_id: String) -> Option<BoxFuture<'static, ()>> {
        let shared = &self.server.shared;
        let channels = Channels::new(self.mailbox.clone(), shared.options.limits.clone());
        let socket = Socket::new(channels);
        // A session opens once, so the id was not set before.
        let _ = self.mailbox.peer().socket_id.set(socket_id);
        shared.registry.open(socket.clone());

        let on_socket = shared.options.on_socket.as_ref()?;
        // The main channel is there from the first moment; without a handler it is opened at its first use.
        socket.channel(MAIN_CHANNEL);
        Some(on_socket.0(socket))
    }

    fn serves(&self, name: &str) -> bool {
        self.server.shared.services.contains_key(name)
    }

    fn service(&mut self, name: &str) -> Option<Box<dyn Inbound>> {
        let shared = &self.server.shared;
        let service = shared.services.get(name)?;
        let lane = Arc::new(Lane::new(name, self.mailbox.clone()));
        Some(service.open(lane, &shared.options.limits))
    }

    fn closed(&mut self, _reason: CloseReason) {
        self.server.shared.registry.leave(&self.socket_id);
    }
}

impl Drop for ServerHooks {
    fn drop(&mut self) {
        // Only a panic of the driver itself, or a runtime that ends, comes here without `closed`.
        self.server.shared.registry.leave(&self.socket_id);
        self.mailbox.refuse();
        self.mailbox.end(CloseReason::Panicked);
    }
}

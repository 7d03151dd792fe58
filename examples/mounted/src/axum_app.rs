//! Two Glue servers beside the other routes of an axum application, all on one port.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use glue::{RemoteAddr, Server};
use tokio::net::TcpListener;

/// Puts `live` and `admin` beside the application's own routes. Each server's base URL is the path under which it stands here.
pub fn router(live: &Server, admin: &Server) -> Router {
    Router::new()
        .route("/api/hello", get(|| async { "hello" }))
        .route_service("/glue/{endpoint}", live.service())
        .route_service("/admin/live/{endpoint}", admin.service())
        .layer(from_fn(tell_address))
}

/// Tells Glue from where a request comes; without this its sockets have no address, and there is no limit per address.
async fn tell_address(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(RemoteAddr(peer.ip()));
    next.run(request).await
}

/// Serves the application, by HTTP/1.1 and by HTTP/2 for clients that begin with it.
///
/// # Errors
/// axum names none that happen.
pub async fn serve(listener: TcpListener, router: Router) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await
}

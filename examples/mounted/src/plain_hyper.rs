//! Glue in an accept loop of one's own, on hyper and nothing else.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use glue::Server;
use http::{Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::accept;

/// Accepts connections, each in a task of its own.
pub async fn serve(listener: TcpListener, server: Server) {
    loop {
        let (stream, peer) = accept(&listener).await;
        let server = server.clone();
        let service = service_fn(move |request| answer(server.clone(), peer.ip(), request));
        let connection = http1::Builder::new()
            // Without these, half-sent requests pile up.
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER)
            .serve_connection(TokioIo::new(stream), service)
            // Without this there are no WebSockets.
            .with_upgrades();
        // An error is that of one connection.
        tokio::spawn(async move { drop(connection.await) });
    }
}

/// Gives Glue its own paths, and answers the others.
async fn answer(
    server: Server,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Either<glue::Body, Full<Bytes>>>, Infallible> {
    match request.uri().path() {
        path if path.starts_with("/glue/") => {
            let response = server.service().remote_addr(peer).call(request).await?;
            Ok(response.map(Either::Left))
        }
        "/api/hello" => Ok(text(StatusCode::OK, "hello")),
        _ => Ok(text(StatusCode::NOT_FOUND, "")),
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<Either<glue::Body, Full<Bytes>>> {
    let mut response = Response::new(Either::Right(Full::from(text)));
    *response.status_mut() = status;
    response
}

/// Time for the head of a request.
const HEADER: Duration = Duration::from_secs(10);

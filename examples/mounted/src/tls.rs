//! Glue behind TLS by rustls, over HTTP/1.1 or HTTP/2 as the client likes; WebSockets over both.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use glue::Server;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::accept;

/// Reads the server's certificates, its own first, and the key to it, all as PEM.
///
/// # Errors
/// When a file can't be read, or the key is not that of the certificate.
pub fn config(certificates: &Path, key: &Path) -> Result<ServerConfig, Box<dyn Error>> {
    let certificates = CertificateDer::pem_file_iter(certificates)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    // What we speak, the best first: the client picks.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Accepts connections, each in a task of its own.
pub async fn serve(listener: TcpListener, config: ServerConfig, server: Server) {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, peer) = accept(&listener).await;
        let service = server.service().remote_addr(peer.ip());
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // An error is that of one connection.
            let _ = serve_connection(stream, &acceptor, service).await;
        });
    }
}

async fn serve_connection(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    service: glue::GlueService,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await??;
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADER);
    http.http2()
        .timer(TokioTimer::new())
        // Finds clients that are gone while no socket is open that would notice.
        .keep_alive_interval(KEEP_ALIVE)
        .max_send_buf_size(SEND_BUFFER)
        // Lets clients open WebSockets over HTTP/2 (RFC 8441).
        .enable_connect_protocol();
    http.serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await
}

/// Time for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Time for the head of an HTTP/1.1 request.
const HEADER: Duration = Duration::from_secs(10);

/// Pause between pings of a connection of HTTP/2; hyper waits 20 s for the answer.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Bytes that wait in one stream of HTTP/2 for a slow reader, behind what Glue itself bounds; hyper's default is 400 KiB.
const SEND_BUFFER: usize = 64 << 10;

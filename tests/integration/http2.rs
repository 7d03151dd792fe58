//! HTTP/2, where the server is mounted behind it: WebSockets that share a connection, and Ajax. By TCP and inside TLS.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use glue::{CloseReason, Server, ServerBuilder, ServerLimits};
use glue_example_mounted::{axum_app, tls};
use glue_tests::bridge::Bridge;
use glue_tests::deadline::within;
use glue_tests::raw_ajax::AjaxPeer;
use glue_tests::raw_ws::{RawPeer, Received};
use glue_tests::recorded_app;
use h2::client::{ResponseFuture, SendRequest};
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{Method, Request, Response};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A client's connection of HTTP/2.
struct Http2 {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<()>,
}

/// A WebSocket in a stream of HTTP/2.
struct Tunnel {
    peer: RawPeer,
    /// Ends with the server's end of the stream, which is clean or not.
    carrier: JoinHandle<Result<(), h2::Error>>,
}

impl Http2 {
    async fn over<S>(io: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (requests, connection) = h2::client::handshake(io).await.unwrap();
        Self {
            requests,
            // An error is what the test sees in its streams.
            connection: tokio::spawn(async move { drop(connection.await) }),
        }
    }

    async fn dial(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    async fn start(&self, request: Request<()>, is_whole: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let requests = within("room for a stream", self.requests.clone().ready()).await;
        requests.unwrap().send_request(request, is_whole).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        let request = Request::get(format!("https://{HOST}{path}")).body(()).unwrap();
        let (response, _) = self.start(request, true).await;
        text(within("the answer", response).await.unwrap()).await.1
    }

    /// Sends a request of the Ajax transport, and returns what its answer will come by.
    async fn post(&self, body: String) -> ResponseFuture {
        let request = Request::post(format!("https://{HOST}/glue/ajax"))
            .body(())
            .unwrap();
        let (response, mut stream) = self.start(request, false).await;
        stream.send_data(body.into(), true).unwrap();
        response
    }

    async fn posted(&self, body: String) -> (u16, String) {
        let response = self.post(body).await;
        text(within("the answer", response).await.unwrap()).await
    }

    /// Asks for a stream of this protocol.
    async fn ask(
        &self,
        protocol: &'static str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (Response<RecvStream>, SendStream<Bytes>) {
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(format!("https://{HOST}{path}"))
            .extension(Protocol::from_static(protocol));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (response, stream) = self.start(request.body(()).unwrap(), false).await;
        (within("the answer", response).await.unwrap(), stream)
    }

    /// Opens a WebSocket, without an `in`.
    async fn tunnel(&self) -> Tunnel {
        let (response, to_server) = self.ask("websocket", "/glue/ws", &[VERSION]).await;
        assert_eq!(response.status(), 200);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (peer, near) = tokio::join!(RawPeer::dial(address), listener.accept());
        let (near, _) = near.unwrap();
        Tunnel {
            peer,
            carrier: tokio::spawn(carry(near, to_server, response.into_body())),
        }
    }

    /// Opens a session, and returns its socket id too.
    async fn open(&self) -> (Tunnel, String) {
        let mut tunnel = self.tunnel().await;
        let id = tunnel.peer.init().await;
        (tunnel, id)
    }
}

impl Tunnel {
    /// Resets the stream.
    fn reset(self) {
        self.carrier.abort();
    }

    /// Waits for the server's end of the stream, which must be a clean one.
    async fn ended(self) {
        drop(self.peer);
        let end = within("the end of the stream", self.carrier).await;
        end.unwrap().expect("the stream is ended, not reset");
    }
}

/// Carries a WebSocket's bytes between a peer that speaks TCP and a stream.
async fn carry(
    near: TcpStream,
    mut to_server: SendStream<Bytes>,
    mut from_server: RecvStream,
) -> Result<(), h2::Error> {
    near.set_nodelay(true).unwrap();
    let (mut from_peer, mut to_peer) = near.into_split();
    let there = async {
        let mut chunk = [0; 16 << 10];
        while let Ok(length @ 1..) = from_peer.read(&mut chunk).await {
            let mut bytes = Bytes::copy_from_slice(&chunk[..length]);
            while !bytes.is_empty() {
                to_server.reserve_capacity(bytes.len());
                let Some(Ok(room)) = poll_fn(|cx| to_server.poll_capacity(cx)).await else {
                    return;
                };
                let _ = to_server.send_data(bytes.split_to(room), false);
            }
        }
        let _ = to_server.send_data(Bytes::new(), true);
    };
    let back = async {
        while let Some(data) = from_server.data().await {
            let data = data?;
            let _ = to_peer.write_all(&data).await;
            from_server.flow_control().release_capacity(data.len())?;
        }
        let _ = to_peer.shutdown().await;
        Ok(())
    };
    tokio::join!(there, back).1
}

async fn text(response: Response<RecvStream>) -> (u16, String) {
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = within("the body", body.data()).await {
        bytes.extend(data.unwrap());
    }
    (head.status.as_u16(), String::from_utf8(bytes).unwrap())
}

/// A server in the axum example, whose connections may begin with HTTP/2.
async fn mounted(builder: ServerBuilder) -> (Server, SocketAddr) {
    let server = recorded_app::serve(builder).build().unwrap();
    let admin = Server::builder().base_url("/admin/live/").build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum_app::serve(listener, axum_app::router(&server, &admin)));
    (server, address)
}

/// [H-11]
#[tokio::test]
async fn a_websocket_goes_over_a_stream_of_http2() {
    let (server, address) = mounted(Server::builder()).await;
    let client = Http2::dial(address).await;

    assert_eq!(client.get("/api/hello").await, "hello");
    assert!(client.requests.is_extended_connect_protocol_enabled());
    let (mut tunnel, id) = client.open().await;
    let socket = server.socket(&id).unwrap();
    tunnel.peer.assert_echo("hello").await;
    // More than the windows of stream and connection, both ways.
    tunnel.peer.assert_echo(&"x".repeat(1_000_000)).await;
    tunnel.peer.assert_echo("still here").await;
    assert_eq!(socket.remote_addr().unwrap().to_string(), "127.0.0.1");

    tunnel.peer.send_close(Some(1000), "").await;
    assert_eq!(tunnel.peer.closed().await, Some(1000));
    tunnel.ended().await;
    assert_eq!(socket.closed().await, CloseReason::Peer);
}

/// [H-11]
#[tokio::test]
async fn sockets_of_one_connection_end_each_by_itself() {
    let (server, address) = mounted(Server::builder()).await;
    let client = Http2::dial(address).await;
    let (mut first, first_id) = client.open().await;
    let (second, second_id) = client.open().await;
    let (mut third, third_id) = client.open().await;
    let (fourth, fourth_id) = client.open().await;
    let lost = [second_id, fourth_id].map(|id| server.socket(&id).unwrap());

    second.reset();
    // The stream's end without a Close frame.
    fourth.ended().await;
    for socket in lost {
        assert_eq!(within("the end", socket.closed()).await, CloseReason::LinkLost);
    }
    first.peer.assert_echo("still here").await;
    server.socket(&third_id).unwrap().close();
    third.peer.closed().await;
    third.ended().await;
    first.peer.assert_echo("still here").await;

    let socket = server.socket(&first_id).unwrap();
    client.connection.abort();
    assert_eq!(within("the end", socket.closed()).await, CloseReason::LinkLost);
}

/// [H-9] [H-11]
#[tokio::test]
async fn refused_websockets_have_their_status_over_http2() {
    let mut server_limits = ServerLimits::default();
    server_limits.sockets = 2;
    let (_server, address) = mounted(Server::builder().server_limits(server_limits)).await;
    let client = Http2::dial(address).await;
    let own = format!("https://{HOST}");
    let own = ("origin", own.as_str());
    let evil = ("origin", "https://evil.example");

    let (first, _open) = client.ask("websocket", "/glue/ws", &[VERSION, own]).await;
    assert_eq!(first.status(), 200, "the page of this :authority");
    assert_eq!(first.headers().get("vary").unwrap(), "Origin");
    let (_second, _) = client.open().await;
    for (protocol, path, headers, status) in [
        ("websocket", "/glue/ws", vec![VERSION, evil], 403),
        ("websocket", "/glue/ws", vec![VERSION, own, evil], 403),
        ("websocket", "/glue/ws", vec![], 400),
        ("websocket", "/glue/x", vec![VERSION], 400),
        ("websocket", "/elsewhere", vec![VERSION], 404),
        ("connect-udp", "/glue/ws", vec![VERSION], 405),
        ("websocket", "/glue/ws", vec![VERSION, own], 503),
    ] {
        let (response, _) = client.ask(protocol, path, &headers).await;
        assert_eq!(
            response.status().as_u16(),
            status,
            "{protocol} {path} {headers:?}"
        );
    }
}

/// The TLS example, with a certificate of its own.
struct Tls {
    server: Server,
    address: SocketAddr,
    certificate: CertificateDer<'static>,
    _folder: TempDir,
}

impl Tls {
    async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();

        let server = recorded_app::serve(Server::builder()).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = tls::config(&certificate, &key).unwrap();
        tokio::spawn(tls::serve(listener, config, server.clone()));
        Self {
            server,
            address,
            certificate: made.cert.der().clone(),
            _folder: folder,
        }
    }

    /// Offers protocols.
    fn connector(&self, protocols: &[&str]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        Arc::new(config).into()
    }

    async fn http2(&self) -> Http2 {
        let stream = dial_tls(self.address, self.connector(&["http/1.1", "h2"])).await;
        let stream = stream.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        Http2::over(stream).await
    }
}

async fn dial_tls(address: SocketAddr, connector: TlsConnector) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    connector
        .connect(ServerName::try_from(HOST).unwrap(), stream)
        .await
}

#[tokio::test]
async fn both_transports_work_by_http1_inside_tls() {
    let tls = Tls::start().await;
    for protocols in [&["http/1.1"] as &[_], &[]] {
        let (address, connector) = (tls.address, tls.connector(protocols));
        let bridge = Bridge::start(move || dial_tls(address, connector.clone())).await;

        let (mut websocket, _) = RawPeer::open(bridge.address()).await;
        let (mut ajax, _) = AjaxPeer::open(bridge.address()).await;

        websocket.assert_echo("by WebSocket").await;
        websocket.assert_echo(&"x".repeat(1_000_000)).await;
        ajax.assert_echo("by Ajax").await;
        websocket.send_close(Some(1000), "").await;
        assert_eq!(websocket.closed().await, Some(1000));
    }
}

/// [H-11]
#[tokio::test]
async fn a_websocket_goes_over_http2_inside_tls() {
    let tls = Tls::start().await;
    let client = tls.http2().await;

    let (mut first, id) = client.open().await;
    let (mut second, _) = client.open().await;
    first.peer.assert_echo(&"x".repeat(1_000_000)).await;
    second.peer.assert_echo("hello").await;

    let socket = tls.server.socket(&id).unwrap();
    assert_eq!(socket.remote_addr().unwrap().to_string(), "127.0.0.1");
    let ended = async move {
        for mut tunnel in [first, second] {
            assert!(matches!(tunnel.peer.next().await, Received::Close(_)));
            tunnel.ended().await;
        }
    };
    within("the end", async { tokio::join!(tls.server.shutdown(), ended) }).await;
    assert_eq!(socket.closed().await, CloseReason::Shutdown);
}

/// [A-5] [A-6]
#[tokio::test]
async fn a_poll_that_http2_cancels_loses_nothing() {
    let tls = Tls::start().await;
    let client = tls.http2().await;
    let (status, start) = client.posted("i".to_owned()).await;
    assert_eq!(status, 200);
    let (uid, mut token) = start
        .split_once('&')
        .map(|(uid, token)| (uid, token.to_owned()))
        .unwrap();
    let push = |message: &str| format!("u{uid}&{message}");
    let poll = |token: &str| format!("o{uid}&{token}");
    let taken = (200, String::new());
    assert_eq!(client.posted(push(r#"in{"version":"1.9.1"}"#)).await, taken);
    let (_, answer) = client.posted(poll(&token)).await;
    answer.split_once('&').unwrap().0.clone_into(&mut token);

    for number in 0..3 {
        // Dropped, which resets the stream: before there is an answer, or while it is on its way.
        drop(client.post(poll(&token)).await);
        let message = format!("cd1&mecho {number}");
        assert_eq!(client.posted(push(&message)).await, taken);
        drop(client.post(poll(&token)).await);

        let (status, answer) = client.posted(poll(&token)).await;
        assert_eq!(status, 200, "{answer}");
        let (next, received) = answer.split_once('&').unwrap();
        assert_eq!(received, message);
        next.clone_into(&mut token);
    }
}

/// The host of the tests' URIs, which reaches the server as `:authority`.
const HOST: &str = "chat.example";

const VERSION: (&str, &str) = ("sec-websocket-version", "13");

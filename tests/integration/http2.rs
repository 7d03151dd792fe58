//! HTTP/2, where the server is mounted behind it: WebSockets that share a connection, and Ajax. By TCP and inside TLS.

use std::net::SocketAddr;

use glue::{CloseReason, Server, ServerBuilder, ServerLimits};
use glue_example_mounted::{axum_app, tls};
use glue_tests::bridge::Bridge;
use glue_tests::deadline::within;
use glue_tests::raw_ajax::AjaxPeer;
use glue_tests::raw_ws::{RawPeer, Received};
use glue_tests::recorded_app;
use tokio::net::{TcpListener, TcpStream};

use crate::peers::http2::{Http2, VERSION};
use crate::peers::tls::{Certificate, HOST, dial_tls};

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
    assert!(client.offers_tunnels());
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
    client.cut();
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
    certificate: Certificate,
}

impl Tls {
    async fn start() -> Self {
        let certificate = Certificate::make();
        let server = recorded_app::serve(Server::builder()).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = tls::config(&certificate.path(), &certificate.key_path()).unwrap();
        tokio::spawn(tls::serve(listener, config, server.clone()));
        Self {
            server,
            address,
            certificate,
        }
    }

    async fn http2(&self) -> Http2 {
        let connector = self.certificate.connector(&["http/1.1", "h2"]);
        let stream = dial_tls(connector, TcpStream::connect(self.address))
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        Http2::over(stream).await
    }
}

#[tokio::test]
async fn both_transports_work_by_http1_inside_tls() {
    let tls = Tls::start().await;
    for protocols in [&["http/1.1"] as &[_], &[]] {
        let (address, connector) = (tls.address, tls.certificate.connector(protocols));
        let dial = move || dial_tls(connector.clone(), TcpStream::connect(address));
        let bridge = Bridge::start(dial).await;

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

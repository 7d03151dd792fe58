//! Glue inside other HTTP servers, as `examples/mounted` does it.

use std::net::SocketAddr;

use axum::Router;
use glue::{CloseReason, Limits, Server, ServerBuilder, ServerLimits, TrustedProxies};
use glue_example_mounted::{axum_app, plain_hyper};
use glue_tests::deadline::within;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint, assert_refused};
use glue_tests::raw_http::{RawResponse, request};
use glue_tests::raw_ws::{RawPeer, Received, upgrade_request};
use glue_tests::recorded_app;
use tokio::net::TcpListener;

/// The axum example with two servers in it.
struct Mounted {
    live: Server,
    admin: Server,
    address: SocketAddr,
}

impl Mounted {
    async fn start() -> Self {
        Self::start_with(Server::builder()).await
    }

    async fn start_with(live: ServerBuilder) -> Self {
        let live = build(live);
        let admin = build(Server::builder().base_url("/admin/live/"));
        let (listener, address) = listen().await;
        tokio::spawn(axum_app::serve(listener, axum_app::router(&live, &admin)));
        Self { live, admin, address }
    }

    async fn assert_api(&self) {
        let answer = get(self.address, "/api/hello").await;
        assert_eq!((answer.status, answer.text()), (200, "hello"));
    }
}

fn build(builder: ServerBuilder) -> Server {
    recorded_app::serve(builder).build().unwrap()
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Serves an axum application that doesn't tell addresses.
async fn serve(router: Router) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn get(address: SocketAddr, path: &str) -> RawResponse {
    request(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    )
    .await
}

/// Asks for a WebSocket at this path.
async fn upgrade(address: SocketAddr, path: &str) -> (RawPeer, RawResponse) {
    let request = String::from_utf8(upgrade_request("")).unwrap();
    RawPeer::upgrade(address, request.replace("/glue/ws", path).as_bytes()).await
}

fn ids(server: &Server) -> Vec<String> {
    let mut ids: Vec<_> = server
        .sockets()
        .iter()
        .map(|socket| socket.id().to_owned())
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn both_transports_work_beside_the_routes_of_axum() {
    let mounted = Mounted::start().await;

    let (mut websocket, _) = RawPeer::open(mounted.address).await;
    let (mut ajax, _) = AjaxPeer::open(mounted.address).await;

    websocket.assert_echo("by WebSocket").await;
    ajax.assert_echo("by Ajax").await;
    mounted.assert_api().await;
    assert_eq!(get(mounted.address, "/elsewhere").await.status, 404);
    assert_eq!(get(mounted.address, "/glue/elsewhere").await.status, 400);
}

#[tokio::test]
async fn both_transports_work_in_plain_hyper() {
    let server = build(Server::builder());
    let (listener, address) = listen().await;
    tokio::spawn(plain_hyper::serve(listener, server.clone()));

    let (mut websocket, first) = RawPeer::open(address).await;
    let (mut ajax, second) = AjaxPeer::open(address).await;

    websocket.assert_echo("by WebSocket").await;
    ajax.assert_echo("by Ajax").await;
    assert_eq!(get(address, "/api/hello").await.text(), "hello");
    assert_eq!(get(address, "/elsewhere").await.status, 404);
    for id in [first, second] {
        let known = server.socket(&id).unwrap().remote_addr().unwrap();
        assert_eq!(known.to_string(), "127.0.0.1");
    }
}

#[tokio::test]
async fn two_servers_of_one_process_share_nothing() {
    let mounted = Mounted::start().await;

    let (mut live, live_id) = RawPeer::open(mounted.address).await;
    let (mut admin, answer) = upgrade(mounted.address, "/admin/live/ws").await;
    let admin_id = admin.init().await;
    let (mut ajax, ajax_id) = AjaxPeer::open(mounted.address).await;

    assert_eq!(answer.status, 101);
    live.assert_echo("to live").await;
    admin.assert_echo("to admin").await;
    let mut live_ids = [live_id, ajax_id];
    live_ids.sort();
    assert_eq!(ids(&mounted.live), live_ids);
    assert_eq!(ids(&mounted.admin), [admin_id]);

    let push = ajax.push_body("pi");
    let length = push.len();
    let elsewhere = format!(
        "POST /admin/live/ajax HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{push}"
    );
    assert_refused(&request(mounted.address, &elsewhere).await);
    ajax.assert_echo("the other server's no is not mine").await;
}

/// [H-1]
#[tokio::test]
async fn the_base_url_is_the_path_that_the_service_sees() {
    let at = |base_url: &str| build(Server::builder().base_url(base_url)).service();
    let fallback = Router::new().fallback_service(at("/glue/"));
    let route = Router::new().route_service("/live/{endpoint}", at("/live/"));
    let nest = Router::new().nest_service("/live", at("/"));
    let nest_in_vain = Router::new().nest_service("/live", at("/live/"));
    let nest_below = Router::new().nest_service("/app", at("/live/"));

    for (name, router, path, status) in [
        ("fallback", fallback, "/glue/ws", 101),
        ("route", route, "/live/ws", 101),
        ("nest", nest, "/live/ws", 101),
        ("nest in vain", nest_in_vain, "/live/ws", 404),
        ("nest below", nest_below, "/app/live/ws", 101),
    ] {
        let (mut peer, answer) = upgrade(serve(router).await, path).await;
        assert_eq!(answer.status, status, "{name}");
        if status == 101 {
            peer.init().await;
            peer.assert_echo(name).await;
        }
    }
}

/// axum's limit of 2 MB is one of its extractors, which don't see our requests.
#[tokio::test]
async fn a_push_may_be_larger_than_axums_own_limit() {
    let mut limits = Limits::default();
    limits.message_bytes = 4 << 20;
    limits.channel_bytes = 4 << 20;
    let mut server_limits = ServerLimits::default();
    server_limits.push_bytes = 4 << 20;
    let builder = Server::builder().limits(limits).server_limits(server_limits);
    let mounted = Mounted::start_with(builder).await;
    let (mut peer, _) = AjaxPeer::open(mounted.address).await;

    peer.assert_echo(&"x".repeat(3 << 20)).await;

    let answer = peer.push(format!("cd1&m{}", "x".repeat(4 << 20))).await;
    assert_eq!((answer.status, answer.text()), (413, "Payload Too Large\n"));
}

#[tokio::test]
async fn a_mounted_server_has_the_addresses_that_it_is_told() {
    let mut server_limits = ServerLimits::default();
    server_limits.sockets_per_address = 1;
    let builder = || {
        Server::builder()
            .server_limits(server_limits.clone())
            .trusted_proxies(TrustedProxies::new(["127.0.0.1"]).unwrap())
    };
    let told = Mounted::start_with(builder()).await;
    let server = build(builder());
    let not_told = serve(Router::new().fallback_service(server.service())).await;
    let forwarded = "X-Forwarded-For: 203.0.113.7\r\n";

    let (_own, own) = RawPeer::open(told.address).await;
    let other = Endpoint::new(told.address).headers(forwarded);
    let (_other, other) = AjaxPeer::open_at(other).await;
    let third = RawPeer::upgrade(told.address, &upgrade_request("")).await.1;
    let (_unknown, unknown) = RawPeer::open(not_told).await;
    let (_second, _) = RawPeer::open(not_told).await;

    let address = |server: &Server, id: &str| {
        let address = server.socket(id).unwrap().remote_addr();
        address.map(|address| address.to_string())
    };
    assert_eq!(address(&told.live, &own).as_deref(), Some("127.0.0.1"));
    assert_eq!(address(&told.live, &other).as_deref(), Some("203.0.113.7"));
    assert_eq!(third.status, 503, "there is one of this address");
    assert_eq!(address(&server, &unknown), None);
}

/// [H-9]
#[tokio::test]
async fn shutdown_of_a_mounted_server_leaves_the_rest_of_the_application() {
    let mounted = Mounted::start().await;
    let (mut websocket, id) = RawPeer::open(mounted.address).await;
    let (mut ajax, _) = AjaxPeer::open(mounted.address).await;
    let (mut admin, _) = upgrade(mounted.address, "/admin/live/ws").await;
    admin.init().await;
    let socket = mounted.live.socket(&id).unwrap();
    ajax.start_poll().await;

    let ended = async move {
        assert!(matches!(websocket.next().await, Received::Close(_)));
        drop(websocket);
        ajax.closed().await;
    };
    within("the end", async { tokio::join!(mounted.live.shutdown(), ended) }).await;

    assert_eq!(socket.closed().await, CloseReason::Shutdown);
    assert_eq!(ids(&mounted.live), [""; 0]);
    let (_, answer) = upgrade(mounted.address, "/glue/ws").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    mounted.assert_api().await;
    admin.assert_echo("still here").await;
}

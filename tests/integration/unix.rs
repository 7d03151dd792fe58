//! A server on a Unix socket, for a proxy on the same machine.

use std::path::{Path, PathBuf};

use glue::{ErrorKind, Server, ServerBuilder, TrustedProxies};
use glue_tests::bridge::Bridge;
use glue_tests::deadline::within;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint};
use glue_tests::raw_ws::{RawPeer, Received, upgrade_request};
use glue_tests::recorded_app;
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

/// A server that listens on a file in a folder of its own.
struct UnixServer {
    server: Server,
    path: PathBuf,
    serving: JoinHandle<()>,
    bridge: Bridge,
    _folder: TempDir,
}

impl UnixServer {
    async fn start(builder: ServerBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("glue.sock");
        let server = recorded_app::serve(builder).build().unwrap();
        let listener = server.bind_unix(&path).await.unwrap();
        Self {
            server,
            serving: tokio::spawn(listener.serve()),
            bridge: bridge_to(&path).await,
            path,
            _folder: folder,
        }
    }
}

async fn bridge_to(path: &Path) -> Bridge {
    let path = path.to_owned();
    Bridge::start(move || UnixStream::connect(path.clone())).await
}

#[tokio::test]
async fn both_transports_work_over_a_unix_socket() {
    let unix = UnixServer::start(Server::builder()).await;

    let (mut websocket, first) = RawPeer::open(unix.bridge.address()).await;
    let (mut ajax, second) = AjaxPeer::open(unix.bridge.address()).await;

    websocket.assert_echo("by WebSocket").await;
    ajax.assert_echo("by Ajax").await;
    for id in [first, second] {
        assert_eq!(unix.server.socket(&id).unwrap().remote_addr(), None);
    }
}

/// [H-10]
#[tokio::test]
async fn a_proxy_behind_a_unix_socket_is_believed_if_it_is_trusted() {
    let trusted = TrustedProxies::default().unix_socket(true);
    let unix = UnixServer::start(Server::builder().trusted_proxies(trusted)).await;
    let forwarded = "X-Forwarded-For: 203.0.113.7\r\n";

    let upgrade = upgrade_request(forwarded);
    let (mut websocket, _) = RawPeer::upgrade(unix.bridge.address(), &upgrade).await;
    let endpoint = Endpoint::new(unix.bridge.address()).headers(forwarded);
    let (_ajax, second) = AjaxPeer::open_at(endpoint).await;

    for id in [websocket.init().await, second] {
        let address = unix.server.socket(&id).unwrap().remote_addr().unwrap();
        assert_eq!(address.to_string(), "203.0.113.7");
    }
}

#[tokio::test]
async fn shutdown_ends_the_sockets_and_removes_the_file() {
    let unix = UnixServer::start(Server::builder()).await;
    let (mut peer, _) = RawPeer::open(unix.bridge.address()).await;
    assert!(unix.path.exists());

    let closed = async move {
        assert!(matches!(peer.next().await, Received::Close(_)));
    };
    within("the end", async { tokio::join!(unix.server.shutdown(), closed) }).await;
    within("the last connection", unix.serving).await.unwrap();

    assert!(!unix.path.exists());
}

#[tokio::test]
async fn what_a_killed_server_has_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glue.sock");
    // As a process leaves it that is killed: the file is there, and nobody listens.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());

    let server = recorded_app::serve(Server::builder()).build().unwrap();
    let listener = server.bind_unix(&path).await.unwrap();
    tokio::spawn(listener.serve());

    let bridge = bridge_to(&path).await;
    let (mut peer, _) = RawPeer::open(bridge.address()).await;
    peer.assert_echo("hello").await;
}

#[tokio::test]
async fn a_living_server_and_its_file_are_left_alone() {
    let unix = UnixServer::start(Server::builder()).await;

    let second = Server::builder().build().unwrap();
    let error = second.bind_unix(&unix.path).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Io);
    let (mut peer, _) = RawPeer::open(unix.bridge.address()).await;
    peer.assert_echo("still here").await;
}

#[tokio::test]
async fn a_file_of_another_kind_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glue.sock");
    std::fs::write(&path, "precious").unwrap();

    let server = Server::builder().build().unwrap();
    let error = server.bind_unix(&path).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

//! What an application can do with a socket beside sending and receiving.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use glue::{Client, CloseReason, ErrorKind, Limits, Server, Socket};
use glue_tests::deadline::within;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint};
use glue_tests::raw_ws::{RawPeer, upgrade_request};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;
use tokio::sync::mpsc;

///
#[tokio::test]
async fn a_dismissed_client_gets_its_last_words_and_is_told_not_to_come_back() {
    let server = TestServer::start(Server::builder()).await;
    let (mut peer, id) = RawPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();

    for number in 0..100 {
        socket.send(format!("{number}")).await.unwrap();
    }
    socket.dismiss();

    assert_eq!(socket.send("late").await.unwrap_err().kind(), ErrorKind::Closed);
    for number in 0..100 {
        assert_eq!(peer.text().await, format!("cd1&m{number}"));
    }
    assert_eq!(peer.text().await, "dr");
    assert_eq!(peer.closed().await, None);
    assert_eq!(within("the end", socket.closed()).await, CloseReason::Local);
}

///
#[tokio::test]
async fn a_dismissed_client_that_polls_is_told_before_its_end() {
    let server = TestServer::start(Server::builder()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();

    socket.send("bye").await.unwrap();
    socket.dismiss();

    assert_eq!(peer.text().await, "cd1&mbye");
    assert_eq!(peer.text().await, "dr");
    peer.closed().await;
}

///
#[tokio::test]
async fn a_dismissed_rust_client_knows_that_it_was() {
    let server = TestServer::start(Server::builder().on_socket(|socket: Socket| async move {
        socket.send("bye").await.unwrap();
        socket.dismiss();
    }))
    .await;

    let client = connect(server.address()).await;

    assert_eq!(client.recv().await.as_deref(), Some("bye"));
    assert_eq!(within("the end", client.closed()).await, CloseReason::Refused);
}

///
#[tokio::test]
async fn close_handlers_of_both_sides_hear_of_the_end() {
    let (reasons, mut heard) = mpsc::unbounded_channel();
    let server = TestServer::start(Server::builder().on_socket({
        let reasons = reasons.clone();
        move |socket: Socket| {
            let reasons = reasons.clone();
            socket.on_close(move |reason| reasons.send(("server", reason)).unwrap());
            async {}
        }
    }))
    .await;
    let client = connect(server.address()).await;
    let ended = client.clone();
    client.on_close(move |reason| reasons.send(("client", reason)).unwrap());

    client.close();

    within("the end", ended.closed()).await;
    let mut both = [
        within("one side", heard.recv()).await,
        within("the other side", heard.recv()).await,
    ];
    both.sort_by_key(|heard| heard.map(|(side, _)| side));
    assert_eq!(
        both,
        [
            Some(("client", CloseReason::Local)),
            Some(("server", CloseReason::Peer))
        ]
    );
}

#[tokio::test]
async fn nothing_that_the_socket_runs_keeps_it_once_it_has_ended() {
    let value = Arc::new(());
    let bound = Arc::downgrade(&value);
    let value = Mutex::new(Some(value));
    let server = TestServer::start(Server::builder().on_socket(move |socket: Socket| {
        let value = value.lock().unwrap().take();
        async move {
            socket.set_value(value);
            for channel in ["m", "side"] {
                let owner = socket.clone();
                socket.channel(channel).on_message(move |text| {
                    let owner = owner.clone();
                    async move { owner.send(text).await.unwrap() }
                });
            }
            let owner = socket.clone();
            socket.on_close(move |_| drop(owner));
            std::future::pending().await
        }
    }))
    .await;
    let (mut peer, _) = RawPeer::open(server.address()).await;
    peer.assert_echo("the value is bound").await;
    assert!(bound.upgrade().is_some());

    peer.send("cl").await;
    peer.closed().await;
    drop(peer);
    within("the end", server.server().release()).await;

    assert!(bound.upgrade().is_none());
}

/// [H-9]
#[tokio::test]
async fn a_blocked_server_keeps_its_sockets_and_takes_no_other() {
    let server = recorded_app::start().await;
    let (mut peer, _) = RawPeer::open(server.address()).await;
    let (mut poller, _) = AjaxPeer::open(server.address()).await;

    server.server().block();
    assert!(server.server().is_blocked());
    assert_refused(server.address()).await;
    peer.assert_echo("the socket goes on").await;
    poller.assert_echo("the socket goes on").await;

    server.server().unblock();
    assert!(!server.server().is_blocked());
    let (mut newcomer, _) = RawPeer::open(server.address()).await;
    newcomer.assert_echo("hello").await;
    AjaxPeer::open(server.address()).await;
}

/// [X-2] [H-9]
#[tokio::test]
async fn a_release_delivers_what_was_sent_and_leaves_a_server_that_can_go_on() {
    let server = recorded_app::start().await;
    let (mut peer, id) = RawPeer::open(server.address()).await;
    let mut opening = RawPeer::connect(server.address()).await;
    opening.assert_alive().await;
    let socket = server.server().socket(&id).unwrap();
    for number in 0..100 {
        socket.send(format!("{number}")).await.unwrap();
    }

    let release = tokio::spawn({
        let server = server.server().clone();
        async move { server.release().await }
    });
    for number in 0..100 {
        assert_eq!(peer.text().await, format!("cd1&m{number}"));
    }
    assert_eq!(peer.closed().await, None);
    assert_eq!(opening.closed().await, None);
    drop((peer, opening));
    within("the release", release).await.unwrap();

    assert_eq!(socket.closed().await, CloseReason::Shutdown);
    assert!(server.server().sockets().is_empty());
    assert_refused(server.address()).await;
    server.server().unblock();
    let (mut newcomer, _) = RawPeer::open(server.address()).await;
    newcomer.assert_echo("hello").await;
}

/// [L-8]: in virtual time, which passes only when nothing else can be done.
#[tokio::test]
async fn a_release_waits_for_a_socket_that_takes_nothing_no_longer_than_the_close_time() {
    let server = recorded_app::start().await;
    let (peer, id) = RawPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();
    let (mut other, _) = RawPeer::open(server.address()).await;
    let mut turns = 0;
    // Until the connection and all queues are full.
    while turns < 100 {
        match socket.try_send("x".repeat(60_000)) {
            Ok(()) => turns = 0,
            Err(_) => turns += 1,
        }
        other.assert_echo("your turn").await;
    }

    tokio::time::pause();
    let release = tokio::time::timeout(2 * Limits::default().close, server.server().release()).await;
    tokio::time::resume();

    assert!(release.is_ok(), "the release has an end");
    drop((peer, other));
}

async fn assert_refused(address: SocketAddr) {
    let (_, upgrade) = RawPeer::upgrade(address, &upgrade_request("")).await;
    let init = Endpoint::new(address).post("i").await;
    for answer in [upgrade, init] {
        assert_eq!((answer.status, answer.text()), (503, "Service Unavailable\n"));
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
}

async fn connect(address: SocketAddr) -> Client {
    within("the client", Client::connect(format!("http://{address}")))
        .await
        .unwrap()
}

//! What an application can do with a socket beside sending and receiving.

use std::net::SocketAddr;

use glue::{Client, CloseReason, ErrorKind, Server, Socket};
use glue_tests::deadline::within;
use glue_tests::raw_ws::RawPeer;
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

async fn connect(address: SocketAddr) -> Client {
    within("the client", Client::connect(format!("http://{address}")))
        .await
        .unwrap()
}

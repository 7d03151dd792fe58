//! One text for many sockets, some of which take it slowly.

use futures_util::FutureExt as _;
use glue::{Broadcast, CloseReason, Limits, Server, SlowConsumer, Socket};
use glue_tests::deadline::within;
use glue_tests::raw_ws::RawPeer;
use glue_tests::server::TestServer;

#[tokio::test]
async fn a_broadcast_reaches_open_sockets_in_order_with_what_else_is_sent() {
    let server = start().await;
    let (mut one, id) = RawPeer::open(server.address()).await;
    let (mut other, _) = RawPeer::open(server.address()).await;
    let mut opening = RawPeer::connect(server.address()).await;
    let socket = server.server().socket(&id).unwrap();

    socket.send("first").await.unwrap();
    let delivery = server.server().broadcast("news", "hello");
    socket.send("last").await.unwrap();

    assert_eq!((delivery.queued, delivery.dropped, delivery.closed), (2, 0, 0));
    for expected in ["cd1&mfirst", "cd4&newshello", "cd1&mlast"] {
        assert_eq!(one.text().await, expected);
    }
    assert_eq!(other.text().await, "cd4&newshello");
    opening.assert_alive().await;
}

#[tokio::test]
async fn a_slow_consumer_is_closed_and_holds_up_nobody() {
    let server = start().await;
    let (stuck, id) = RawPeer::open(server.address()).await;
    let (mut reader, _) = RawPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();

    let mut sent = 0;
    let mut closed = 0;
    while closed == 0 {
        closed = server.server().broadcast("m", numbered(sent)).closed;
        assert_eq!(reader.text().await, format!("cd1&m{}", numbered(sent)));
        sent += 1;
        assert!(sent < FLOOD, "nothing bounds what waits");
    }

    assert_eq!(Broadcast::new("m", "late").send_to([&socket]).await.closed, 1);
    // The close time passes only when nothing else can be done.
    tokio::time::pause();
    assert_eq!(
        within("the end", socket.closed()).await,
        CloseReason::SlowConsumer
    );
    tokio::time::resume();
    assert_eq!(server.server().broadcast("m", "last").queued, 1);
    assert_eq!(reader.text().await, "cd1&mlast");
    drop(stuck);
}

#[tokio::test]
async fn dropping_the_oldest_keeps_the_newest_and_all_that_is_no_broadcast() {
    let server = start().await;
    let (mut stuck, id) = RawPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();

    let (mut sent, mut dropped) = (0, 0);
    let mut broadcast = async |until: usize| {
        while dropped < until {
            let text = Broadcast::new("m", numbered(sent)).slow_consumer(SlowConsumer::DropOldest);
            dropped += text.send_to([&socket]).await.dropped;
            sent += 1;
            // The socket's turn.
            tokio::task::yield_now().await;
            assert!(sent < FLOOD, "nothing bounds what waits");
        }
        (sent, dropped)
    };
    broadcast(1).await;
    socket.try_send("kept").unwrap();
    let (sent, dropped) = broadcast(100).await;

    let mut texts = Vec::new();
    while texts.last() != Some(&numbered(sent - 1)) {
        texts.push(stuck.text().await.split_off("cd1&m".len()));
    }
    assert_eq!(texts.len(), sent - dropped + 1);
    assert_eq!(texts.iter().filter(|text| *text == "kept").count(), 1);
    texts.retain(|text| text != "kept");
    assert!(texts.is_sorted(), "order holds");
}

#[tokio::test]
async fn a_patient_broadcast_reaches_the_others_while_it_waits_for_one() {
    let server = start().await;
    let (mut stuck, _) = RawPeer::open(server.address()).await;
    let (mut reader, _) = RawPeer::open(server.address()).await;
    let sockets = server.server().sockets();

    let mut sent = 0;
    let delivery = loop {
        let text = Broadcast::new("m", numbered(sent)).slow_consumer(SlowConsumer::Wait);
        let mut delivery = Box::pin(text.send_to(&sockets));
        let is_waiting = delivery.as_mut().now_or_never().is_none();
        assert_eq!(reader.text().await, format!("cd1&m{}", numbered(sent)));
        sent += 1;
        if is_waiting {
            let reading = async {
                for number in 0..sent {
                    assert_eq!(stuck.text().await, format!("cd1&m{}", numbered(number)));
                }
            };
            break within("the slow one", async { tokio::join!(delivery, reading).0 }).await;
        }
        assert!(sent < FLOOD, "nothing bounds what waits");
    };

    assert_eq!((delivery.queued, delivery.dropped, delivery.closed), (2, 0, 0));
}

#[tokio::test]
async fn a_patient_broadcast_does_not_wait_for_a_socket_that_ends() {
    let server = start().await;
    let (stuck, id) = RawPeer::open(server.address()).await;
    let socket: Socket = server.server().socket(&id).unwrap();
    let text = Broadcast::new("m", numbered(0)).slow_consumer(SlowConsumer::Wait);

    let mut waiting = loop {
        let mut delivery = Box::pin(text.send_to([&socket]));
        if delivery.as_mut().now_or_never().is_none() {
            break delivery;
        }
        tokio::task::yield_now().await;
    };
    drop(stuck);

    let delivery = within("the end", waiting.as_mut()).await;
    assert_eq!((delivery.queued, delivery.closed), (0, 1));
}

/// The handler runs in the task that makes the room.
#[tokio::test]
async fn sends_and_patient_broadcasts_from_inside_a_handler_wait_for_the_peer_only() {
    let mut limits = Limits::default();
    limits.backlog_bytes = 4 * SIZE;
    let server = TestServer::start(
        Server::builder()
            .limits(limits)
            .on_socket(|socket: Socket| async move {
                let own = socket.clone();
                socket.on_message(move |_| {
                    let own = own.clone();
                    async move {
                        for number in 0..200 {
                            own.send(numbered(2 * number)).await.unwrap();
                            let text = Broadcast::new("m", numbered(2 * number + 1))
                                .slow_consumer(SlowConsumer::Wait);
                            assert_eq!(text.send_to([&own]).await.queued, 1);
                        }
                    }
                });
            }),
    )
    .await;
    let (mut peer, _) = RawPeer::open(server.address()).await;
    peer.send("cd1&mgo").await;
    for number in 0..400 {
        assert_eq!(peer.text().await, format!("cd1&m{}", numbered(number)));
    }
    peer.assert_alive().await;
}

/// Starts a server on which little may wait.
async fn start() -> TestServer {
    let mut limits = Limits::default();
    limits.backlog_bytes = 4 * SIZE;
    TestServer::start(Server::builder().limits(limits)).await
}

/// Returns a large text; in the order of the numbers.
fn numbered(number: usize) -> String {
    format!("{number:0SIZE$}")
}

/// Bytes of a broadcast: about as many as an outbox holds, so that few fill a connection.
const SIZE: usize = 60_000;

/// More broadcasts than fit between a server and a peer that doesn't read.
const FLOOD: usize = 4096;

//! The keep-alive over a real connection. When exactly it strikes is shown in virtual time, by the session's own tests.

use std::time::Duration;

use glue::{KeepAlive, Server};
use glue_tests::raw_ws::{FIN, PONG, RawFrame, RawPeer};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;

/// [K-1] [K-2]
#[tokio::test]
async fn a_silent_peer_is_pinged_and_then_closed() {
    let server = impatient().await;
    let (mut silent, _) = RawPeer::open(server.address()).await;
    let mut silent_before_init = RawPeer::connect(server.address()).await;

    for peer in [&mut silent, &mut silent_before_init] {
        assert_eq!(peer.text().await, "pi");
        assert_eq!(peer.closed().await, None);
    }
}

/// [K-1] [K-3]
#[tokio::test]
async fn any_message_answers_a_ping_and_control_frames_do_not() {
    let server = TestServer::start(recorded_app::serve(Server::builder()).keep_alive(KeepAlive {
        interval: Duration::from_millis(500),
        timeout: Duration::from_secs(20),
    }))
    .await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    for answer in ["po", "po with data", "cdx&malformed", "cd6&unreaddata"] {
        assert_eq!(peer.text().await, "pi");
        peer.send(answer).await;
    }

    assert_eq!(peer.text().await, "pi", "the session goes on");
}

/// [F-10] [K-3]
#[tokio::test]
async fn websocket_pongs_are_no_sign_of_life() {
    let server = impatient().await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    assert_eq!(peer.text().await, "pi");
    peer.send_frame(RawFrame {
        first: FIN | PONG,
        masked: true,
        payload: b"",
    })
    .await;

    assert_eq!(peer.closed().await, None);
}

/// Long enough that a slow machine gets a session open before it is asked for a sign of life.
async fn impatient() -> TestServer {
    let keep_alive = KeepAlive {
        interval: Duration::from_secs(1),
        timeout: Duration::from_millis(200),
    };
    TestServer::start(recorded_app::serve(Server::builder()).keep_alive(keep_alive)).await
}

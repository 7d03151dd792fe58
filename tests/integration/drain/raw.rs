//! What peers are told that speak for themselves, on real sockets.

use futures_util::FutureExt as _;
use glue_tests::deadline::within;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::raw_ajax::Endpoint;
use glue_tests::raw_ws::{RawPeer, upgrade_request};
use glue_tests::server::TestServer;

use super::*;

const CARRIERS: [Carrier; 2] = [Carrier::WebSocket, Carrier::Ajax];

/// A server whose calls wait for a gate.
#[glue::channel]
trait Gate {
    async fn pass(&self) -> bool;
}

#[derive(Clone, Default)]
struct Keeper {
    under_way: Arc<watch::Sender<usize>>,
    is_open: Arc<watch::Sender<bool>>,
}

impl Gate for Keeper {
    async fn pass(&self) -> bool {
        self.under_way.send_modify(|calls| *calls += 1);
        let mut is_open = self.is_open.subscribe();
        is_open.wait_for(|is_open| *is_open).await.is_ok()
    }
}

impl Keeper {
    async fn start(&self) -> TestServer {
        TestServer::start(Server::builder().channel(self.clone().into_channel())).await
    }

    async fn has_calls(&self) {
        let mut calls = self.under_way.subscribe();
        within("the call", calls.wait_for(|calls| *calls > 0))
            .await
            .unwrap();
    }
}

/// Drains a server in a task of its own; returns when it has begun.
fn begin(server: &TestServer, drain: Drain) -> tokio::task::JoinHandle<()> {
    let server = server.server().clone();
    let mut draining = Box::pin(async move { server.drain(drain).await });
    let has_ended = draining.as_mut().now_or_never().is_some();
    tokio::spawn(async move {
        if !has_ended {
            draining.await;
        }
    })
}

async fn open_with(carrier: Carrier, server: &TestServer, init: &str) -> Peer {
    let mut peer = Peer::connect(carrier, server.address()).await;
    peer.send(init).await;
    assert!(peer.text().await.contains("socketID"));
    peer
}

/// A time that doesn't pass within a test.
fn patient() -> Drain {
    times(Duration::ZERO, 3_600 * SECOND)
}

/// [D-2] [D-4]
#[tokio::test]
async fn original_peers_see_a_plain_close_behind_their_calls() {
    for carrier in CARRIERS {
        let keeper = Keeper::default();
        let server = keeper.start().await;
        let (mut peer, _) = Peer::open(carrier, server.address()).await;
        peer.send(r#"cd4&gaterq1&pass&{}"#).await;
        keeper.has_calls().await;

        let draining = begin(&server, patient());
        keeper.is_open.send_replace(true);

        loop {
            let text = peer.text().await;
            if text.starts_with("cd4&gateok") {
                assert_eq!(text, "cd4&gateok1&true");
                break;
            }
            assert!(text.starts_with("cd4&gatehi"), "{carrier:?}: {text}");
        }
        peer.closed().await;
        within("the drain", draining).await.unwrap();
    }
}

/// [D-1] [D-2] [D-3] [D-4]: `dn`, and behind it nothing new.
#[tokio::test]
async fn peers_that_can_be_asked_leave_when_they_like() {
    for carrier in CARRIERS {
        let keeper = Keeper::default();
        let server = keeper.start().await;
        let mut peer = open_with(carrier, &server, r#"in{"version":"1.9.1","drain":true}"#).await;
        peer.send("cd4&gaterq1&pass&{}").await;
        keeper.has_calls().await;

        let draining = begin(&server, times(3_600 * SECOND, 3_600 * SECOND));
        let mut text = peer.text().await;
        if text.starts_with("cd4&gatehi") {
            text = peer.text().await;
        }
        assert_eq!(text, "dn3600000", "{carrier:?}");
        peer.send("dn").await;
        peer.assert_alive().await;
        keeper.is_open.send_replace(true);

        let mut rest = vec![peer.text().await, peer.text().await];
        if rest[0].starts_with("cd4&gatehi") {
            rest = vec![rest.remove(1), peer.text().await];
        }
        assert_eq!(rest, ["cd4&gateok1&true", "cl"], "{carrier:?}");
        peer.closed().await;
        within("the drain", draining).await.unwrap();
    }
}

/// [D-4]
#[tokio::test]
async fn a_peer_that_never_leaves_is_closed_in_the_end() {
    for carrier in CARRIERS {
        let keeper = Keeper::default();
        let server = keeper.start().await;
        let mut peer = open_with(carrier, &server, r#"in{"version":"1.9.1","drain":true}"#).await;

        let draining = begin(&server, times(Duration::ZERO, Duration::ZERO));

        assert_eq!(peer.text().await, "dn0", "{carrier:?}");
        assert_eq!(peer.text().await, "cl", "{carrier:?}");
        peer.closed().await;
        within("the drain", draining).await.unwrap();
    }
}

/// [D-1]
#[tokio::test]
async fn to_an_original_peer_leaving_is_an_unknown_command() {
    for carrier in CARRIERS {
        let server = Keeper::default().start().await;
        let (mut peer, _) = Peer::open(carrier, server.address()).await;

        peer.send("dn").await;

        assert_eq!(peer.text().await, "iv", "{carrier:?}");
        peer.assert_alive().await;
    }
}

/// [D-2] [H-9]: over a server that still has a client, on both transports.
#[tokio::test]
async fn a_server_that_goes_lets_nobody_in() {
    let keeper = Keeper::default();
    let server = keeper.start().await;
    let (mut peer, _) = Peer::open(Carrier::WebSocket, server.address()).await;
    peer.send("cd4&gaterq1&pass&{}").await;
    keeper.has_calls().await;

    let draining = begin(&server, patient());

    let (_, response) = RawPeer::upgrade(server.address(), &upgrade_request("")).await;
    assert_eq!(
        (response.status, response.header("retry-after")),
        (503, Some("5"))
    );
    let response = Endpoint::new(server.address()).post("i").await;
    assert_eq!(
        (response.status, response.header("retry-after")),
        (503, Some("5"))
    );
    assert_eq!(
        server.server().stats().refused(glue::RefusalReason::ShuttingDown),
        2
    );
    keeper.is_open.send_replace(true);
    within("the drain", draining).await.unwrap();
}

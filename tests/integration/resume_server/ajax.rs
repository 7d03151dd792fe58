//! What long polling has of its own.

use std::time::Duration;

use glue::{CloseReason, Server, ServerBuilder, ServerLimits};
use glue_tests::peer::{Carrier, Peer};
use glue_tests::raw_ajax::{AjaxPeer, Endpoint, Polled, assert_refused, assert_taken};
use glue_tests::resuming::{ResumingPeer, numbered};

use super::{Stage, kept_for};

/// A server that misses its polls soon.
fn impatient(builder: ServerBuilder) -> ServerBuilder {
    let mut limits = ServerLimits::default();
    limits.unpolled = Duration::from_millis(100);
    builder.server_limits(limits)
}

fn ajax(peer: &mut ResumingPeer) -> &mut AjaxPeer {
    match &mut peer.peer {
        Peer::Ajax(peer) => peer,
        Peer::WebSocket(_) => panic!("it polls"),
    }
}

/// [U-8]
#[tokio::test]
async fn a_push_that_comes_twice_has_its_effect_once() {
    let stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(Carrier::Ajax, stage.address()).await;
    peer.assert_echo("1").await;
    let pushes = [
        numbered(2, &["cd1&m2", "cd1&m3"]),
        numbered(3, &["cd1&m3", "cd1&m4"]),
    ];

    for push in [&pushes[0], &pushes[0], &pushes[1], &pushes[1]] {
        ajax(&mut peer).send(push).await;
    }

    for text in ["2", "3", "4"] {
        assert_eq!(peer.next().await, format!("cd1&m{text}"));
    }
    ajax(&mut peer).send(&numbered(5, &["cd1&m5"])).await;
    assert_eq!(peer.next().await, "cd1&m5");
}

/// [U-8]: nothing is delivered behind a gap.
#[tokio::test]
async fn a_push_behind_one_that_is_missing_loses_the_link_only() {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(Carrier::Ajax, stage.address()).await;
    stage.socket().await;
    peer.assert_echo("1").await;

    ajax(&mut peer).send(&numbered(3, &["cd1&m3"])).await;

    stage.detached(1).await;
    ajax(&mut peer).assert_unknown().await;
    // Its `received` shows that 2 is missing still.
    peer.come_back(Carrier::Ajax, stage.address()).await;
    peer.assert_echo("2").await;
    stage.assert_nothing_told();
}

/// [U-10]
#[tokio::test]
async fn a_push_that_breaks_off_loses_the_link_only() {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(Carrier::Ajax, stage.address()).await;
    stage.socket().await;
    peer.assert_echo("1").await;
    let endpoint = Endpoint::new(stage.address());
    let body = ajax(&mut peer).push_body(&numbered(2, &["cd1&m2"]));

    let mut push = endpoint.dial().await;
    let request = endpoint.request(&body);
    push.send(&request[..request.len() - 1]).await;
    drop(push);

    stage.detached(1).await;
    ajax(&mut peer).assert_unknown().await;
    peer.come_back(Carrier::Ajax, stage.address()).await;
    peer.assert_echo("2").await;
    stage.assert_nothing_told();
}

/// [U-10] [U-11]
#[tokio::test]
async fn polls_that_stay_away_lose_the_link_and_later_the_session() {
    let mut stage = Stage::start(impatient(kept_for(Duration::from_millis(100)))).await;
    let peer = ResumingPeer::open(Carrier::Ajax, stage.address()).await;

    let ended = stage.end().await;

    assert_eq!(ended, (peer.terms.id.clone(), CloseReason::LinkLost));
    let fresh = peer.begin_anew(Carrier::Ajax, stage.address()).await;
    assert_ne!(fresh.terms.token, peer.terms.token);
    assert_eq!((stage.stats().resumed, stage.stats().fresh), (0, 1));
}

/// [U-12]: the uid and the token of the former link are dead with it.
#[tokio::test]
async fn the_requests_of_a_former_link_are_unknown() {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(Carrier::Ajax, stage.address()).await;
    stage.socket().await;
    ajax(&mut peer).start_poll().await;
    let endpoint = Endpoint::new(stage.address());
    let poll = ajax(&mut peer).poll_body();
    let push = ajax(&mut peer).push_body("cl");

    let mut former = peer.come_back(Carrier::WebSocket, stage.address()).await;

    let Peer::Ajax(former) = &mut former else {
        unreachable!()
    };
    assert_eq!(former.poll().await, Polled::Refused, "the one that waited");
    assert_refused(&endpoint.post(&poll).await);
    assert_refused(&endpoint.post(&push).await);
    peer.assert_echo("hello").await;
    stage.assert_nothing_told();
}

/// a client that is between two polls as its session goes on is missed all the same.
#[tokio::test]
async fn a_client_that_comes_back_and_never_polls_is_missed() {
    let mut stage = Stage::start(impatient(Server::builder())).await;
    let peer = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    stage.socket().await;

    let mut link = AjaxPeer::connect(Endpoint::new(stage.address())).await;
    assert_taken(&link.push(peer.terms.comeback(0)).await);

    let missed = async {
        while (stage.stats().resumed, stage.stats().detached) != (1, 1) {
            tokio::task::yield_now().await;
        }
    };
    glue_tests::deadline::within("the loss of the second link", missed).await;
    stage.assert_nothing_told();
}

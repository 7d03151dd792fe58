//! What ends a session, and what its link only.

use std::time::Duration;

use glue::{CloseReason, KeepAlive, Server};
use glue_tests::on_each_transport;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::raw_ws::{RawPeer, Received};
use glue_tests::resuming::ResumingPeer;

use super::{BOTH, Stage, kept_for, lose};

on_each_transport!(
    a_farewell_ends_the_session_at_once,
    the_application_ends_it_with_a_word,
    a_dismissal_says_so_and_nothing_else,
    acknowledgements_that_cannot_be_end_it,
    a_fault_ends_it_with_a_word,
    who_has_not_agreed_is_told_that_these_are_no_messages,
    a_server_that_keeps_no_sessions_offers_none,
);

/// Shows that a session has ended for this reason, and that its client gets a fresh one.
async fn assert_gone(stage: &mut Stage, peer: &ResumingPeer, reason: CloseReason) {
    assert_eq!(stage.end().await, (peer.terms.id.clone(), reason));
    assert_eq!(stage.stats().detached, 0);
    let mut fresh = peer.begin_anew(Carrier::WebSocket, stage.address()).await;
    fresh.peer.send("cl").await;
    assert_eq!(stage.end().await, (fresh.terms.id, CloseReason::Peer));
}

/// [U-10]
async fn a_farewell_ends_the_session_at_once(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;

    peer.peer.send("cl").await;

    peer.peer.closed().await;
    assert_gone(&mut stage, &peer, CloseReason::Peer).await;
}

/// [U-10]
#[tokio::test]
async fn only_a_page_that_is_done_ends_its_session_by_closing_its_websocket() {
    let mut stage = Stage::start(Server::builder()).await;
    for (code, ends) in [
        (Some(1000), true),
        (Some(1001), true),
        (None, false),
        (Some(1011), false),
        (Some(4000), false),
    ] {
        let mut peer = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
        let Peer::WebSocket(link) = &mut peer.peer else {
            unreachable!()
        };

        link.send_close(code, "").await;

        // [X-4]: it is answered in either case.
        assert_eq!(link.next().await, Received::Close(code));
        if ends {
            assert_gone(&mut stage, &peer, CloseReason::Peer).await;
        } else {
            stage.detached(1).await;
            peer.come_back(Carrier::WebSocket, stage.address()).await;
            peer.assert_echo("hello").await;
            peer.peer.send("cl").await;
            assert_gone(&mut stage, &peer, CloseReason::Peer).await;
        }
    }
}

/// [U-10] [X-2]
async fn the_application_ends_it_with_a_word(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    let socket = stage.socket().await;

    socket.send("last words").await.unwrap();
    socket.close();

    assert_eq!(peer.next().await, "cd1&mlast words");
    let id = peer.terms.id.clone();
    peer.closed().await;
    assert_eq!(stage.end().await, (id, CloseReason::Local));
}

/// [U-10] [X-7]
async fn a_dismissal_says_so_and_nothing_else(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;

    stage.socket().await.dismiss();

    assert_eq!(peer.next().await, "dr");
    peer.peer.closed().await;
    assert_gone(&mut stage, &peer, CloseReason::Local).await;
}

/// [U-5]
async fn acknowledgements_that_cannot_be_end_it(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    // One was sent and acknowledged.
    for wrong in [
        "ak2",
        "ak",
        "ak01",
        "ak-1",
        "ak 1",
        "ak9007199254740992",
        "ak18446744073709551617",
    ] {
        let mut peer = ResumingPeer::open(carrier, stage.address()).await;
        peer.assert_echo("hello").await;
        peer.acknowledge().await;

        peer.peer.send(wrong).await;

        peer.closed().await;
        assert_gone(&mut stage, &peer, CloseReason::ResumeViolation).await;
    }
}

/// [U-10] [L-2]
async fn a_fault_ends_it_with_a_word(carrier: Carrier) {
    let mut limits = glue::Limits::default();
    limits.faults = 1;
    let mut stage = Stage::start(Server::builder().limits(limits)).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;

    for _ in 0..2 {
        peer.peer.send("xx").await;
        assert_eq!(peer.next().await, "iv");
    }

    peer.closed().await;
    assert_gone(&mut stage, &peer, CloseReason::TooManyFaults).await;
}

/// [U-9]
async fn who_has_not_agreed_is_told_that_these_are_no_messages(carrier: Carrier) {
    let stage = Stage::start(Server::builder()).await;
    let batches_only = r#"in{"version":"1.9.1","batch":true}"#;
    let resumes_only = r#"in{"version":"1.9.1","resume":{}}"#;
    for init in [batches_only, resumes_only] {
        let mut peer = Peer::connect(carrier, stage.address()).await;
        peer.send(init).await;
        assert!(!peer.text().await.contains("resume"), "[U-1]");

        for message in ["ak0", "nu1"] {
            peer.send(message).await;
            assert_eq!(peer.text().await, "iv");
        }
        peer.assert_echo("hello").await;
    }
}

/// [U-1]
async fn a_server_that_keeps_no_sessions_offers_none(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder().resume(None)).await;
    let mut peer = Peer::connect(carrier, stage.address()).await;
    let former = glue_tests::resuming::Terms {
        id: "x".repeat(20),
        token: "0".repeat(32),
        received: None,
    };
    peer.send(&former.comeback(0)).await;
    let answer = peer.text().await;
    assert!(
        answer.starts_with(r#"in{"socketID":""#) && !answer.contains("resume"),
        "{answer}"
    );
    peer.assert_echo("hello").await;

    peer.send("cl").await;

    assert_eq!(stage.end().await.1, CloseReason::Peer);
}

/// [U-11]: the reason is that for which its link was lost.
#[tokio::test]
async fn a_session_whose_time_runs_out_ends_as_its_link_did_and_is_gone() {
    let keep_alive = KeepAlive {
        interval: Duration::from_millis(20),
        timeout: Duration::from_millis(20),
    };
    let window = Duration::from_millis(50);
    let mut stage = Stage::start(kept_for(window)).await;
    let mut silent = Stage::start(kept_for(window).keep_alive(keep_alive)).await;

    let mut lost = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    let link = std::mem::replace(
        &mut lost.peer,
        Peer::connect(Carrier::WebSocket, stage.address()).await,
    );
    lose(link);
    assert_gone(&mut stage, &lost, CloseReason::LinkLost).await;

    let dead = ResumingPeer::open(Carrier::WebSocket, silent.address()).await;
    assert_eq!(
        silent.end().await,
        (dead.terms.id.clone(), CloseReason::KeepAlive)
    );
}

/// [U-10] [D-2]: there is nobody to be waited for.
#[tokio::test]
async fn a_release_and_a_shutdown_end_sessions_without_a_link_at_once() {
    let mut stage = Stage::start(Server::builder()).await;
    let detached = async |stage: &Stage| {
        let peer = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
        let terms = peer.terms.clone();
        lose(peer.peer);
        stage.detached(1).await;
        terms
    };

    let terms = detached(&stage).await;
    stage.server().release().await;
    assert_eq!(stage.end().await, (terms.id, CloseReason::Shutdown));
    stage.server().unblock();

    let terms = detached(&stage).await;
    stage.server().shutdown().await;
    assert_eq!(stage.end().await, (terms.id, CloseReason::Shutdown));
    assert_eq!(stage.stats().detached, 0);
}

/// [H-9]: also for those who want to come back; nothing is lost by that.
#[tokio::test]
async fn a_blocked_server_lets_nobody_come_back_until_it_is_unblocked() {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    stage.socket().await;

    stage.server().block();
    let request = glue_tests::raw_ws::upgrade_request("");
    assert_eq!(RawPeer::upgrade(stage.address(), &request).await.1.status, 503);
    let endpoint = glue_tests::raw_ajax::Endpoint::new(stage.address());
    assert_eq!(endpoint.post("i").await.status, 503);
    peer.assert_echo("still here").await;
    stage.server().unblock();

    for carrier in BOTH {
        peer.come_back(carrier, stage.address()).await;
        peer.assert_echo("back").await;
    }
    stage.assert_nothing_told();
}

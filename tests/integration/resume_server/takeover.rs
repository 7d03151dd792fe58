//! From one link to the next.

use std::time::Duration;

use glue::{Resume, Server};
use glue_tests::log::Log;
use glue_tests::on_each_transport;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::resuming::{FIRST, ResumingPeer, Terms};

use super::{BOTH, Stage, assert_let_go, lose};

on_each_transport!(
    a_session_in_which_nothing_has_happened_goes_on,
    a_live_link_is_taken_over_and_ends_without_a_word,
    a_session_goes_on_twice_without_traffic_between,
    what_is_taken_in_is_acknowledged,
    what_has_not_arrived_comes_again_and_nothing_else,
    what_is_sent_without_a_link_waits_for_the_next,
    an_old_token_leads_nowhere,
    what_proves_nothing_begins_a_fresh_session,
    an_answer_that_is_lost_locks_nobody_out,
    a_link_with_a_number_that_cannot_be_is_dropped,
    full_buffers_on_both_sides_go_on,
    no_token_is_logged,
);

/// [U-1] [U-13]
async fn a_session_in_which_nothing_has_happened_goes_on(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    stage.socket().await;

    lose(peer.come_back(carrier, stage.address()).await);

    peer.assert_echo("hello").await;
    stage.assert_nothing_told();
    assert_eq!(stage.stats().resumed, 1);
}

/// [U-12]: before the server has noticed the loss.
async fn a_live_link_is_taken_over_and_ends_without_a_word(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    for other in BOTH {
        let mut peer = ResumingPeer::open(carrier, stage.address()).await;
        stage.socket().await;
        peer.assert_echo("one").await;

        let mut former = peer.come_back(other, stage.address()).await;

        // Neither data, nor a farewell, nor its end counts any more.
        if let Peer::WebSocket(former) = &mut former {
            former.send("cd1&mstale").await;
            former.send("cl").await;
            former.send_close(Some(1000), "").await;
        }
        assert_let_go(former).await;
        peer.assert_echo("two").await;
        stage.assert_nothing_told();
    }
}

/// [U-13]
async fn a_session_goes_on_twice_without_traffic_between(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    stage.socket().await;
    peer.assert_echo("before").await;

    for _ in 0..2 {
        lose(peer.come_back(carrier, stage.address()).await);
    }

    peer.assert_echo("after").await;
    stage.assert_nothing_told();
}

/// [U-3]: sooner or later, and what comes again on the next link isn't told twice.
async fn what_is_taken_in_is_acknowledged(carrier: Carrier) {
    let stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;

    for text in ["1", "2"] {
        peer.assert_echo(text).await;
        peer.acknowledged().await;
    }
    peer.assert_echo("3").await;
    // Its answer acknowledges as well.
    peer.come_back(carrier, stage.address()).await;
    peer.assert_echo("4").await;
    peer.acknowledged().await;
}

/// [U-4] [U-13]
async fn what_has_not_arrived_comes_again_and_nothing_else(carrier: Carrier) {
    let stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    for text in ["1", "2"] {
        peer.assert_echo(text).await;
    }
    for text in ["3", "4", "5"] {
        peer.say(text).await;
    }
    // So these have been echoed, and the echoes are lost with the link.
    peer.is_read().await;

    lose(peer.come_back(carrier, stage.address()).await);

    for text in ["3", "4", "5"] {
        assert_eq!(peer.next().await, format!("cd1&m{text}"));
    }
    peer.assert_echo("6").await;
}

/// [U-11] [U-13]
async fn what_is_sent_without_a_link_waits_for_the_next(carrier: Carrier) {
    let mut limits = glue::ServerLimits::default();
    limits.unpolled = Duration::from_millis(100);
    let mut stage = Stage::start(Server::builder().server_limits(limits)).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    let socket = stage.socket().await;
    let former = std::mem::replace(&mut peer.peer, Peer::connect(carrier, stage.address()).await);
    lose(former);
    stage.detached(1).await;

    socket.send("meanwhile").await.unwrap();
    stage.server().broadcast("m", "to all");
    assert_eq!(stage.server().sockets().len(), 1, "it is open");
    peer.come_back(carrier, stage.address()).await;

    assert_eq!(peer.next().await, "cd1&mmeanwhile");
    assert_eq!(peer.next().await, "cd1&mto all");
    peer.assert_echo("hello").await;
    assert_eq!(stage.stats().detached, 0);
    stage.assert_nothing_told();
}

/// [U-14]: a token is worth nothing once a later one was presented.
async fn an_old_token_leads_nowhere(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    stage.socket().await;
    let stolen = peer.terms.comeback(0);
    for _ in 0..2 {
        peer.come_back(carrier, stage.address()).await;
    }

    let mut thief = Peer::connect(carrier, stage.address()).await;
    thief.send(&stolen).await;

    assert_let_go(thief).await;
    peer.assert_echo("still here").await;
    stage.assert_nothing_told();
    assert_eq!((stage.stats().resumed, stage.stats().fresh), (2, 0));
    let stats = stage.server().stats();
    let ended = stats.websocket.closings().chain(stats.ajax.closings());
    assert_eq!(
        ended.map(|(_, sockets)| sockets).sum::<u64>(),
        0,
        "it was never a socket"
    );
    // Nobody remembers it for ever.
    for _ in 0..8 {
        peer.come_back(carrier, stage.address()).await;
    }
    let thief = Peer::connect(carrier, stage.address()).await;
    let thief = ResumingPeer::open_on(carrier, thief, &stolen).await;
    assert_ne!(thief.terms.id, peer.terms.id);
    peer.assert_echo("still here").await;
}

/// [U-14]: which of it was wrong, the answer doesn't tell.
async fn what_proves_nothing_begins_a_fresh_session(carrier: Carrier) {
    let stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    let other = ResumingPeer::open(carrier, stage.address()).await.terms;
    let Terms { id, token, received } = peer.terms.clone();
    let mut wrong = token.clone().into_bytes();
    wrong[31] = if wrong[31] == b'a' { b'b' } else { b'a' };
    let wrong = String::from_utf8(wrong).unwrap();
    let guesses = [
        (id.clone(), wrong),
        (id.clone(), token[..31].to_owned()),
        (id.clone(), String::new()),
        (id.clone(), other.token),
        ("x".repeat(20), token.clone()),
        (String::new(), token),
    ];
    let stranger = ResumingPeer::open(carrier, stage.address()).await;
    let shape = |terms: &Terms| (terms.id.len(), terms.token.len(), terms.received);

    for (id, token) in guesses {
        let guess = Terms { id, token, received };
        let link = Peer::connect(carrier, stage.address()).await;
        let fresh = ResumingPeer::open_on(carrier, link, &guess.comeback(0)).await;

        assert_eq!(shape(&fresh.terms), shape(&stranger.terms));
        assert_ne!(fresh.terms.id, peer.terms.id);
    }
    peer.assert_echo("still here").await;
    assert_eq!(stage.stats().fresh, 6);
}

/// [U-14]
async fn an_answer_that_is_lost_locks_nobody_out(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    stage.socket().await;
    let former = peer.terms.clone();
    // The client never sees what is answered here.
    let mut lost = Peer::connect(carrier, stage.address()).await;
    lost.send(&former.comeback(0)).await;
    let unseen = Terms::read(&lost.text().await);

    peer.come_back(carrier, stage.address()).await;

    peer.assert_echo("hello").await;
    stage.assert_nothing_told();
    peer.come_back(carrier, stage.address()).await;
    peer.assert_echo("hello again").await;
    let mut late = Peer::connect(carrier, stage.address()).await;
    late.send(&unseen.comeback(0)).await;
    assert_let_go(late).await;
    peer.assert_echo("and again").await;
}

/// [U-13]
async fn a_link_with_a_number_that_cannot_be_is_dropped(carrier: Carrier) {
    let mut stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    let socket = stage.socket().await;
    socket.set_value("kept");
    peer.assert_echo("hello").await;
    peer.acknowledge().await;
    peer.is_read().await;

    // One was sent and acknowledged.
    for received in [0, 2, 9_007_199_254_740_991] {
        let mut link = Peer::connect(carrier, stage.address()).await;
        link.send(&peer.terms.comeback(received)).await;
        assert_let_go(link).await;
    }

    peer.assert_echo("still here").await;
    peer.come_back(carrier, stage.address()).await;
    peer.assert_echo("and back").await;
    stage.assert_nothing_told();
    assert_eq!((stage.stats().resumed, stage.stats().fresh), (1, 0));
}

/// [U-4] [U-6] [U-13]
async fn full_buffers_on_both_sides_go_on(carrier: Carrier) {
    let mut resume = Resume::default();
    resume.buffer_bytes = 1024;
    let mut stage = Stage::start(Server::builder().resume(resume)).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    let socket = stage.socket().await;
    let text = |number: usize| format!("{number:0>200}");
    for number in 0..40 {
        socket.send(text(number)).await.unwrap();
    }
    // Four of 238 bytes fit; the client has seen two, and is full itself.
    for number in 0..2 {
        assert_eq!(peer.next().await, format!("cd1&m{}", text(number)));
    }
    for number in 0..4 {
        peer.say(&text(100 + number)).await;
    }
    peer.is_read().await;

    lose(peer.come_back(carrier, stage.address()).await);

    for number in (2..40).chain(100..104) {
        assert_eq!(peer.next().await, format!("cd1&m{}", text(number)));
        peer.acknowledge().await;
    }
    peer.assert_echo("hello").await;
}

/// [U-1]
async fn no_token_is_logged(carrier: Carrier) {
    let (log, _capture) = Log::capture();
    let stage = Stage::start(Server::builder()).await;
    let mut peer = ResumingPeer::open(carrier, stage.address()).await;
    let mut tokens = vec![peer.terms.token.clone()];

    peer.come_back(carrier, stage.address()).await;
    tokens.push(peer.terms.token.clone());
    peer.begin_anew_as_a_stranger(carrier, stage.address()).await;
    peer.assert_echo("hello").await;

    assert_eq!(log.lines_with(&["session resumed"]).len(), 1);
    for token in tokens {
        assert_eq!(log.lines_with(&[&token]), [""; 0]);
    }
}

/// [U-12]: the session is told where its client is.
#[tokio::test]
async fn a_session_follows_its_client_to_another_transport_and_address() {
    let (log, _capture) = Log::capture();
    let proxies = glue::TrustedProxies::new(["127.0.0.0/8"]).unwrap();
    let mut stage = Stage::start(Server::builder().trusted_proxies(proxies)).await;
    let at = |address: &str| format!("X-Forwarded-For: {address}\r\n");
    let link = Peer::connect_with(Carrier::WebSocket, stage.address(), &at("192.0.2.1")).await;
    let mut peer = ResumingPeer::open_on(Carrier::WebSocket, link, FIRST).await;
    let socket = stage.socket().await;
    let open = || {
        let stats = stage.server.server().stats();
        (stats.websocket.open, stats.ajax.open)
    };
    assert_eq!((open(), socket.remote_addr()), ((1, 0), "192.0.2.1".parse().ok()));

    let link = Peer::connect_with(Carrier::Ajax, stage.address(), &at("2001:db8::7")).await;
    let comeback = peer.terms.comeback(0);
    peer.come_back_on(Carrier::Ajax, link, &comeback).await;

    peer.assert_echo("hello").await;
    assert_eq!(
        (open(), socket.remote_addr()),
        ((0, 1), "2001:db8::7".parse().ok())
    );
    let id = &*peer.terms.id;
    let lines = log.lines_with(&[id, "session resumed", "transport=\"ajax\"", "2001:db8::7"]);
    assert_eq!(lines.len(), 1, "{:?}", log.lines_with(&["session resumed"]));
    assert!(stage.server().stats().ajax.messages_in > 0);
}

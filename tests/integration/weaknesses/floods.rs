//! Much of what is bad: what the server holds stays within its bounds, and goes when the peers have gone.
//!
//! Judged by what the server counts and takes, and by the runtime's tasks. What it costs in bytes is judged by `crowd/`, where the server is
//! a process of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use glue::{CloseReason, Limits, RefusalReason, Socket};
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::peer::Peer;
use glue_tests::raw_ajax::Endpoint;
use glue_tests::raw_http::RawConnection;
use glue_tests::raw_ws::{CONTINUATION, FIN, RawFrame, RawPeer, TEXT};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;

use super::{STALL, echo, in_virtual_time, limited, open_both, start, start_brief, tasks, tasks_end};

/// [H-9] [I-10]
#[tokio::test]
async fn a_flood_of_inits_costs_no_more_than_the_places_that_there_are() {
    let server = start(limited(|limits, server| {
        (limits.close, server.sockets) = (STALL, 101)
    }))
    .await;
    let before = tasks();
    let bystander = Bystander::open(server.address()).await;
    let (mut admitted, mut refused) = (0, 0);

    for _ in 0..1000 {
        match Endpoint::new(server.address()).post("i").await.status {
            200 => admitted += 1,
            503 => refused += 1,
            status => panic!("an init is answered {status}"),
        }
    }

    assert_eq!((admitted, refused), (100, 900));
    // One for each socket, the bystander's too; connections have none of their own for long.
    tasks_end(before + 101).await;
    let stats = server.server().stats();
    assert_eq!(
        (stats.ajax.opening, stats.refused(RefusalReason::Sockets)),
        (100, 900)
    );
    in_virtual_time(tokio::time::advance(Limits::default().init)).await;
    tasks_end(before + 1).await;
    let ajax = server.server().stats().ajax;
    assert_eq!((ajax.opening, ajax.closed(CloseReason::InitTimeout)), (0, 100));
    bystander.assert_undisturbed(server.address()).await;
    tasks_end(before).await;
}

/// The times for heads and bodies.
#[tokio::test]
async fn half_sent_requests_are_ended_in_numbers() {
    let server = recorded_app::start().await;
    let before = tasks();
    let bystander = Bystander::open(server.address()).await;
    let endpoint = Endpoint::new(server.address());
    let body = [endpoint.head(100), b"i".to_vec()].concat();

    let mut connections = Vec::new();
    for _ in 0..150 {
        for start in [&b"POST /glue/aj"[..], &body] {
            let mut connection = RawConnection::dial(server.address()).await;
            connection.send(start).await;
            connections.push(connection);
        }
    }
    let accepted = async {
        while server.server().stats().connections < 300 {
            tokio::task::yield_now().await;
        }
    };
    within("all connections", accepted).await;
    assert!(tasks() <= before + 301, "one for each connection");

    in_virtual_time(async {
        for mut connection in connections {
            while connection.try_answer().await.is_some() {}
        }
    })
    .await;
    bystander.assert_undisturbed(server.address()).await;
    tasks_end(before).await;
    assert_eq!(server.server().stats().connections, 0);
}

/// [L-5]
#[tokio::test]
async fn channels_that_nobody_reads_hold_what_they_may_and_no_more() {
    let mut builder = limited(|limits, server| {
        limits.channel_messages = 50;
        // Until the test has looked.
        limits.stall = Duration::from_secs(600);
        limits.close = STALL;
        server.push_bytes = 64 << 10;
    });
    builder = builder.on_socket(|socket: Socket| {
        echo(&socket);
        socket.channel("unread");
        async {}
    });
    let server = TestServer::start(builder).await;
    let before = tasks();
    let mut bystander = Bystander::open(server.address()).await;
    let message = format!("cd6&unread{}", "x".repeat(1000));
    let frame = RawFrame {
        first: FIN | TEXT,
        masked: true,
        payload: message.as_bytes(),
    };

    for _ in 0..5 {
        let [(websocket, to_websocket), (ajax, to_ajax)] = open_both(&server).await;
        let (Peer::WebSocket(websocket), Peer::Ajax(mut ajax)) = (websocket, ajax) else {
            unreachable!("one of each");
        };
        bystander.fill(&websocket, &frame.encode()).await;
        let mut taken = 0;
        while ajax.push(&message).await.status == 200 {
            taken += 1;
        }

        // One more waits to be delivered.
        assert!((50..=51 + 64).contains(&taken), "{taken} pushes were taken");
        assert_eq!(
            within("the end", to_ajax.closed()).await,
            CloseReason::ChannelOverflow
        );
        for socket in [&to_websocket, &to_ajax] {
            assert_eq!(waiting(socket), 50);
        }
        // What the system holds of it fills the channel again.
        drop(websocket);
        to_websocket.close();
    }

    bystander.assert_undisturbed(server.address()).await;
    tasks_end(before).await;
}

/// Returns how many texts wait unread. The server has no turn meanwhile.
fn waiting(socket: &Socket) -> usize {
    let unread = socket.channel("unread");
    let at_hand = std::iter::from_fn(|| unread.recv().now_or_never().flatten());
    at_hand.count()
}

/// [L-6]
#[tokio::test]
async fn readers_that_are_stuck_make_their_senders_wait() {
    let server = start_brief().await;
    let before = tasks();
    let (mut other, _) = RawPeer::open(server.address()).await;
    let text = "x".repeat(16 << 10);
    let mut stuck = Vec::new();
    for _ in 0..10 {
        for (peer, socket) in open_both(&server).await {
            let sent = Arc::new(AtomicUsize::new(0));
            let (count, text, sender) = (sent.clone(), text.clone(), socket.clone());
            let sending = tokio::spawn(async move {
                while sender.send(&text).await.is_ok() {
                    count.fetch_add(text.len(), Ordering::Relaxed);
                }
            });
            stuck.push((peer, socket, sent, sending));
        }
    }
    for turn in 0..200 {
        other.assert_echo(&format!("turn {turn}")).await;
    }

    for (peer, _, sent, _) in &stuck {
        let most = match peer {
            // What the system's own buffers take beside ours.
            Peer::WebSocket(_) => 32 << 20,
            // What waits in two places, each with one more text than there was room for.
            Peer::Ajax(_) => 2 * ((64 << 10) + text.len()),
        };
        let sent = sent.load(Ordering::Relaxed);
        assert!(sent <= most, "{sent} bytes were taken from a sender");
    }
    other.assert_echo("undisturbed").await;
    for (peer, socket, _, sending) in stuck {
        drop(peer);
        socket.close();
        within("the sender", sending).await.unwrap();
    }
    drop(other);
    tasks_end(before).await;
}

/// [F-7] [L-1]
#[tokio::test]
async fn empty_and_tiny_fragments_hold_nothing_up_and_count_for_what_they_carry() {
    let server = start(limited(|limits, _| limits.message_bytes = 60_000)).await;
    let before = tasks();
    let (mut other, _) = RawPeer::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;
    let fragment = |first, payload| {
        let frame = RawFrame {
            first,
            masked: true,
            payload,
        };
        frame.encode()
    };

    peer.send_bytes(&fragment(TEXT, b"cd1&m")).await;
    for _ in 0..100 {
        peer.send_bytes(&fragment(CONTINUATION, b"").repeat(1000)).await;
        peer.send_bytes(&fragment(CONTINUATION, b"x").repeat(500)).await;
        other.assert_echo("in between").await;
    }
    peer.send_bytes(&fragment(FIN | CONTINUATION, b"")).await;
    assert_eq!(peer.text().await, format!("cd1&m{}", "x".repeat(50_000)));

    peer.send_bytes(&fragment(TEXT, b"cd1&m")).await;
    for _ in 0..60 {
        peer.send_bytes(&fragment(CONTINUATION, b"x").repeat(1000)).await;
    }
    assert_eq!(peer.closed().await, Some(1009));
    let stats = server.server().stats().websocket;
    // Two `in`, one for each echo, and the one in fragments.
    assert_eq!(
        (stats.messages_in, stats.closed(CloseReason::TooLarge)),
        (2 + 100 + 1, 1)
    );
    other.assert_echo("undisturbed").await;
    drop((peer, other));
    tasks_end(before).await;
}

/// [L-1]
#[tokio::test]
async fn giants_are_refused_by_what_they_announce() {
    let server = start_brief().await;
    let before = tasks();
    let bystander = Bystander::open(server.address()).await;
    let part = vec![b'x'; 64 << 10];
    let mut ended = Vec::new();

    for _ in 0..20 {
        let [(websocket, to_websocket), (ajax, to_ajax)] = open_both(&server).await;
        let (Peer::WebSocket(mut websocket), Peer::Ajax(ajax)) = (websocket, ajax) else {
            unreachable!("one of each");
        };
        let mut frame = vec![FIN | TEXT, 0xff];
        frame.extend(GIANT.to_be_bytes());
        frame.extend([0; 4]);
        websocket.send_bytes(&frame).await;
        websocket.send_bytes(&part).await;
        let mut push = ajax.endpoint().dial().await;
        push.send(&ajax.endpoint().head(usize::try_from(GIANT).unwrap()))
            .await;
        push.send(ajax.push_body("cd1&m").as_bytes()).await;
        push.send(&part).await;
        ended.push((websocket, push, to_websocket, to_ajax));
    }

    for (websocket, push, to_websocket, to_ajax) in ended {
        for socket in [to_websocket, to_ajax] {
            assert_eq!(within("the end", socket.closed()).await, CloseReason::TooLarge);
        }
        drop((websocket, push));
    }
    let stats = server.server().stats();
    for transport in [stats.websocket, stats.ajax] {
        assert_eq!(transport.closed(CloseReason::TooLarge), 20);
        assert!(
            transport.bytes_in < 1000,
            "each has said `in`, and no more counts"
        );
    }
    bystander.assert_undisturbed(server.address()).await;
    tasks_end(before).await;
}

/// Bytes of a message that is announced.
const GIANT: u64 = 256 << 20;

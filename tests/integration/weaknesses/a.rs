//! Part A: anyone could stop the original server.

use std::sync::{Arc, Mutex};

use glue::{CloseReason, ErrorKind, Socket, TrustedProxies};
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::peer::Peer;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint, Polled, assert_refused};
use glue_tests::raw_http::RawConnection;
use glue_tests::raw_ws::{BINARY, FIN, RawFrame, RawPeer, TEXT, upgrade_request};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;
use tokio::task::JoinSet;

use super::{
    STALL, connect_both, echo, in_virtual_time, limited, open_both, socket, start, start_brief, tasks,
    tasks_end,
};

/// A1: [F-2]
#[tokio::test]
async fn a1_a_message_of_0_or_1_bytes_is_answered_and_stops_nothing() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let mut websocket = RawPeer::connect(server.address()).await;
    let mut ajax = AjaxPeer::connect(Endpoint::new(server.address())).await;

    for is_open in [false, true] {
        if is_open {
            websocket.init().await;
            ajax.init().await;
        }
        for message in ["", "x"] {
            websocket.send(message).await;
            assert_eq!(websocket.text().await, "iv", "{message:?}");
        }
        ajax.send("x").await;
        assert_eq!(ajax.text().await, "iv");
        assert_refused(&ajax.push("").await);
    }

    websocket.assert_echo("hello").await;
    ajax.assert_echo("hello").await;
    bystander.assert_undisturbed(server.address()).await;
}

/// A2: [L-1]; what is announced is refused before it comes.
#[tokio::test]
async fn a2_a_giant_message_is_refused_before_it_is_buffered() {
    let server = start_brief().await;
    let bystander = Bystander::open(server.address()).await;
    let [(websocket, to_websocket), (ajax, to_ajax)] = open_both(&server).await;
    let (Peer::WebSocket(mut websocket), Peer::Ajax(ajax)) = (websocket, ajax) else {
        unreachable!("one of each");
    };

    let mut frame = vec![FIN | TEXT, 0xff];
    frame.extend((GIANT as u64).to_be_bytes());
    frame.extend(b"mask and a few bytes");
    websocket.send_bytes(&frame).await;
    let mut push = ajax.endpoint().dial().await;
    push.send(&ajax.endpoint().head(GIANT)).await;
    push.send(ajax.push_body("cd1&ma few bytes").as_bytes()).await;

    assert_eq!(websocket.closed().await, Some(1009));
    let refused = push.answer().await;
    assert_eq!((refused.status, refused.text()), (413, "Payload Too Large\n"));
    for socket in [to_websocket, to_ajax] {
        assert_eq!(within("the end", socket.closed()).await, CloseReason::TooLarge);
    }
    bystander.assert_undisturbed(server.address()).await;
}

/// A2; nor is what is not announced, or addressed to nobody.
#[tokio::test]
async fn a2_a_giant_push_without_a_length_or_a_session_is_refused() {
    let server = start_brief().await;
    let bystander = Bystander::open(server.address()).await;
    let (ajax, id) = AjaxPeer::open(server.address()).await;
    let to_ajax = socket(&server, &id);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));

    let mut push = ajax.endpoint().dial().await;
    push.send(b"POST /glue/ajax HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let start = ajax.push_body("cd1&m");
    push.send(format!("{:x}\r\n{start}\r\n", start.len()).as_bytes())
        .await;
    // One more than there is room for.
    for _ in 0..=(1 << 20) / 0x1_0000 {
        push.send(chunk.as_bytes()).await;
    }
    assert_eq!(push.answer().await.status, 413);
    assert_eq!(within("the end", to_ajax.closed()).await, CloseReason::TooLarge);

    for start in [
        "uabcdefghij&cd1&m",
        "oabcdefghij&1234567",
        "x&",
        "a key that is none",
    ] {
        let mut connection = ajax.endpoint().dial().await;
        connection.send(&ajax.endpoint().head(GIANT)).await;
        connection.send(start.as_bytes()).await;
        assert_refused(&connection.answer().await);
    }
    bystander.assert_undisturbed(server.address()).await;
}

/// A3: and the times for heads and bodies.
#[tokio::test]
async fn a3_half_sent_requests_end_by_themselves() {
    let server = recorded_app::start().await;
    let before = tasks();
    let bystander = Bystander::open(server.address()).await;
    let (mut ajax, id) = AjaxPeer::open(server.address()).await;
    let to_ajax = socket(&server, &id);
    ajax.start_poll().await;

    let head = String::from_utf8(ajax.endpoint().head(1000)).unwrap();
    let (poll, push) = (ajax.poll_body(), ajax.push_body("cd1&mhalf"));
    let cases = [
        ("", None),
        ("GET /glue/ws HTTP/1.1\r\nHost: loc", None),
        (&head[..head.len() - 2], None),
        (&head, Some(408)),
        (&format!("{head}i"), Some(408)),
        (&format!("{head}{poll}"), Some(408)),
        (&format!("{head}{push}"), Some(408)),
    ];
    let mut stuck = Vec::new();
    for _ in 0..20 {
        for (start, status) in &cases {
            let mut connection = RawConnection::dial(server.address()).await;
            connection.send(start.as_bytes()).await;
            stuck.push((connection, *start, *status));
        }
    }

    in_virtual_time(async {
        for (mut connection, start, status) in stuck {
            if let Some(status) = status {
                assert_eq!(connection.answer().await.status, status, "{start:?}");
            }
            connection.ended().await;
        }
    })
    .await;
    assert_eq!(within("the end", to_ajax.closed()).await, CloseReason::LinkLost);
    assert_eq!(ajax.poll().await, Polled::Refused);
    bystander.assert_undisturbed(server.address()).await;
    drop(ajax);
    tasks_end(before).await;
}

/// A4: [H-9] [I-10]; behind a proxy, places are counted per client.
#[tokio::test]
async fn a4_a_flood_of_inits_gets_a_bounded_number_of_places_for_a_bounded_time() {
    let proxy = TrustedProxies::new(["127.0.0.1"]).unwrap();
    let server = limited(|_, server| server.sockets_per_address = 40);
    let server = start(server.trusted_proxies(proxy)).await;
    let bystander = Bystander::open(server.address()).await;
    let before = tasks();
    let flooder = "X-Forwarded-For: 203.0.113.7\r\n";
    let endpoint = Endpoint::new(server.address()).headers(flooder);

    let mut admitted = Vec::new();
    for _ in 0..40 {
        admitted.push(AjaxPeer::connect(endpoint.clone()).await);
    }
    for _ in 0..100 {
        let refused = endpoint.post("i").await;
        assert_eq!((refused.status, refused.text()), (503, "Service Unavailable\n"));
        assert_eq!(refused.header("retry-after"), Some("5"));
    }
    let (_, refused) = RawPeer::upgrade(server.address(), &upgrade_request(flooder)).await;
    assert_eq!(refused.status, 503);

    in_virtual_time(async {
        for mut peer in admitted {
            peer.closed().await;
        }
    })
    .await;
    assert_eq!(endpoint.post("i").await.status, 200, "there is room again");
    bystander.assert_undisturbed(server.address()).await;
    tasks_end(before).await;
}

/// A5: [I-10]
#[tokio::test]
async fn a5_a_session_without_init_is_not_listed_and_ends() {
    let server = recorded_app::start().await;
    let (mut listed, _) = RawPeer::open(server.address()).await;
    let mut silent = connect_both(&server).await;
    for peer in &mut silent {
        peer.assert_alive().await;
    }

    let sockets = server.server().sockets();
    for socket in &sockets {
        socket.send("to all").await.unwrap();
    }

    assert_eq!(sockets.len(), 1);
    assert_eq!(listed.text().await, "cd1&mto all");
    for peer in &mut silent {
        peer.assert_alive().await;
    }
    in_virtual_time(async {
        for mut peer in silent {
            peer.closed().await;
        }
    })
    .await;
    listed.assert_echo("undisturbed").await;
}

/// A6: [L-5]
#[tokio::test]
async fn a6_a_peer_that_fills_a_channel_and_leaves_leaves_nothing_behind() {
    let held = Arc::new(());
    let holds = held.clone();
    let server = limited(|limits, _| {
        limits.channel_messages = 8;
        (limits.stall, limits.close) = (STALL, STALL);
    })
    .on_socket(move |socket: Socket| {
        echo(&socket);
        socket.channel("unread");
        let held = holds.clone();
        async move {
            let _held = held;
            std::future::pending().await
        }
    });
    let server = TestServer::start(server).await;
    let before = (tasks(), Arc::strong_count(&held));
    let bystander = Bystander::open(server.address()).await;
    let mut left = Vec::new();

    for _ in 0..20 {
        let [(mut websocket, to_websocket), (ajax, to_ajax)] = open_both(&server).await;
        let Peer::Ajax(mut ajax) = ajax else {
            unreachable!("the second is")
        };
        for number in 0..30 {
            websocket.send(&format!("cd6&unread{number}")).await;
            // Taken, until the session has ended.
            ajax.push(format!("cd6&unread{number}")).await;
        }
        left.extend([to_websocket, to_ajax]);
    }
    for socket in left {
        assert_eq!(
            within("the end", socket.closed()).await,
            CloseReason::ChannelOverflow
        );
    }

    bystander.assert_undisturbed(server.address()).await;
    tasks_end(before.0).await;
    assert!(server.server().sockets().is_empty());
    assert_eq!(Arc::strong_count(&held), before.1);
}

/// A7: [L-6]
#[tokio::test]
async fn a7_writers_that_wait_fail_with_the_end_of_their_socket() {
    let server = start_brief().await;
    let before = tasks();
    let (mut other, _) = RawPeer::open(server.address()).await;
    let [(websocket, to_websocket), (mut ajax, to_ajax)] = open_both(&server).await;
    let text = "x".repeat(16 << 10);
    let mut writers = JoinSet::new();
    for socket in [to_websocket, to_ajax] {
        for _ in 0..60 {
            let (socket, text) = (socket.clone(), text.clone());
            writers.spawn(async move {
                loop {
                    if let Err(error) = socket.send(&text).await {
                        return error.kind();
                    }
                }
            });
        }
    }
    // Each echo gives all of them a turn.
    for turn in 0..200 {
        other.assert_echo(&format!("turn {turn}")).await;
    }
    assert_eq!(writers.len(), 120);
    assert!(writers.try_join_next().is_none(), "none has failed yet");

    ajax.send("cl").await;
    drop((websocket, ajax));

    while let Some(kind) = within("a writer", writers.join_next()).await {
        assert_eq!(kind.unwrap(), ErrorKind::Closed);
    }
    other.assert_echo("undisturbed").await;
    drop(other);
    tasks_end(before).await;
}

/// A8: [F-9]
#[tokio::test]
async fn a8_what_is_not_utf8_reaches_nobody() {
    let members: Arc<Mutex<Vec<Socket>>> = Arc::default();
    let server = limited(|limits, _| limits.close = STALL).on_socket(move |socket: Socket| {
        members.lock().unwrap().push(socket.clone());
        let members = members.clone();
        socket.on_message(move |text| {
            let members = members.lock().unwrap().clone();
            async move {
                for member in members {
                    // Some have left.
                    let _ = member.send(&text).await;
                }
            }
        });
        async {}
    });
    let server = TestServer::start(server).await;
    let mut listeners = open_both(&server).await.map(|(peer, _)| peer);
    let [_, (spoiler, spoilers_socket)] = open_both(&server).await;
    let Peer::Ajax(mut spoiler) = spoiler else {
        unreachable!("the second is")
    };

    for opcode in [TEXT, BINARY] {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        let frame = RawFrame {
            first: FIN | opcode,
            masked: true,
            payload: b"cd1&m\xff\xfe",
        };
        peer.send_frame(frame).await;
        assert_eq!(peer.closed().await, Some(1007));
    }
    assert_refused(&spoiler.push(b"cd1&m\xff\xfe").await);
    assert_eq!(
        within("the end", spoilers_socket.closed()).await,
        CloseReason::NotText
    );

    listeners[0].send("cd1&mhello").await;
    for listener in &mut listeners {
        assert_eq!(listener.text().await, "cd1&mhello");
    }
}

/// A9: [H-10]
#[tokio::test]
async fn a9_what_headers_say_of_an_address_is_not_believed_from_anybody() {
    let server = recorded_app::start().await;
    for lie in [
        "X-Forwarded-For: 203.0.113.7\r\n",
        "X-Real-Ip: 203.0.113.7\r\n",
        "Forwarded: for=203.0.113.7\r\n",
        "X-Forwarded-For: <script>alert(1)</script>\r\n",
    ] {
        let (mut websocket, answer) = RawPeer::upgrade(server.address(), &upgrade_request(lie)).await;
        assert_eq!(answer.status, 101, "{lie}");
        let websocket_id = websocket.init().await;
        let (mut ajax, ajax_id) = AjaxPeer::open_at(Endpoint::new(server.address()).headers(lie)).await;
        // Nor does a later push change it.
        ajax.move_to(Endpoint::new(server.address()).headers("X-Forwarded-For: 203.0.113.9\r\n"));
        ajax.assert_echo("hello").await;

        for id in [websocket_id, ajax_id] {
            let address = socket(&server, &id).remote_addr().unwrap();
            assert!(address.is_loopback(), "{lie}: {address}");
        }
    }
}

/// A12: [H-2]
#[tokio::test]
async fn a12_a_path_of_the_right_length_is_not_the_base_url() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for base in ["/abcd/", "/GLUE/", "/glue2"] {
        let upgrade = String::from_utf8(upgrade_request("")).unwrap();
        let upgrade = upgrade.replace("/glue/", base);
        let (_, answer) = RawPeer::upgrade(server.address(), upgrade.as_bytes()).await;
        assert_eq!(answer.status, 404, "{base}");

        let mut init = RawConnection::dial(server.address()).await;
        let head = format!("POST {base}ajax HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\ni");
        init.send(head.as_bytes()).await;
        assert_eq!(init.answer().await.status, 404, "{base}");
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// A13
#[tokio::test]
async fn a13_two_servers_of_one_process_have_the_same_url_and_nothing_in_common() {
    let (one, other) = (start_brief().await, start_brief().await);
    let mut of_one = open_both(&one).await;
    let mut of_other = open_both(&other).await;

    for (peer, _) in of_one.iter_mut().chain(&mut of_other) {
        peer.assert_echo("hello").await;
    }
    let (Peer::Ajax(ajax), _) = &of_one[1] else {
        unreachable!("the second is")
    };
    assert_refused(&Endpoint::new(other.address()).post(ajax.push_body("pi")).await);
    assert!(one.server().socket(of_other[0].1.id()).is_none());
    one.server().shutdown().await;

    for (peer, _) in &mut of_other {
        peer.assert_echo("still here").await;
    }
}

/// Bytes of a message that is announced, and never comes.
const GIANT: usize = 256 << 20;

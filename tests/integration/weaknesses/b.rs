//! Part B: the original server lost data or got stuck in ordinary use.

use std::collections::BTreeSet;
use std::time::Duration;

use glue::{CloseReason, ErrorKind, Origins, Server, Socket};
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::peer::Peer;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint, Polled, assert_refused, assert_taken};
use glue_tests::raw_http::{RawConnection, request};
use glue_tests::raw_ws::{FIN, RawFrame, RawPeer, TEXT, upgrade_request};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{STALL, connect_both, in_virtual_time, limited, open_both, socket, start, start_brief};

/// B1: [X-2] [A-8]
#[tokio::test]
async fn b1_what_was_sent_before_a_close_arrives() {
    let server = recorded_app::start().await;

    for _ in 0..20 {
        for (mut peer, socket) in open_both(&server).await {
            peer.send("cd3&cmdwriteclose 10").await;

            for number in 0..10 {
                assert_eq!(peer.text().await, format!("cd5&burst{number:06}"));
            }
            peer.closed().await;
            assert_eq!(within("the end", socket.closed()).await, CloseReason::Local);
        }
    }
}

/// B2: [A-9]; here not even a poll takes the echoes, until all is pushed.
#[tokio::test]
async fn b2_a_push_waits_neither_for_the_application_nor_for_a_poll() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;
    // More than may wait to be sent, so that the echoing handler waits as well.
    let text = "x".repeat(10_000);

    let mut connections = JoinSet::new();
    let mut pushed = BTreeSet::new();
    for connection in 0..BROWSER {
        let messages: Vec<_> = (0..10).map(|n| format!("cd1&m{connection} {n} {text}")).collect();
        let bodies: Vec<_> = messages.iter().map(|message| peer.push_body(message)).collect();
        pushed.extend(messages);
        let endpoint = peer.endpoint().clone();
        connections.spawn(async move {
            let mut connection = endpoint.dial().await;
            for body in bodies {
                connection.send(&endpoint.request(body)).await;
                assert_taken(&connection.answer().await);
            }
        });
    }
    while let Some(connection) = within("the pushes", connections.join_next()).await {
        connection.unwrap();
    }

    let mut echoed = BTreeSet::new();
    for _ in 0..pushed.len() {
        echoed.insert(peer.text().await);
    }
    assert!(pushed == echoed, "all come back");
    peer.assert_echo("once").await;
    bystander.assert_undisturbed(server.address()).await;
}

/// B3: [A-5]
#[tokio::test]
async fn b3_a_poll_or_an_answer_that_is_lost_takes_no_message_with_it() {
    let server = recorded_app::start().await;
    let (mut other, _) = RawPeer::open(server.address()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    for round in 0..20 {
        peer.start_poll().await;
        other.assert_echo("the poll has come").await;
        peer.abort_poll();
        socket.send(format!("poll {round}")).await.unwrap();
        assert_eq!(peer.text().await, format!("cd1&mpoll {round}"));

        peer.start_poll().await;
        socket.send(format!("answer {round}")).await.unwrap();
        other.assert_echo("the answer has gone").await;
        peer.abort_poll();
        assert_eq!(peer.text().await, format!("cd1&manswer {round}"));
    }

    peer.assert_echo("nothing comes twice").await;
}

/// B4: [A-7]; the times themselves are judged in virtual time, see the table.
#[tokio::test]
async fn b4_the_token_stays_good_when_a_poll_has_waited_in_vain() {
    let server = start(limited(|_, server| server.poll = STALL)).await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;

    for _ in 0..3 {
        let token = peer.token().to_owned();
        assert_eq!(peer.poll().await, Polled::Timeout);
        assert_eq!(peer.token(), token);
        peer.send("cd6&unreada client that only sends").await;
    }

    peer.assert_echo("hello").await;
}

/// B5: [X-5] [A-12] What a dead connection had taken is lost unseen; the rest is counted.
#[tokio::test]
async fn b5_the_application_learns_that_a_connection_is_lost() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (reasons, mut heard) = mpsc::unbounded_channel();

    for (mut peer, socket) in open_both(&server).await {
        let reasons = reasons.clone();
        socket.on_close(move |reason| reasons.send(reason).unwrap());
        // Over Ajax nothing leaves before a poll: the session takes two of them, the third waits in front of it.
        for _ in 0..3 {
            socket.send("x".repeat(50_000)).await.unwrap();
        }
        let left = match &mut peer {
            Peer::WebSocket(peer) => {
                for _ in 0..3 {
                    peer.text().await;
                }
                0
            }
            Peer::Ajax(_) => 3,
        };
        assert_eq!(socket.undelivered(), None);
        drop(peer);

        assert_eq!(in_virtual_time(socket.closed()).await, CloseReason::LinkLost);
        assert_eq!(heard.try_recv(), Ok(CloseReason::LinkLost));
        assert_eq!(socket.undelivered(), Some(left));
        assert_eq!(socket.send("late").await.unwrap_err().kind(), ErrorKind::Closed);
        assert!(server.server().socket(socket.id()).is_none());
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// B6: [L-5] [K-5]
#[tokio::test]
async fn b6_a_channel_that_nobody_reads_stops_nothing_until_it_is_full() {
    let server = start(limited(|limits, _| {
        (limits.channel_messages, limits.stall) = (100, STALL)
    }))
    .await;
    let bystander = Bystander::open(server.address()).await;

    for (mut peer, socket) in open_both(&server).await {
        for number in 0..100 {
            peer.send(&format!("cd6&unread{number}")).await;
        }
        peer.assert_alive().await;
        peer.assert_echo("the main channel goes on").await;

        peer.send("cd6&unreadone too many").await;
        peer.closed().await;
        assert_eq!(
            within("the end", socket.closed()).await,
            CloseReason::ChannelOverflow
        );
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// B7: [I-11] [L-4]
#[tokio::test]
async fn b7_seven_messages_before_init_are_kept_and_one_more_ends_the_session() {
    // Nothing but the eighth message ends a session here.
    let server = start(limited(|limits, _| limits.init = Duration::from_secs(600))).await;
    let bystander = Bystander::open(server.address()).await;

    for count in [7, 8] {
        for mut peer in connect_both(&server).await {
            for number in 0..count {
                peer.send(&format!("cd1&mearly {number}")).await;
            }
            if count == 8 {
                peer.closed().await;
                continue;
            }
            peer.init().await;
            for number in 0..count {
                assert_eq!(peer.text().await, format!("cd1&mearly {number}"));
            }
            peer.assert_echo("hello").await;
        }
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// B8: [C-11]
#[tokio::test]
async fn b8_a_handler_gets_texts_in_order_however_long_it_takes_for_each() {
    let (done, mut heard) = mpsc::unbounded_channel();
    let server = Server::builder().on_socket(move |socket: Socket| {
        let done = done.clone();
        socket.on_message(move |text| {
            let done = done.clone();
            async move {
                let number: u32 = text.parse().unwrap();
                // The earlier, the longer.
                for _ in 0..7 - number % 7 {
                    tokio::task::yield_now().await;
                }
                done.send(number).unwrap();
            }
        });
        async {}
    });
    let server = TestServer::start(server).await;

    for (mut peer, _) in open_both(&server).await {
        for number in 0..500 {
            peer.send(&format!("cd1&m{number}")).await;
        }
        for number in 0..500 {
            assert_eq!(within("a text", heard.recv()).await, Some(number));
        }
    }
}

/// B9: [A-10]
#[tokio::test]
async fn b9_pushes_are_handled_in_the_order_of_their_arrival() {
    let server = recorded_app::start().await;
    let (mut other, _) = RawPeer::open(server.address()).await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;
    let mut connections = Vec::new();
    for _ in 0..BROWSER {
        connections.push(peer.endpoint().dial().await);
    }

    for wave in 0..17 {
        let messages: Vec<_> = (0..BROWSER).map(|n| format!("cd1&m{wave} {n}")).collect();
        for (connection, message) in connections.iter_mut().zip(&messages) {
            let body = peer.push_body(message);
            connection.send(&peer.endpoint().head(body.len())).await;
            connection.send(peer.push_body("").as_bytes()).await;
            other.assert_echo("the uid is read").await;
        }
        // The last to arrive is the first to be complete, and is answered at once.
        for (connection, message) in connections.iter_mut().zip(&messages).rev() {
            connection.send(message.as_bytes()).await;
            assert_taken(&connection.answer().await);
        }
        for message in messages {
            assert_eq!(peer.text().await, message);
        }
    }
}

/// B11: [L-6]
#[tokio::test]
async fn b11_a_stuck_reader_of_broadcasts_holds_up_nobody_and_is_closed() {
    let server = start_brief().await;
    let (mut reader, _) = RawPeer::open(server.address()).await;
    let stuck = open_both(&server).await;
    // Far from the reader's own bound, as it reads each.
    let text = "x".repeat(500_000);

    let mut closed = 0;
    for _ in 0..200 {
        closed += server.server().broadcast("m", &text).closed;
        assert_eq!(reader.text().await.len(), "cd1&m".len() + text.len());
        if closed == stuck.len() {
            break;
        }
    }

    assert_eq!(closed, 2, "both, when too much waited for them");
    for (peer, socket) in stuck {
        drop(peer);
        assert_eq!(
            within("the end", socket.closed()).await,
            CloseReason::SlowConsumer
        );
    }
    reader.assert_echo("undisturbed").await;
}

/// B12: [I-9]
#[tokio::test]
async fn b12_a_second_init_does_not_open_the_socket_again() {
    let server = recorded_app::start().await;

    for (mut peer, _) in open_both(&server).await {
        peer.send(r#"in{"version":"1.9.1"}"#).await;
        assert_eq!(peer.text().await, "iv");

        peer.send("cd3&cmdinit").await;
        assert_eq!(peer.text().await, "cd3&cmdtrue new#1");
        peer.assert_echo("one handler").await;
    }
}

/// B13: [A-12]; the times themselves are judged in virtual time, see the table.
#[tokio::test]
async fn b13_ghosts_of_a_client_that_comes_back_end_soon() {
    let server = recorded_app::start().await;
    let mut ghosts = Vec::new();
    for _ in 0..5 {
        let (peer, id) = AjaxPeer::open(server.address()).await;
        ghosts.push(socket(&server, &id));
        drop(peer);
    }
    let (mut back, id) = AjaxPeer::open(server.address()).await;
    back.start_poll().await;

    for ghost in ghosts {
        assert_eq!(in_virtual_time(ghost.closed()).await, CloseReason::LinkLost);
        assert_eq!(ghost.send("lost").await.unwrap_err().kind(), ErrorKind::Closed);
    }

    let left: Vec<_> = server.server().sockets();
    assert_eq!(left.iter().map(Socket::id).collect::<Vec<_>>(), [id]);
    // Its connections have idled for too long meanwhile, as in a browser it takes others.
    back.move_to(back.endpoint().clone());
    back.assert_echo("still here").await;
}

/// B14: [C-8] [L-2]
#[tokio::test]
async fn b14_malformed_channel_data_and_channels_that_are_not_open_count() {
    let server = start(limited(|limits, _| limits.faults = 3)).await;
    let bystander = Bystander::open(server.address()).await;

    for (mut peer, socket) in open_both(&server).await {
        for fault in ["cdx&mhello", "cd9&nochannelhello", "cd"] {
            peer.send(fault).await;
        }
        peer.assert_echo("all are forgiven").await;
        peer.send("cd5&m").await;

        peer.closed().await;
        assert_eq!(
            within("the end", socket.closed()).await,
            CloseReason::TooManyFaults
        );
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// B15: [X-7]
#[tokio::test]
async fn b15_only_a_client_that_is_dismissed_is_told_not_to_come_back() {
    let server = recorded_app::start().await;

    for (mut peer, socket) in open_both(&server).await {
        socket.send("last words").await.unwrap();
        socket.dismiss();
        assert_eq!(peer.text().await, "cd1&mlast words");
        assert_eq!(peer.text().await, "dr");
        peer.closed().await;
    }
    for (mut peer, socket) in open_both(&server).await {
        socket.close();
        peer.closed().await;
    }
}

/// B15: [H-9]
#[tokio::test]
async fn b15_a_blocked_server_refuses_with_503_and_keeps_who_is_there() {
    let server = recorded_app::start().await;
    let [(mut websocket, _), (mut ajax, _)] = open_both(&server).await;
    let endpoint = Endpoint::new(server.address());

    server.server().block();
    let (_, upgrade) = RawPeer::upgrade(server.address(), &upgrade_request("")).await;
    for refused in [upgrade, endpoint.post("i").await] {
        assert_eq!((refused.status, refused.text()), (503, "Service Unavailable\n"));
        assert_eq!(refused.header("retry-after"), Some("5"));
    }
    websocket.assert_echo("undisturbed").await;
    ajax.assert_echo("undisturbed").await;
    server.server().unblock();

    open_both(&server).await;
}

/// B16: [B-1] [B-6]
#[tokio::test]
async fn b16_one_poll_brings_all_that_waits_to_a_client_that_can_read_it() {
    let server = recorded_app::start().await;
    let mut peer = AjaxPeer::connect(Endpoint::new(server.address())).await;
    peer.send(r#"in{"version":"1.9.1","batch":true}"#).await;
    let answer = peer.text().await;
    assert!(answer.ends_with(r#","batch":true,"limit":1048576}"#), "{answer}");

    peer.send("cd3&cmdburst 100").await;
    peer.send("cd1&mé😀").await;

    let mut expected = String::from("ba");
    for number in 0..100 {
        expected.push_str(&format!("16&cd5&burst{number:06} "));
    }
    expected.push_str("8&cd1&mé😀");
    assert_eq!(peer.text().await, expected);
    peer.assert_echo("alone").await;
}

/// B17
#[tokio::test]
async fn b17_the_user_agent_may_change() {
    let server = recorded_app::start().await;
    let agent = |name| Endpoint::new(server.address()).headers(&format!("User-Agent: {name}\r\n"));
    let (mut peer, id) = AjaxPeer::open_at(agent("mobile")).await;

    for name in ["desktop", "mobile"] {
        peer.move_to(agent(name));
        peer.assert_echo("still here").await;
    }

    assert_eq!(socket(&server, &id).user_agent(), Some("mobile"), "the first one");
}

/// B18: [C-7] [C-1]
#[tokio::test]
async fn b18_channels_may_be_named_in_any_script() {
    let server = recorded_app::start().await;

    for (mut peer, _) in open_both(&server).await {
        for (units, bytes) in [
            ("cd1&éhello", "cd2&éhello"),
            ("cd2&日本hello", "cd6&日本hello"),
            ("cd2&😀hello", "cd4&😀hello"),
        ] {
            for message in [units, bytes] {
                peer.send(message).await;
                assert_eq!(peer.text().await, bytes, "{message}");
            }
        }
    }
}

/// B19: [A-6]
#[tokio::test]
async fn b19_of_two_polls_with_one_token_exactly_one_takes_the_message() {
    let server = recorded_app::start().await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    for round in 0..50 {
        let mut one = peer.endpoint().start(peer.poll_body()).await;
        let mut two = peer.endpoint().start(peer.poll_body()).await;
        // Whichever came first is refused as soon as the other is there.
        let (refused, waiting) = tokio::select! {
            answer = one.answer() => (answer, &mut two),
            answer = two.answer() => (answer, &mut one),
        };
        assert_refused(&refused);
        socket.send(format!("{round}")).await.unwrap();

        let answer = waiting.answer().await;
        assert_eq!(peer.polled(&answer), Polled::Message(format!("cd1&m{round}")));
    }

    peer.assert_echo("nothing comes twice").await;
}

/// B20: [H-1] [H-3] [H-5] [H-7] [H-8]
#[tokio::test]
async fn b20_http_is_answered_properly() {
    let any = recorded_app::serve(Server::builder().origins(Origins::Any));
    let server = TestServer::start(any).await;
    let bystander = Bystander::open(server.address()).await;

    // An error is said once: the next answer on the connection begins behind it.
    let mut connection = RawConnection::dial(server.address()).await;
    for _ in 0..2 {
        connection
            .send(b"GET /glue/ws HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await;
        let refused = connection.answer().await;
        assert_eq!((refused.status, refused.text()), (400, "Bad Request\n"));
    }

    // What comes with the handshake is handled.
    let init = RawFrame {
        first: FIN | TEXT,
        masked: true,
        payload: br#"in{"version":"1.9.1"}"#,
    };
    let early = [upgrade_request(""), init.encode()].concat();
    let (mut peer, answer) = RawPeer::upgrade(server.address(), &early).await;
    assert_eq!(answer.status, 101, "also without Origin");
    assert!(peer.text().await.starts_with("in{"));

    // Pages of other origins may ask first, and caches keep answers to them apart.
    let page = "Origin: https://app.example\r\n";
    let preflight = format!(
        "OPTIONS /glue/ajax HTTP/1.1\r\nHost: localhost\r\n{page}Access-Control-Request-Method: POST\r\n\r\n"
    );
    let granted = request(server.address(), &preflight).await;
    let started = Endpoint::new(server.address()).headers(page).post("i").await;
    let unknown = Endpoint::new(server.address()).post("i").await;
    assert_eq!([granted.status, started.status, unknown.status], [204, 200, 200]);
    for (answer, origin) in [
        (granted, Some("https://app.example")),
        (started, Some("https://app.example")),
        (unknown, None),
    ] {
        assert_eq!(answer.header("vary"), Some("Origin"));
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
    bystander.assert_undisturbed(server.address()).await;
}

/// B21: [L-6] [K-5]
#[tokio::test]
async fn b21_sending_tells_when_there_is_no_room_and_no_ping_waits_behind_it() {
    let server = start_brief().await;
    let (mut other, _) = RawPeer::open(server.address()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);
    let main = socket.channel("m");

    // Nobody polls, so what is sent waits in two places, between which the server moves it in its turn.
    let mut sent = 0;
    let mut fill = || {
        let before = sent;
        loop {
            match main.try_send(format!("{sent:01000}")) {
                Ok(()) => sent += 1,
                Err(error) => break (error.kind(), sent - before),
            }
        }
    };
    loop {
        let (kind, added) = fill();
        assert_eq!(kind, ErrorKind::Full);
        if added == 0 {
            break;
        }
        other.assert_echo("your turn").await;
    }
    assert!(sent <= 2 * 64 + 2, "{sent} KB wait");
    let waiting = tokio::spawn(async move { main.send("x".repeat(1000)).await });
    other.assert_echo("your turn").await;
    assert!(!waiting.is_finished(), "there is no room");

    peer.send("pi").await;
    assert_eq!(peer.text().await, "po", "ahead of all data");
    for number in 0..sent {
        assert_eq!(peer.text().await, format!("cd1&m{number:01000}"));
    }
    assert_eq!(peer.text().await, format!("cd1&m{}", "x".repeat(1000)));
    within("the sender", waiting).await.unwrap().unwrap();
    peer.send("cl").await;
    assert_eq!(within("the end", socket.closed()).await, CloseReason::Peer);
    assert_eq!(socket.send("late").await.unwrap_err().kind(), ErrorKind::Closed);
}

/// Connections that a browser opens to one server.
const BROWSER: usize = 6;

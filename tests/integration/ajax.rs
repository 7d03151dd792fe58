//! The Ajax transport over real connections. What needs time passes in virtual time, in the unit tests of the server.

use std::time::Duration;

use glue::{CloseReason, KeepAlive, Limits, Server, ServerLimits, Socket};
use glue_tests::bystander::Witness;
use glue_tests::deadline::within;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint, Polled, assert_refused, assert_taken};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;

/// [A-1] [A-2]
#[tokio::test]
async fn a_session_starts_with_an_i_whatever_stands_around_it() {
    let server = recorded_app::start().await;
    let mut uids = std::collections::HashSet::new();

    for (headers, body) in [
        ("", "i"),
        ("", "i&"),
        ("", "ixyz"),
        ("", "i&data"),
        ("", "ianything&more"),
        ("Content-Type: application/json\r\n", "i"),
        ("Content-Type: application/x-www-form-urlencoded\r\n", "i"),
    ] {
        let answer = Endpoint::new(server.address()).headers(headers).post(body).await;
        assert_eq!(answer.status, 200, "{body}");
        let (uid, token) = answer.text().split_once('&').unwrap();
        assert_eq!((uid.len(), token.len()), (10, 7), "{body}");
        assert!(uids.insert(uid.to_owned()), "uids are never used twice");
    }
}

/// [A-3] [A-4]
#[tokio::test]
async fn a_token_is_good_until_its_successor_was_used() {
    let server = recorded_app::start().await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;
    let first = peer.poll_body();
    peer.assert_echo("one").await;

    let second = peer.poll_body();
    assert_ne!(first, second);
    peer.assert_echo("two").await;

    assert_refused(&peer.endpoint().post(&first).await);
    peer.assert_echo("the session goes on").await;
}

/// [A-5]
#[tokio::test]
async fn an_answer_is_given_again_as_often_as_asked() {
    let server = recorded_app::start().await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;
    let poll = peer.poll_body();
    peer.send("cd1&mone").await;
    assert_eq!(peer.text().await, "cd1&mone");
    peer.send("cd1&mtwo").await;

    let again = peer.endpoint().post(&poll).await;
    for _ in 0..3 {
        assert_eq!(peer.endpoint().post(&poll).await.body, again.body);
    }

    assert_eq!(again.text(), format!("{}&cd1&mone", peer.token()));
    assert_eq!(peer.text().await, "cd1&mtwo");
    assert_refused(&peer.endpoint().post(&poll).await);
    peer.assert_echo("the session goes on").await;
}

/// [A-6]
#[tokio::test]
async fn a_poll_replaces_the_one_that_waits() {
    let server = recorded_app::start().await;
    let mut witness = Witness::new(server.address()).await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;

    let mut first = peer.endpoint().start(peer.poll_body()).await;
    witness.settle().await;
    let mut second = peer.endpoint().start(peer.poll_body()).await;
    assert_refused(&first.answer().await);
    peer.send("cd1&mone").await;

    let answer = second.answer().await;
    assert_eq!(peer.polled(&answer), Polled::Message("cd1&mone".to_owned()));
    peer.assert_echo("the session goes on").await;
}

/// [A-5] [A-6]
#[tokio::test]
async fn a_poll_whose_connection_breaks_takes_nothing() {
    let server = recorded_app::start().await;
    let mut witness = Witness::new(server.address()).await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;

    for number in 0..5 {
        peer.start_poll().await;
        witness.settle().await;
        peer.abort_poll();
        peer.send(&format!("cd1&m{number}")).await;
    }

    for number in 0..5 {
        assert_eq!(peer.text().await, format!("cd1&m{number}"));
    }
}

/// [A-7]
#[tokio::test]
async fn a_poll_without_a_message_leaves_its_token_good() {
    let never = KeepAlive {
        interval: Duration::MAX,
        timeout: Duration::MAX,
    };
    let builder = Server::builder().keep_alive(never);
    let server = TestServer::start(recorded_app::serve(builder)).await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;
    let token = peer.token().to_owned();

    peer.start_poll().await;
    Witness::new(server.address()).await.settle().await;
    tokio::time::pause();
    assert_eq!(peer.poll().await, Polled::Timeout);
    tokio::time::resume();

    assert_eq!(peer.token(), token);
    peer.hang_up();
    peer.assert_echo("the session goes on").await;
}

/// [A-8]
#[tokio::test]
async fn what_is_queued_comes_before_the_end() {
    let server = recorded_app::start().await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    peer.send("cd3&cmdwriteclose 10").await;
    for number in 0..10 {
        assert_eq!(peer.text().await, format!("cd5&burst{number:06}"));
    }
    peer.closed().await;

    assert_eq!(within("the end", socket.closed()).await, CloseReason::Local);
}

/// [A-8] [X-1]
#[tokio::test]
async fn a_client_that_closes_is_told_so_at_its_poll() {
    let server = recorded_app::start().await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    peer.start_poll().await;
    peer.send("cl").await;
    peer.closed().await;

    assert_eq!(within("the end", socket.closed()).await, CloseReason::Peer);
}

/// [A-9]
#[tokio::test]
async fn a_push_waits_neither_for_a_poll_nor_for_the_application() {
    let server = recorded_app::start().await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;

    for number in 0..40 {
        peer.send(&format!("cd6&unread{number}")).await;
        peer.send(&format!("cd1&m{number}")).await;
    }

    for number in 0..40 {
        assert_eq!(peer.text().await, format!("cd1&m{number}"));
    }
    peer.assert_echo("the session goes on").await;
}

/// [A-9]
#[tokio::test]
async fn more_than_may_wait_ends_the_session() {
    let few = |limits: &mut Limits| {
        limits.channel_messages = 1;
        // It is not the full channel that ends the session.
        limits.stall = Duration::from_secs(3600);
    };
    let small = |limits: &mut ServerLimits| limits.push_bytes = 1000;
    let server = start(few, small).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    let mut taken = 0;
    let refused = loop {
        let answer = peer.push("cd6&unread and unread").await;
        if answer.status != 200 {
            break answer;
        }
        taken += 1;
        assert!(taken < 1000, "the queue has a bound");
    };

    assert_refused(&refused);
    assert!(taken > 1, "the bound is no single message: {taken}");
    peer.closed().await;
    assert_eq!(
        within("the end", socket.closed()).await,
        CloseReason::ChannelOverflow
    );
}

/// [A-9]
#[tokio::test]
async fn too_many_pushes_at_once_end_the_session() {
    let change = |limits: &mut ServerLimits| limits.pushes = 6;
    let server = start(|_| {}, change).await;
    let mut witness = Witness::new(server.address()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    let mut halves = Vec::new();
    for _ in 0..6 {
        halves.push(half_a_push(&peer, "cd1&mone", 3).await);
        witness.settle().await;
    }
    assert_refused(&peer.push("cd1&mone more").await);

    peer.closed().await;
    assert_eq!(
        within("the end", socket.closed()).await,
        CloseReason::ChannelOverflow
    );
}

/// [A-10]
#[tokio::test]
async fn pushes_are_handled_in_the_order_in_which_their_uids_were_read() {
    let server = recorded_app::start().await;
    let mut witness = Witness::new(server.address()).await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;

    let (mut first, rest) = half_a_push(&peer, "cd1&mfirst", 6).await;
    witness.settle().await;
    let second = peer.endpoint().post(peer.push_body("cd1&msecond")).await;
    let third = peer.endpoint().post(peer.push_body("cd1&mthird")).await;
    first.send(rest.as_bytes()).await;

    // Later ones are answered at once, and handled behind it.
    for answer in [second, third, first.answer().await] {
        assert_taken(&answer);
    }
    for text in ["first", "second", "third"] {
        assert_eq!(peer.text().await, format!("cd1&m{text}"));
    }
}

/// [A-11]
#[tokio::test]
async fn a_push_that_breaks_off_ends_the_session_and_nothing_is_delivered_behind_it() {
    let server = recorded_app::start().await;
    let mut witness = Witness::new(server.address()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    peer.send("cd1&mzero").await;
    let (first, _) = half_a_push(&peer, "cd1&mfirst", 6).await;
    witness.settle().await;
    peer.send("cd1&msecond").await;
    drop(first);

    assert_eq!(within("the end", socket.closed()).await, CloseReason::LinkLost);
    peer.assert_unknown().await;
}

/// [A-12]
#[tokio::test]
async fn a_client_without_a_poll_is_gone() {
    let server = recorded_app::start().await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    tokio::time::pause();
    let reason = within("the end", socket.closed()).await;
    tokio::time::resume();

    assert_eq!(reason, CloseReason::LinkLost);
    peer.hang_up();
    peer.assert_unknown().await;
}

/// [A-13]
#[tokio::test]
async fn a_message_over_the_limit_is_refused_however_it_comes() {
    let small = |limits: &mut Limits| limits.message_bytes = 1000;
    let server = start(small, |_| {}).await;
    for framing in ["Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"] {
        let (mut peer, id) = AjaxPeer::open(server.address()).await;
        let socket = socket(&server, &id);

        let mut connection = peer.endpoint().dial().await;
        let head = format!("POST /glue/ajax HTTP/1.1\r\nHost: x\r\n{framing}\r\n");
        connection.send(head.as_bytes()).await;
        // Never more than the limit and one byte, so whoever waits for all of it waits for ever.
        let body = peer.push_body(&"x".repeat(1001));
        if framing.starts_with('C') {
            connection.send(body.as_bytes()).await;
        } else {
            connection
                .send(format!("{:x}\r\n{body}\r\n", body.len()).as_bytes())
                .await;
        }
        let answer = connection.answer().await;

        assert_eq!(
            (answer.status, answer.text()),
            (413, "Payload Too Large\n"),
            "{framing}"
        );
        peer.closed().await;
        assert_eq!(within("the end", socket.closed()).await, CloseReason::TooLarge);
    }
}

/// [A-13] [F-9]
#[tokio::test]
async fn a_message_that_is_no_text_ends_the_session() {
    let server = recorded_app::start().await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = socket(&server, &id);

    assert_refused(&peer.push(b"cd1&m\xff\xfe").await);

    peer.closed().await;
    assert_eq!(within("the end", socket.closed()).await, CloseReason::NotText);
}

/// [A-14]
#[tokio::test]
async fn whoever_is_not_known_is_refused_before_he_has_said_all() {
    let server = recorded_app::start().await;
    for start in ["uAAAAAAAAAA&cd1&m", "oAAAAAAAAAA&", "zfoo&"] {
        let endpoint = Endpoint::new(server.address());
        let mut connection = endpoint.dial().await;
        connection.send(&endpoint.head(1 << 30)).await;
        connection.send(start.as_bytes()).await;

        assert_refused(&connection.answer().await);
    }
}

/// [A-3] Original clients keep theirs, but proxies and browsers' own updates don't.
#[tokio::test]
async fn the_user_agent_may_change() {
    let server = recorded_app::start().await;
    let named = |name: &str| Endpoint::new(server.address()).headers(&format!("User-Agent: {name}\r\n"));
    let (mut peer, id) = AjaxPeer::open_at(named("one/1.0")).await;

    peer.move_to(named("two/2.0"));
    peer.assert_echo("hello").await;
    peer.move_to(Endpoint::new(server.address()));
    peer.assert_echo("hello again").await;

    assert_eq!(socket(&server, &id).user_agent(), Some("one/1.0"));
}

/// [B-1] [B-2] [B-6]
#[tokio::test]
async fn a_client_that_can_take_containers_gets_all_that_waits_at_once() {
    let server = recorded_app::start().await;
    let mut peer = AjaxPeer::connect(Endpoint::new(server.address())).await;
    peer.send(r#"in{"version":"1.9.1","batch":true}"#).await;
    let answer = peer.text().await;
    assert!(answer.ends_with(r#","batch":true,"limit":1048576}"#), "{answer}");

    for text in ["a", "é", "😀", "d"] {
        peer.send(&format!("cd1&m{text}")).await;
    }
    assert_eq!(peer.text().await, "ba6&cd1&ma6&cd1&mé7&cd1&m😀6&cd1&md");
    peer.assert_echo("one alone goes plain").await;

    // The other way round as well.
    peer.send("ba6&cd1&m17&cd1&m😀2&pi").await;
    let mut answers = Vec::new();
    while answers.len() < 3 {
        let text = peer.text().await;
        answers.extend(messages(&text));
    }
    answers.sort();
    assert_eq!(answers, ["cd1&m1", "cd1&m😀", "po"]);
}

/// [B-1] [B-5] [B-6]
#[tokio::test]
async fn a_client_that_does_not_ask_for_containers_gets_none() {
    let server = recorded_app::start().await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;

    for number in 0..3 {
        peer.send(&format!("cd1&m{number}")).await;
    }
    for number in 0..3 {
        assert_eq!(peer.text().await, format!("cd1&m{number}"));
    }
    peer.send("ba6&cd1&m1").await;

    assert_eq!(peer.text().await, "iv");
    peer.assert_echo("and nothing of it had an effect").await;
}

/// Starts the recorded application with other limits.
async fn start(change: impl FnOnce(&mut Limits), server: impl FnOnce(&mut ServerLimits)) -> TestServer {
    let (mut limits, mut server_limits) = (Limits::default(), ServerLimits::default());
    change(&mut limits);
    server(&mut server_limits);
    let builder = Server::builder().limits(limits).server_limits(server_limits);
    TestServer::start(recorded_app::serve(builder)).await
}

fn socket(server: &TestServer, id: &str) -> Socket {
    server.server().socket(id).expect("the socket is open")
}

/// Sends a push but for the last bytes of its message; returns these too.
async fn half_a_push(
    peer: &AjaxPeer,
    message: &str,
    missing: usize,
) -> (glue_tests::raw_http::RawConnection, String) {
    let body = peer.push_body(message);
    let (now, later) = body.split_at(body.len() - missing);
    let mut connection = peer.endpoint().dial().await;
    connection.send(&peer.endpoint().head(body.len())).await;
    connection.send(now.as_bytes()).await;
    (connection, later.to_owned())
}

/// Returns the messages in a container, or the one that goes plain.
fn messages(text: &str) -> Vec<String> {
    let Some(mut rest) = text.strip_prefix("ba") else {
        return vec![text.to_owned()];
    };
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let (length, behind) = rest.split_once('&').expect("a length");
        let length: usize = length.parse().expect("a length");
        let mut units = 0;
        let end = behind.char_indices().find_map(|(index, char)| {
            let is_end = units == length;
            units += char.len_utf16();
            is_end.then_some(index)
        });
        let (message, behind) = behind.split_at(end.unwrap_or(behind.len()));
        messages.push(message.to_owned());
        rest = behind;
    }
    messages
}

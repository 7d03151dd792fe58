//! What a server tells those who watch it: a log to follow a socket by, without secrets and not to be flooded, and numbers.

use std::collections::BTreeSet;

use glue::{CloseReason, Limits, RefusalReason, Server, ServerLimits, Socket};
use glue_tests::deadline::within;
use glue_tests::log::Log;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint, assert_refused};
use glue_tests::raw_ws::{RawPeer, upgrade_request};
use glue_tests::server::TestServer;

#[glue::channel]
trait Desk {
    #[notification]
    async fn note(&self, number: u8);
    async fn add(&self, number: u8) -> u8;
}

struct Clerk;

impl Desk for Clerk {
    async fn note(&self, _number: u8) {}
    async fn add(&self, number: u8) -> u8 {
        number
    }
}

/// [A-2]
#[tokio::test]
async fn no_secret_of_an_ajax_session_is_ever_logged() {
    let (log, _capture) = Log::capture();
    let server = TestServer::start(echo()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let endpoint = Endpoint::new(server.address());
    let socket = server.server().socket(&id).unwrap();
    let mut secrets = BTreeSet::from([peer.uid().to_owned()]);

    for text in ["one", "two", "three"] {
        secrets.insert(peer.token().to_owned());
        peer.assert_echo(text).await;
    }
    secrets.insert(peer.token().to_owned());
    // Refused: another's token, no token, a push to nobody, a push that is no text.
    assert_refused(&endpoint.post(format!("o{}&wrOng00", peer.uid())).await);
    assert_refused(&endpoint.post(format!("o{}", peer.uid())).await);
    assert_refused(&endpoint.post("uNoBody0000&pi").await);
    let shown = format!("{:?} {socket:?}", server.server());
    let not_utf8 = [format!("u{}&", peer.uid()).as_bytes(), b"\xff"].concat();
    assert_refused(&endpoint.post(not_utf8).await);
    peer.closed().await;
    within("the end", socket.closed()).await;
    server.server().shutdown().await;

    secrets.extend(["wrOng00", "NoBody0000"].map(str::to_owned));
    assert_eq!(secrets.len(), 7, "a uid, four tokens, two made up: {secrets:?}");
    let lines = log.lines();
    assert!(!log.lines_with(&["TRACE", "cd1&mtwo"]).is_empty(), "{lines:#?}");
    for secret in &secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
        assert_eq!(log.lines_with(&[secret]), [""; 0]);
    }
}

#[tokio::test]
async fn all_of_a_sockets_life_is_logged_with_its_id_and_transport() {
    let (log, _capture) = Log::capture();
    let server = TestServer::start(echo()).await;
    let (mut peer, websocket) = RawPeer::open(server.address()).await;
    let (mut ajax_peer, ajax) = AjaxPeer::open(server.address()).await;
    let sockets = [&websocket, &ajax].map(|id| server.server().socket(id).unwrap());

    peer.assert_echo("by-websocket").await;
    ajax_peer.assert_echo("by-ajax").await;
    peer.send("cl").await;
    ajax_peer.send("cl").await;
    ajax_peer.closed().await;
    for socket in sockets {
        within("the end", socket.closed()).await;
    }

    for (id, transport) in [(websocket, "websocket"), (ajax, "ajax")] {
        let span = format!(r#"socket{{id={id} transport="{transport}"}}"#);
        for (level, event) in [
            ("DEBUG", "socket open"),
            ("TRACE", "received text=\"cd"),
            ("TRACE", "sent text=\"cd"),
            ("DEBUG", "socket ended reason=closed by the peer"),
        ] {
            let lines = log.lines_with(&[level, &span, event]);
            assert_eq!(lines.len(), 1, "{level} {span} {event} in {:#?}", log.lines());
        }
    }
    let driver = log.lines_with(&["glue::driver"]);
    assert!(
        driver.iter().all(|line| line.contains("socket{id=")),
        "{driver:#?}"
    );
}

#[tokio::test]
async fn what_a_peer_sends_is_shown_in_traces_only() {
    let (log, _capture) = Log::capture();
    let server = TestServer::start(echo().channel(Clerk.into_channel())).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    peer.send(r#"cd4&deskrq1&add&{"number":"hunter2"}"#).await;
    peer.send(r#"cd4&desknt&note&{"number":"hunter2"}"#).await;
    peer.send(r"cd4&desknt&hunter2&{}").await;
    peer.send("cd7&hunter2hunter2").await;
    peer.send("hunter2").await;
    peer.send("cd1&mhunter2").await;
    while peer.text().await != "cd1&mhunter2" {}

    let shown = log.lines_with(&["hunter2"]);
    assert!(shown.len() > 5, "{shown:#?}");
    assert!(shown.iter().all(|line| line.starts_with("TRACE")), "{shown:#?}");
}

#[tokio::test]
async fn a_peer_fills_the_log_with_one_warning_of_each_kind_at_most() {
    let (log, _capture) = Log::capture();
    let mut limits = Limits::default();
    limits.faults = 10;
    let server = TestServer::start(echo().limits(limits).channel(Clerk.into_channel())).await;
    let (mut peer, id) = RawPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();

    for _ in 0..100 {
        peer.send("cd4&desknt&nothing&{}").await;
    }
    for _ in 0..11 {
        peer.send("nonsense").await;
    }
    within("the end", socket.closed()).await;

    let warnings = log.lines_with(&["WARN"]);
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].contains("notification dropped"), "{warnings:#?}");
    assert!(
        warnings[1].contains("reason=too many malformed messages"),
        "{warnings:#?}"
    );
    assert_eq!(log.lines_with(&["ERROR"]), [""; 0]);
}

#[tokio::test]
async fn refused_sockets_are_one_warning_and_each_told_to_those_who_debug() {
    let (log, _capture) = Log::capture();
    let mut limits = ServerLimits::default();
    limits.sockets_per_address = 1;
    let server = TestServer::start(Server::builder().server_limits(limits)).await;
    let _peer = RawPeer::connect(server.address()).await;

    for _ in 0..20 {
        let (_, response) = RawPeer::upgrade(server.address(), &upgrade_request("")).await;
        assert_eq!(response.status, 503);
    }

    assert_eq!(log.lines_with(&["WARN"]).len(), 1, "{:#?}", log.lines());
    assert_eq!(log.lines_with(&["DEBUG", "refused"]).len(), 20);
}

#[tokio::test]
async fn a_server_counts_its_sockets_and_what_they_move() {
    let server = TestServer::start(echo()).await;
    let stats = || server.server().stats();
    let mut peer = RawPeer::connect(server.address()).await;
    // The upgrade was answered before the socket's task began.
    peer.assert_alive().await;
    assert_eq!((stats().websocket.opening, stats().websocket.open), (1, 0));

    let id = peer.init().await;
    peer.assert_echo("four").await;

    let socket = server.server().socket(&id).unwrap();
    let counted = stats().websocket;
    assert_eq!((counted.opening, counted.open, counted.opened), (0, 1, 1));
    assert_eq!((counted.messages_in, counted.messages_out), (3, 3));
    let init = r#"in{"version":"1.9.1"}"#.len() + "pi".len();
    let echo = "cd1&mfour".len();
    let answers = format!(r#"in{{"socketID":"{id}"}}"#).len() + "po".len();
    assert_eq!(counted.bytes_in, (init + echo) as u64);
    assert_eq!(counted.bytes_out, (answers + echo) as u64);
    peer.send("cl").await;
    within("the end", socket.closed()).await;
    assert_eq!(stats().websocket.open, 0);
    assert_eq!(stats().websocket.closed(CloseReason::Peer), 1);
    assert_eq!(stats().ajax.opened, 0);
}

#[tokio::test]
async fn a_server_counts_by_transport_and_counts_its_connections() {
    let server = TestServer::start(echo()).await;
    let stats = || server.server().stats();
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();

    peer.assert_echo("hello").await;

    // One for polls, one for pushes; the init's own was closed by its client, which the server may not have seen yet.
    assert!((2..=3).contains(&stats().connections), "{:?}", stats());
    let counted = stats().ajax;
    assert_eq!((counted.open, counted.opened), (1, 1));
    assert_eq!((counted.messages_in, counted.messages_out), (2, 2));
    peer.send("nonsense").await;
    socket.close();
    assert_eq!(peer.text().await, "iv");
    peer.closed().await;
    within("the end", socket.closed()).await;
    let counted = stats().ajax;
    assert_eq!(
        (counted.messages_in, counted.messages_out),
        (3, 3),
        "last words count"
    );
    assert_eq!(counted.closed(CloseReason::Local), 1);
    assert_eq!(stats().websocket.opened, 0);
}

#[tokio::test]
async fn refused_requests_are_counted_by_their_reason() {
    let mut limits = ServerLimits::default();
    limits.sockets_per_address = 1;
    let mut socket_limits = Limits::default();
    socket_limits.message_bytes = 100;
    let builder = Server::builder().server_limits(limits).limits(socket_limits);
    let server = TestServer::start(builder).await;
    let endpoint = Endpoint::new(server.address());
    let foreign = endpoint.clone().headers("Origin: https://elsewhere.example\r\n");
    let mut peer = AjaxPeer::connect(endpoint.clone()).await;

    for (answer, status) in [
        (foreign.post("i").await, 403),
        (endpoint.post("i").await, 503),
        (endpoint.post("x").await, 400),
        (endpoint.post("oNoBody0000&1234567").await, 400),
        (endpoint.post(format!("o{}&1234567", peer.uid())).await, 400),
        (peer.push("x".repeat(101)).await, 413),
    ] {
        assert_eq!(answer.status, status);
    }

    let refused: Vec<_> = server.server().stats().refusals().collect();
    let refused: Vec<_> = refused.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(
        refused,
        [
            (RefusalReason::Origin, 1),
            (RefusalReason::BadRequest, 1),
            (RefusalReason::UnknownSession, 2),
            (RefusalReason::TooLarge, 1),
            (RefusalReason::SocketsPerAddress, 1),
        ]
    );
}

fn echo() -> glue::ServerBuilder {
    Server::builder().on_socket(|socket: Socket| async move {
        let echo = socket.clone();
        socket.on_message(move |text| {
            let echo = echo.clone();
            async move { echo.send(text).await.unwrap() }
        });
    })
}

//! What the log tells of a server: enough to follow a socket, no secrets, and no more than its peers should make it say.

use std::collections::BTreeSet;

use glue::{Limits, Server, ServerLimits, Socket};
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

fn echo() -> glue::ServerBuilder {
    Server::builder().on_socket(|socket: Socket| async move {
        let echo = socket.clone();
        socket.on_message(move |text| {
            let echo = echo.clone();
            async move { echo.send(text).await.unwrap() }
        });
    })
}

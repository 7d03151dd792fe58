//! Connections of the Ajax transport that are cut behind every single byte. What arrives, arrives once and in order, or the session
//! ends and both sides know.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use glue::{CloseReason, Server, ServerLimits};
use glue_tests::deadline::within;
use glue_tests::proxy::{Direction, Proxy};
use glue_tests::raw_ajax::{AjaxPeer, Endpoint, Polled, assert_taken};
use glue_tests::server::TestServer;
use tokio::task::JoinSet;

/// A client whose answer was lost asks again with the token that it has.
#[tokio::test]
async fn a_poll_answer_that_is_cut_anywhere_loses_and_doubles_nothing() {
    let (server, _) = start(Duration::from_secs(10)).await;
    let proxy = Proxy::start(server.address()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();
    let proxied = Endpoint::new(proxy.address());

    socket.send("whole").await.unwrap();
    let answer = proxied.post(peer.poll_body()).await;
    assert_eq!(peer.polled(&answer), Polled::Message("cd1&mwhole".to_owned()));
    let length = proxy.forwarded(Direction::ToClient);

    let (mut received, mut lost) = (Vec::new(), 0);
    for bytes in 0..=length {
        proxy.cut(proxy.connections(), Direction::ToClient, bytes);
        let mut poll = proxied.start(peer.poll_body()).await;
        socket.send(format!("{bytes:05}")).await.unwrap();
        let answer = match poll.try_answer().await {
            Some(answer) => answer,
            None => {
                lost += 1;
                proxied.post(peer.poll_body()).await
            }
        };
        received.push(peer.polled(&answer));
    }

    let expected: Vec<_> = (0..=length)
        .map(|bytes| Polled::Message(format!("cd1&m{bytes:05}")))
        .collect();
    assert_eq!(received, expected, "each once, in order");
    assert_eq!(lost, length, "all but the whole one were lost at first");
    assert_eq!(u64::try_from(proxy.cuts()).unwrap(), length + 1);
    assert!(!socket.is_closed());
}

/// A client that doesn't know whether a push has arrived gives the session up.
#[tokio::test]
async fn a_push_that_is_cut_anywhere_arrives_once_or_ends_the_session() {
    assert_cut_pushes(Direction::ToServer).await;
}

///
#[tokio::test]
async fn a_push_whose_answer_is_cut_anywhere_has_arrived_once() {
    assert_cut_pushes(Direction::ToClient).await;
}

async fn assert_cut_pushes(direction: Direction) {
    // Where the server has seen nothing of a push, only the missing polls tell that the client has gone.
    let (server, heard) = start(Duration::from_secs(1)).await;
    let proxy = Arc::new(Proxy::start(server.address()).await);
    let length = push_length(&server, &proxy, direction).await;

    let mut sessions = JoinSet::new();
    for bytes in 0..=length {
        let number = proxy.connections();
        proxy.cut(number, direction, bytes);
        let (mut peer, id) = AjaxPeer::open(server.address()).await;
        let socket = server.server().socket(&id).unwrap();
        peer.start_poll().await;
        let proxied = Endpoint::new(proxy.address());
        let body = peer.push_body(MESSAGE);
        // The place of the push is taken as soon as its uid is read.
        let taken = proxied.request(&body).len() - MESSAGE.len();
        let breaks = direction == Direction::ToServer && (taken as u64..length).contains(&bytes);
        let mut push = proxied.start(body).await;
        proxy.connected(number + 1).await;
        sessions.spawn(async move {
            let answer = push.try_answer().await;
            if let Some(answer) = &answer {
                assert_taken(answer);
                // All is well: the client leaves as it should.
                peer.send("cl").await;
            }
            let is_known = answer.is_some();
            if breaks {
                // The server tells it to the poll that waits.
                let told = peer.poll().await;
                assert!(
                    matches!(told, Polled::Closed | Polled::Refused),
                    "{bytes}: {told:?}"
                );
            }
            peer.abort_poll();
            let reason = within("the end", socket.closed()).await;
            peer.assert_unknown().await;
            (bytes, id, is_known, reason)
        });
    }

    let mut totals = Totals::default();
    while let Some(session) = sessions.join_next().await {
        let (bytes, id, is_known, reason) = session.unwrap();
        let expected = if is_known {
            CloseReason::Peer
        } else {
            CloseReason::LinkLost
        };
        assert_eq!(reason, expected, "{bytes}");
        totals.known += u64::from(is_known);
        let heard = heard.lock().unwrap();
        match heard.get(&id).map_or(&[][..], Vec::as_slice) {
            [] => assert!(!is_known, "what was answered has arrived: {bytes}"),
            [text] => {
                assert_eq!(text, "hello", "whole or not at all: {bytes}");
                totals.heard += 1;
            }
            more => panic!("arrived more than once: {more:?}"),
        }
    }
    totals.assert(direction, length);
    assert_eq!(u64::try_from(proxy.cuts()).unwrap(), length + 1);
}

#[derive(Debug, Default)]
struct Totals {
    /// Pushes that the client knows to have arrived.
    known: u64,
    /// Pushes that have arrived.
    heard: u64,
}

impl Totals {
    fn assert(&self, direction: Direction, length: u64) {
        let Self { known, heard } = *self;
        match direction {
            // Only a whole request can be taken, and its answer is cut off in any case.
            Direction::ToServer => assert!(known == 0 && heard <= 1, "{self:?}"),
            // The answer exists once the push has arrived; a connection that is cut at once never carried it.
            Direction::ToClient => assert!(known == 1 && (length..=length + 1).contains(&heard), "{self:?}"),
        }
    }
}

/// Returns how many bytes a push of [`MESSAGE`], or its answer, has.
async fn push_length(server: &TestServer, proxy: &Proxy, direction: Direction) -> u64 {
    let (mut peer, _) = AjaxPeer::open(server.address()).await;
    let before = proxy.forwarded(direction);
    let answer = Endpoint::new(proxy.address()).post(peer.push_body(MESSAGE)).await;
    assert_taken(&answer);
    peer.send("cl").await;
    proxy.forwarded(direction) - before
}

/// What each socket has heard on its main channel, by its id.
type Heard = Arc<Mutex<HashMap<String, Vec<String>>>>;

async fn start(unpolled: Duration) -> (TestServer, Heard) {
    let heard = Heard::default();
    let hears = heard.clone();
    let mut limits = ServerLimits::default();
    limits.unpolled = unpolled;
    let builder = Server::builder().server_limits(limits).on_socket(move |socket| {
        let hears = hears.clone();
        async move {
            let id = socket.id().to_owned();
            socket.on_message(move |text| {
                hears.lock().unwrap().entry(id.clone()).or_default().push(text);
                async {}
            });
        }
    });
    (TestServer::start(builder).await, heard)
}

/// What is pushed.
const MESSAGE: &str = "cd1&mhello";

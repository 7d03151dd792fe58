//! The Rust client before servers that say what they shouldn't, in virtual time: each time it learns what happened, and comes
//! back to a server that is well again.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt as _};
use glue::testing::{Network, Pipe};
use glue::{CallRequest, Client, ClientEvent, CloseReason, Error, ErrorKind, Limits, LinkError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use crate::peers::server::{Peer, open, say, upgrade, write};
use crate::virtual_time::eventually;

/// What a server does with one connection.
type Script = Box<dyn Fn(Pipe) -> BoxFuture<'static, ()> + Send + Sync>;

/// Returns a network to a server that is bad once.
fn network(script: Script) -> Network {
    let connections = AtomicUsize::new(0);
    let script = Arc::new(script);
    Network::custom(move |pipe| {
        if connections.fetch_add(1, Ordering::Relaxed) == 0 {
            tokio::spawn(script(pipe));
        } else {
            tokio::spawn(async move {
                let mut peer = open(pipe).await;
                say(&mut peer, "cd1&mwell again").await;
                while peer.next().await.is_some() {}
            });
        }
    })
}

/// Reads to the end of the connection; returns the code of the client's Close frame.
async fn end(mut peer: Peer) -> Option<u16> {
    let mut code = None;
    while let Some(Ok(message)) = peer.next().await {
        if let Message::Close(frame) = message {
            code = frame.map(|frame| frame.code.into());
        }
    }
    code
}

/// Answers the request with this, and holds the connection.
fn http(answer: &'static str) -> Script {
    Box::new(move |mut pipe| {
        Box::pin(async move {
            let mut request = [0; 4096];
            assert!(pipe.read(&mut request).await.unwrap() > 0);
            let _ = pipe.write_all(answer.as_bytes()).await;
            let _ = pipe.read(&mut request).await;
        })
    })
}

/// Says frames behind the upgrade, in place of `in`, or else behind that, and holds the connection.
fn frames(has_opened: bool, frames: Vec<(u8, Vec<u8>)>) -> (Script, mpsc::UnboundedReceiver<Option<u16>>) {
    let (ended, ends) = mpsc::unbounded_channel();
    let script = move |pipe| -> BoxFuture<'static, ()> {
        let (frames, ended) = (frames.clone(), ended.clone());
        Box::pin(async move {
            let mut peer = if has_opened {
                open(pipe).await
            } else {
                upgrade(pipe).await
            };
            for (first, payload) in frames {
                write(&mut peer, first, &payload).await;
            }
            // The test may not want to know.
            let _ = ended.send(end(peer).await);
        })
    };
    (Box::new(script), ends)
}

fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Vec<(u8, Vec<u8>)> {
    let frame = |text: T| (0x81, text.as_ref().as_bytes().to_vec());
    texts.into_iter().map(frame).collect()
}

type Events = Pin<Box<dyn Stream<Item = ClientEvent> + Send>>;

fn start(network: &Network) -> (Client, Events) {
    let mut limits = Limits::default();
    limits.message_bytes = 1_000;
    let client = network.client().limits(limits).start().unwrap();
    let events = Box::pin(client.events());
    (client, events)
}

/// Waits for the first loss; the server is well again then.
async fn lost(client: &Client, events: &mut Events) -> Error {
    let error = loop {
        match eventually(events.next()).await.unwrap() {
            ClientEvent::Reconnecting { error, .. } => break error,
            ClientEvent::Closed { .. } => panic!("it should have come back"),
            _ => {}
        }
    };
    loop {
        let text = eventually(client.recv()).await.unwrap();
        if text == "well again" {
            return error;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_answers_by_http_is_told_by_its_status() {
    let answers = [
        (
            200,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hi</html>",
        ),
        (
            302,
            "HTTP/1.1 302 Found\r\nLocation: https://example.org/\r\nContent-Length: 0\r\n\r\n",
        ),
        (404, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        (
            502,
            "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n<h1>nginx</h1>",
        ),
    ];
    for (expected, answer) in answers {
        let network = network(http(answer));
        let (client, mut events) = start(&network);

        let error = lost(&client, &mut events).await;

        assert_eq!(error.kind(), ErrorKind::Refused);
        match error.link() {
            Some(LinkError::Status(status)) => assert_eq!(status.as_u16(), expected),
            other => panic!("{expected}: {other:?}"),
        }
        assert_eq!(network.attempts(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_speaks_no_websocket_is_told_as_such() {
    let answers = [
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "\u{0}\u{0}\r\n\r\n",
    ];
    for answer in answers {
        let network = network(http(answer));
        let (client, mut events) = start(&network);

        let error = lost(&client, &mut events).await;

        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(
            matches!(error.link(), Some(LinkError::Handshake(_))),
            "{answer:?}: {error:?}"
        );
    }
    let network = network(Box::new(|pipe| Box::pin(async move { drop(pipe) })));
    let (client, mut events) = start(&network);
    let error = lost(&client, &mut events).await;
    assert!(matches!(error.link(), Some(LinkError::Handshake(_))), "{error:?}");
}

/// [T-1]
#[tokio::test(start_paused = true)]
async fn a_server_that_brings_no_session_about_is_given_up_in_time() {
    let silent: Script = Box::new(|mut pipe| {
        Box::pin(async move {
            let mut request = [0; 4096];
            while pipe.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {}
        })
    });
    let pings: Script = Box::new(|pipe| {
        Box::pin(async move {
            let mut peer = upgrade(pipe).await;
            for _ in 0..60 {
                say(&mut peer, "pi").await;
                let second = Duration::from_secs(1);
                let _ = tokio::time::timeout(second, std::future::pending::<()>()).await;
            }
        })
    });
    let cases = [
        ("silent", silent),
        ("pings", pings),
        ("half an answer", http("HTTP/1.1 101 Switching")),
        ("nothing behind the upgrade", frames(false, Vec::new()).0),
        ("iv", frames(false, texts(["iv", "iv"])).0),
    ];
    for (name, script) in cases {
        let network = network(script);
        #[allow(clippy::disallowed_methods)] // the virtual time
        let begin = tokio::time::Instant::now();
        let (client, mut events) = start(&network);

        loop {
            match eventually(events.next()).await.unwrap() {
                ClientEvent::Connecting => {}
                ClientEvent::Reconnecting { error, .. } => {
                    assert!(
                        matches!(error.link(), Some(LinkError::TimedOut)),
                        "{name}: {error:?}"
                    );
                    assert_eq!(error.kind(), ErrorKind::Connect);
                    break;
                }
                event => panic!("{name}: {event:?}"),
            }
        }
        assert_eq!(begin.elapsed(), Duration::from_secs(10), "{name}");
        assert_eq!(eventually(client.recv()).await.as_deref(), Some("well again"));
    }
}

/// [I-5] [I-11] [F-9] [F-11] [L-1] [L-2] [X-4]
#[tokio::test(start_paused = true)]
async fn a_session_that_goes_wrong_before_its_in_says_why() {
    let many = |text: &'static str, count| texts(std::iter::repeat_n(text, count));
    let cases = [
        (texts(["in"]), CloseReason::BadInit, None),
        (texts(["in<html>"]), CloseReason::BadInit, None),
        (texts(["in[]"]), CloseReason::BadInit, None),
        (texts(["in{}"]), CloseReason::BadInit, None),
        (texts([r#"in{"socketID":""}"#]), CloseReason::BadInit, None),
        (texts([r#"in{"socketID":7}"#]), CloseReason::BadInit, None),
        (many("cd1&mx", 8), CloseReason::DataBeforeInit, None),
        (many("??", 257), CloseReason::TooManyFaults, None),
        (many("iv", 257), CloseReason::TooManyFaults, None),
        (
            vec![(0x88, b"\x03\xf0go away".to_vec())],
            CloseReason::Peer,
            Some(1008),
        ),
        (vec![(0x82, b"\xff\xfe".to_vec())], CloseReason::NotText, None),
        (vec![(0x83, b"x".to_vec())], CloseReason::TransportViolation, None),
        (vec![(0x81, vec![b'x'; 1_001])], CloseReason::TooLarge, None),
    ];
    for (said, expected, expected_code) in cases {
        let network = network(frames(false, said.clone()).0);
        let (client, mut events) = start(&network);

        let error = lost(&client, &mut events).await;

        match error.link() {
            Some(&LinkError::Ended { reason, code }) => {
                assert_eq!((reason, code), (expected, expected_code), "{said:?}");
            }
            other => panic!("{said:?}: {other:?}"),
        }
    }
}

/// [F-9] [F-11] [L-1] [L-2] [X-4]
#[tokio::test(start_paused = true)]
async fn a_session_that_goes_wrong_says_why_to_both_sides() {
    let cases = [
        (
            vec![(0x88, b"\x03\xf1".to_vec())],
            CloseReason::Peer,
            Some(1009),
            Some(1009),
        ),
        (vec![(0x88, Vec::new())], CloseReason::Peer, None, None),
        (
            vec![(0x82, b"\xff\xfe".to_vec())],
            CloseReason::NotText,
            None,
            Some(1007),
        ),
        (
            vec![(0x81, b"cd1&m\xff".to_vec())],
            CloseReason::NotText,
            None,
            Some(1007),
        ),
        (
            vec![(0xc1, b"x".to_vec())],
            CloseReason::TransportViolation,
            None,
            Some(1002),
        ),
        (
            vec![(0x80, b"x".to_vec())],
            CloseReason::TransportViolation,
            None,
            Some(1002),
        ),
        (
            vec![(0x81, vec![b'x'; 1_001])],
            CloseReason::TooLarge,
            None,
            Some(1009),
        ),
        (
            texts(std::iter::repeat_n("xx", 257)),
            CloseReason::TooManyFaults,
            None,
            None,
        ),
    ];
    for (said, expected, expected_code, told) in cases {
        let (script, mut ends) = frames(true, said.clone());
        let network = network(script);
        let (client, mut events) = start(&network);

        let error = lost(&client, &mut events).await;

        match error.link() {
            Some(&LinkError::Ended { reason, code }) => {
                assert_eq!((reason, code), (expected, expected_code), "{said:?}");
            }
            other => panic!("{said:?}: {other:?}"),
        }
        assert_eq!(eventually(ends.recv()).await, Some(told), "{said:?}");
    }
}

/// [F-6] [F-8] [C-8] [I-9]
#[tokio::test(start_paused = true)]
async fn what_can_be_forgiven_is_forgiven() {
    let mut said = texts([
        "iv",
        "po",
        "x",
        "",
        "xx",
        "cd",
        "cd1&",
        "cd99&m",
        "cd5&otherx",
        "ba2&pi",
        r#"in{"socketID":"another"}"#,
    ]);
    said.push((0x82, b"cd1&mbinary".to_vec()));
    said.push((0x89, b"ping".to_vec()));
    said.extend(texts(["cd1&mdone"]));
    let network = network(frames(true, said).0);
    let (client, _events) = start(&network);

    assert_eq!(eventually(client.recv()).await.as_deref(), Some("binary"));
    assert_eq!(eventually(client.recv()).await.as_deref(), Some("done"));
    assert_eq!(client.socket_id().as_deref(), Some("6ZW6uQTwo8apxm11ta3p"));
    assert_eq!(network.attempts(), 1);
}

/// [I-8] [T-8]
#[tokio::test(start_paused = true)]
async fn a_server_that_wants_another_version_ends_it() {
    let network = network(frames(false, texts(["dr"])).0);

    let refused = network.connect().await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Refused);
    assert!(
        matches!(
            refused.link(),
            Some(LinkError::Ended {
                reason: CloseReason::Refused,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(network.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_inside_a_message_is_lost() {
    let script: Script = Box::new(|pipe| {
        Box::pin(async move {
            let mut peer = open(pipe).await;
            peer.get_mut().write_all(b"\x81\x20cd1&mhalf").await.unwrap();
        })
    });
    let network = network(script);
    let (client, mut events) = start(&network);

    let error = lost(&client, &mut events).await;

    assert!(
        matches!(
            error.link(),
            Some(LinkError::Ended {
                reason: CloseReason::LinkLost,
                ..
            })
        ),
        "{error:?}"
    );
}

/// [R-1] [R-7] [R-12]: numbers and greetings are those of each session.
#[tokio::test(start_paused = true)]
async fn each_session_is_greeted_and_counts_anew() {
    use glue::{Caller as _, OpenRpc as _};

    let (say_on, mut said) = mpsc::unbounded_channel();
    let network = Network::custom(move |pipe| {
        let say_on = say_on.clone();
        tokio::spawn(async move {
            let mut peer = open(pipe).await;
            while let Some(Ok(Message::Text(text))) = peer.next().await {
                let is_last = text.contains("last");
                say_on.send(text.to_string()).unwrap();
                if is_last {
                    return;
                }
            }
        });
    });
    let client = network.client().start().unwrap();
    let desk = client.open_rpc("desk").unwrap();
    for _ in 0..2 {
        let calls = ["first", "last"].map(|method| {
            tokio::spawn({
                let desk = desk.clone();
                async move { desk.call(CallRequest::new(method, "{}")).await }
            })
        });
        let mut session = Vec::new();
        for _ in 0..3 {
            session.push(eventually(said.recv()).await.unwrap());
        }
        assert!(session[0].starts_with("cd4&deskhi&{"), "{session:?}");
        assert_eq!(session[1..], ["cd4&deskrq1&first&{}", "cd4&deskrq3&last&{}"]);
        for call in calls {
            let error = eventually(call).await.unwrap().unwrap_err();
            assert_eq!(error.data(), Some(r#"{"outcome":"unknown"}"#));
        }
    }
}

/// [Q-5]: no answer that can't be read leaves its call waiting.
#[tokio::test(start_paused = true)]
async fn an_answer_of_which_only_the_id_can_be_read_ends_its_call() {
    use glue::{Caller as _, OpenRpc as _};

    let network = Network::custom(|pipe| {
        tokio::spawn(async move {
            let mut peer = open(pipe).await;
            let mut answers = ["cd4&deskok1&", "cd4&desker3", "cd4&deskok5;x&1"].into_iter();
            while let Some(Ok(Message::Text(text))) = peer.next().await {
                if text.starts_with("cd4&deskrq") {
                    say(&mut peer, answers.next().unwrap()).await;
                }
            }
        });
    });
    let client = network.client().start().unwrap();
    let desk = client.open_rpc("desk").unwrap();

    for _ in 0..3 {
        let error = eventually(desk.call(CallRequest::new("add", "{}")))
            .await
            .unwrap_err();
        assert_eq!(error.code(), glue::Code::Internal);
    }
}

/// What was queued for a session that is lost: requests and cancellations of it never reach the next one.
#[tokio::test(start_paused = true)]
async fn no_envelope_of_a_lost_session_reaches_the_next() {
    use futures_util::FutureExt as _;
    use glue::testing::Direction;
    use glue::{Caller as _, OpenRpc as _};

    let (say_on, mut said) = mpsc::unbounded_channel();
    let network = Network::custom(move |pipe| {
        let say_on = say_on.clone();
        tokio::spawn(async move {
            let mut peer = open(pipe).await;
            while let Some(Ok(Message::Text(text))) = peer.next().await {
                say_on.send(text.to_string()).unwrap();
            }
        });
    });
    let client = network.client().start().unwrap();
    eventually(client.ready()).await.unwrap();
    let desk = client.open_rpc("desk").unwrap();
    let mut first = Box::pin(desk.call(CallRequest::new("first", "{}")));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(eventually(said.recv()).await.unwrap().starts_with("cd4&deskhi"));
    assert_eq!(eventually(said.recv()).await.unwrap(), "cd4&deskrq1&first&{}");

    // The link takes nothing: this fills the buffers below the session, then the session's, then the handles' own.
    network.stall(Direction::ToServer);
    for _ in 0..18 {
        client.send("x".repeat(10_000)).await.unwrap();
        let second = desk.call(CallRequest::new("second", "{}"));
        assert!(
            tokio::time::timeout(Duration::from_millis(1), second)
                .await
                .is_err()
        );
    }
    drop(first);
    network.cut_all();
    network.resume(Direction::ToServer);
    let last = tokio::spawn(async move { desk.call(CallRequest::new("last", "{}")).await });

    let mut envelopes = Vec::new();
    loop {
        let text = eventually(said.recv()).await.unwrap();
        if text.starts_with("cd4&desk") {
            envelopes.push(text);
        }
        if envelopes.last().is_some_and(|text| text.contains("&last&")) {
            break;
        }
    }
    assert_eq!(envelopes.len(), 2, "{envelopes:?}");
    assert!(envelopes[0].starts_with("cd4&deskhi&{"), "{envelopes:?}");
    assert_eq!(envelopes[1], "cd4&deskrq1&last&{}");
    last.abort();
}

//! Input over the limits or against the rules ends its own session, with the right code, and no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use glue::{Limits, Server, Socket};
use glue_tests::bystander::Bystander;
use glue_tests::raw_ws::{BINARY, CLOSE, CONTINUATION, FIN, PING, RawFrame, RawPeer, Received, TEXT};
use glue_tests::server::TestServer;
use glue_tests::{recorded_app, vectors};

/// [L-1]
#[tokio::test]
async fn a_message_of_the_limit_passes_and_one_byte_more_closes_with_1009() {
    let server = limited(|limits| limits.message_bytes = 1000).await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;
    let longest = "x".repeat(1000 - "cd1&m".len());

    peer.assert_echo(&longest).await;
    peer.send(&format!("cd1&m{longest}x")).await;

    assert_eq!(peer.closed().await, Some(1009));
    bystander.assert_undisturbed(server.address()).await;
}

/// [L-1]
#[tokio::test]
async fn the_limit_holds_for_all_fragments_of_a_message_together() {
    let server = limited(|limits| limits.message_bytes = 1000).await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;
    let payload = [b'x'; 600];

    peer.send_frame(RawFrame {
        first: TEXT,
        masked: true,
        payload: &payload,
    })
    .await;
    peer.send_frame(RawFrame {
        first: FIN | CONTINUATION,
        masked: true,
        payload: &payload,
    })
    .await;

    assert_eq!(peer.closed().await, Some(1009));
    bystander.assert_undisturbed(server.address()).await;
}

/// [L-1]
#[tokio::test]
async fn a_huge_length_is_refused_before_its_payload_comes() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    // A masked text frame of 2^62 bytes, of which none follows.
    peer.send_bytes(&[FIN | TEXT, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
        .await;

    assert_eq!(peer.closed().await, Some(1009));
    bystander.assert_undisturbed(server.address()).await;
}

/// [F-7] [C-6]
#[tokio::test]
async fn a_message_of_the_default_limit_comes_back_whole() {
    let server = recorded_app::start().await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    peer.assert_echo(&"é".repeat((1 << 19) - 3)).await;
}

/// [F-9]
#[tokio::test]
async fn what_is_not_utf8_closes_with_1007() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let not_utf8: [&[u8]; 5] = [
        b"cd1&m\xff\xfe",
        b"cd1&m\xc3",
        b"\xff",
        b"cd1&m\xed\xa0\x80",
        b"xx\xc0\xaf",
    ];

    for payload in not_utf8 {
        for opcode in [TEXT, BINARY] {
            let (mut peer, _) = RawPeer::open(server.address()).await;
            peer.send_frame(RawFrame {
                first: FIN | opcode,
                masked: true,
                payload,
            })
            .await;
            assert_eq!(peer.closed().await, Some(1007), "{payload:?}, opcode {opcode}");
        }
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [F-7] [F-9]
#[tokio::test]
async fn a_character_may_be_split_between_fragments() {
    let server = recorded_app::start().await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    peer.send_frame(RawFrame {
        first: TEXT,
        masked: true,
        payload: b"cd1&m\xc3",
    })
    .await;
    peer.send_frame(RawFrame {
        first: FIN | PING,
        masked: true,
        payload: b"between",
    })
    .await;
    peer.send_frame(RawFrame {
        first: FIN | CONTINUATION,
        masked: true,
        payload: b"\xa9",
    })
    .await;

    assert_eq!(peer.next().await, Received::Pong(b"between".to_vec()));
    assert_eq!(peer.text().await, "cd1&mé");
}

/// [F-8]
#[tokio::test]
async fn binary_messages_are_taken_as_text() {
    let server = recorded_app::start().await;
    let mut peer = RawPeer::connect(server.address()).await;

    peer.send_binary(br#"in{"version":"1.9.1"}"#).await;
    peer.send_binary("cd1&mé".as_bytes()).await;

    assert!(peer.text().await.starts_with("in{"));
    assert_eq!(peer.text().await, "cd1&mé");
}

/// [F-10]
#[tokio::test]
async fn websocket_pings_are_answered_with_their_payload() {
    let server = recorded_app::start().await;
    let mut peer = RawPeer::connect(server.address()).await;

    for payload in [&b""[..], b"abc", &[0xff; 125]] {
        peer.send_frame(RawFrame {
            first: FIN | PING,
            masked: true,
            payload,
        })
        .await;
        assert_eq!(peer.next().await, Received::Pong(payload.to_vec()));
    }

    peer.init().await;
}

/// [F-11]
#[tokio::test]
async fn violations_of_the_websocket_rules_close_with_1002() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let frame = |first, payload| RawFrame {
        first,
        masked: true,
        payload,
    };
    let violations = [
        (
            "unmasked",
            RawFrame {
                first: FIN | TEXT,
                masked: false,
                payload: b"pi",
            },
        ),
        ("reserved bit 1", frame(FIN | 0x40 | TEXT, b"pi")),
        ("reserved bit 2", frame(FIN | 0x20 | TEXT, b"pi")),
        ("reserved bit 3", frame(FIN | 0x10 | TEXT, b"pi")),
        ("unknown data opcode", frame(FIN | 3, b"pi")),
        ("unknown control opcode", frame(FIN | 11, b"pi")),
        ("stray continuation", frame(FIN | CONTINUATION, b"pi")),
        ("fragmented ping", frame(PING, b"x")),
        ("long ping", frame(FIN | PING, &[0; 126])),
    ];

    for (name, violation) in violations {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        peer.send_frame(violation).await;
        assert_eq!(peer.closed().await, Some(1002), "{name}");
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [F-11]
#[tokio::test]
async fn a_new_message_inside_a_fragmented_one_closes_with_1002() {
    let server = recorded_app::start().await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    peer.send_frame(RawFrame {
        first: TEXT,
        masked: true,
        payload: b"cd1&m",
    })
    .await;
    peer.send_frame(RawFrame {
        first: FIN | TEXT,
        masked: true,
        payload: b"pi",
    })
    .await;

    assert_eq!(peer.closed().await, Some(1002));
}

/// [X-4]
#[tokio::test]
async fn a_close_frame_is_answered_with_its_code() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for code in [None, Some(1000), Some(1001), Some(3000), Some(4999)] {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        peer.send_close(code, if code.is_some() { "bye" } else { "" })
            .await;
        assert_eq!(peer.closed().await, code);
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [F-11]
#[tokio::test]
async fn a_bad_close_frame_ends_the_session_all_the_same() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for payload in [&b"\x03"[..], b"\x03\xed", b"\x00\x00", b"\x03\xe8\xff"] {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        peer.send_frame(RawFrame {
            first: FIN | CLOSE,
            masked: true,
            payload,
        })
        .await;
        assert!(
            matches!(peer.next().await, Received::Close(_) | Received::End),
            "{payload:?}"
        );
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [L-2] [C-8] [F-3] [I-9]
#[tokio::test]
async fn faults_are_forgiven_up_to_the_limit() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    for _ in 0..64 {
        for fault in [
            "xx",
            "cdx&mhello",
            "cd9&nochannelhello",
            r#"in{"version":"1.9.1"}"#,
        ] {
            peer.send(fault).await;
        }
        assert_eq!(peer.text().await, "iv");
        assert_eq!(peer.text().await, "iv");
    }
    peer.assert_echo("256 faults").await;
    peer.send("cd").await;

    assert_eq!(peer.closed().await, None);
    bystander.assert_undisturbed(server.address()).await;
}

/// [L-2]
#[tokio::test]
async fn what_is_well_formed_counts_as_no_fault() {
    let server = limited(|limits| limits.faults = 0).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    for text in ["po", "powithdata", "cd+01&mhello", "cd6&unreadhello"] {
        peer.send(text).await;
    }
    peer.send_frame(RawFrame {
        first: FIN | PING,
        masked: true,
        payload: b"",
    })
    .await;

    assert_eq!(peer.next().await, Received::Pong(Vec::new()));
    assert_eq!(peer.text().await, "cd1&mhello");
    peer.assert_echo("hello").await;
}

/// [L-5]
#[tokio::test]
async fn a_channel_that_stays_full_ends_its_session() {
    let server = limited(|limits| {
        limits.channel_messages = 20;
        limits.stall = Duration::from_millis(100);
    })
    .await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    for number in 0..20 {
        peer.send(&format!("cd6&unread{number}")).await;
    }
    peer.assert_echo("just full").await;
    peer.send("cd6&unreadone too many").await;

    assert_eq!(peer.closed().await, None);
    bystander.assert_undisturbed(server.address()).await;
}

/// [F-2] [F-3] [F-6]
#[tokio::test]
async fn unknown_and_short_messages_are_answered_and_nothing_else_happens() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    for text in ["iv", "dr", "ivxx", "dr1000"] {
        peer.send(text).await;
        assert_eq!(peer.text().await, "iv", "{text}");
    }
    for vector in vectors::read("frames.json")
        .iter()
        .filter(|vector| vector.error.is_some())
    {
        peer.send(&vector.text).await;
        assert_eq!(peer.text().await, "iv", "{}", vector.id);
    }

    peer.assert_echo("hello").await;
    bystander.assert_undisturbed(server.address()).await;
}

/// [L-6]
#[tokio::test]
async fn a_peer_that_does_not_read_makes_senders_wait_and_loses_nothing() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let server = TestServer::start(Server::builder().on_socket(move |socket: Socket| {
        let count = count.clone();
        async move {
            while let Some(text) = socket.recv().await {
                if text != "flood" {
                    let _ = socket.send(text).await;
                    continue;
                }
                for number in 0..FLOOD {
                    let _ = socket.send(format!("{number:06}{}", "x".repeat(16 << 10))).await;
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    }))
    .await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    peer.send("cd1&mflood").await;
    assert!(peer.text().await.starts_with("cd1&m000000"));
    bystander.assert_undisturbed(server.address()).await;

    // 64 MiB are far more than the system's own buffers take.
    assert!(sent.load(Ordering::SeqCst) < FLOOD, "the sender waits");
    for number in 1..FLOOD {
        assert!(
            peer.text().await.starts_with(&format!("cd1&m{number:06}")),
            "nothing is lost"
        );
    }
    peer.assert_echo("hello").await;
}

/// Messages of 16 KiB that a test sends at once.
const FLOOD: usize = 4096;

async fn limited(change: impl FnOnce(&mut Limits)) -> TestServer {
    let mut limits = Limits::default();
    change(&mut limits);
    TestServer::start(recorded_app::serve(Server::builder().limits(limits))).await
}

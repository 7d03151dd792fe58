//! From the HTTP request to an accepted `in`, and everything that can go wrong on the way.

use std::collections::HashSet;
use std::time::Duration;

use glue::{Limits, Server};
use glue_tests::bystander::Bystander;
use glue_tests::raw_http::request;
use glue_tests::raw_ws::{FIN, RawFrame, RawPeer, Received, TEXT, upgrade_request};
use glue_tests::server::TestServer;
use glue_tests::{recorded_app, vectors};

/// [H-1] [H-6]
#[tokio::test]
async fn an_upgrade_is_accepted_without_protocol_or_extension() {
    let server = recorded_app::start().await;
    let offers = "Sec-WebSocket-Protocol: glue, chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    let upgrade = String::from_utf8(upgrade_request(offers))
        .unwrap()
        .replace("/glue/ws", "/glue/ws?x=1&y");

    let (mut peer, response) = RawPeer::upgrade(server.address(), upgrade.as_bytes()).await;

    assert_eq!(response.status, 101);
    assert_eq!(response.header("sec-websocket-protocol"), None);
    assert_eq!(response.header("sec-websocket-extensions"), None);
    peer.init().await;
    peer.assert_echo("hello").await;
}

/// [H-1]
#[tokio::test]
async fn what_comes_with_the_handshake_is_not_lost() {
    let server = recorded_app::start().await;
    let mut bytes = upgrade_request("");
    bytes.extend(
        RawFrame {
            first: FIN | TEXT,
            masked: true,
            payload: br#"in{"version":"1.9.1"}"#,
        }
        .encode(),
    );

    let (mut peer, response) = RawPeer::upgrade(server.address(), &bytes).await;

    assert_eq!(response.status, 101);
    assert!(peer.text().await.starts_with("in{"));
}

/// [H-2]
#[tokio::test]
async fn other_paths_are_refused() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    let below = [
        "/glue/",
        "/glue/x",
        "/glue/ws/",
        "/glue/WS",
        "/glue/wsx",
        "/glue//ws",
        "/glue/ws%2f",
    ]
    .map(|path| (path, 400));
    let elsewhere = [
        "/",
        "/glue",
        "/abcd/ws",
        "/other/glue/ws",
        "/GLUE/ws",
        "//glue/ws",
    ]
    .map(|path| (path, 404));
    for (path, status) in below.into_iter().chain(elsewhere) {
        let upgrade = String::from_utf8(upgrade_request(""))
            .unwrap()
            .replace("/glue/ws", path);
        assert_eq!(request(server.address(), &upgrade).await.status, status, "{path}");
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [H-3]
#[tokio::test]
async fn by_default_only_the_same_origin_is_accepted() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for origin in ["http://localhost", "https://localhost"] {
        let upgrade = upgrade_request(&format!("Origin: {origin}\r\n"));
        assert_eq!(
            RawPeer::upgrade(server.address(), &upgrade).await.1.status,
            101,
            "{origin:?}"
        );
    }
    for origin in [
        "",
        "null",
        "http://elsewhere",
        "http://localhost:81",
        "http://localhost.elsewhere",
        "localhost",
        "http://",
        "://",
        "http://a@b@localhost:x",
    ] {
        let upgrade = upgrade_request(&format!("Origin: {origin}\r\n"));
        assert_eq!(
            RawPeer::upgrade(server.address(), &upgrade).await.1.status,
            403,
            "{origin:?}"
        );
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [H-4]
#[tokio::test]
async fn other_methods_are_not_allowed() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for method in ["POST", "PUT", "HEAD", "OPTIONS", "DELETE"] {
        let upgrade = String::from_utf8(upgrade_request(""))
            .unwrap()
            .replacen("GET", method, 1);
        assert_eq!(request(server.address(), &upgrade).await.status, 405, "{method}");
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [H-5]
#[tokio::test]
async fn a_get_that_is_no_upgrade_is_a_bad_request() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let upgrade = String::from_utf8(upgrade_request("")).unwrap();
    let spoilt = [
        ("Connection: Upgrade\r\n", ""),
        ("Connection: Upgrade\r\n", "Connection: keep-alive\r\n"),
        ("Upgrade: websocket\r\n", ""),
        ("Upgrade: websocket\r\n", "Upgrade: h2c\r\n"),
        ("Sec-WebSocket-Version: 13\r\n", ""),
        ("Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Version: 8\r\n"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
        (
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            "Sec-WebSocket-Key:\r\n",
        ),
    ];

    for (good, bad) in spoilt {
        assert!(upgrade.contains(good));
        let response = request(server.address(), &upgrade.replace(good, bad)).await;
        assert_eq!(response.status, 400, "{bad:?} instead of {good:?}");
        if bad.contains("Version") {
            assert_eq!(response.header("sec-websocket-version"), Some("13"));
        }
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [I-7] [I-12]
#[tokio::test]
async fn every_socket_gets_an_id_of_its_own() {
    let server = recorded_app::start().await;

    let mut ids = HashSet::new();
    for _ in 0..50 {
        let (_, id) = RawPeer::open(server.address()).await;
        assert_eq!(id.len(), 20, "{id}");
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        ids.insert(id);
    }

    assert_eq!(ids.len(), 50);
}

/// [I-3] [I-4] [X-3]
#[tokio::test]
async fn an_unreadable_init_ends_the_session_without_an_answer() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for vector in vectors::read("init.json") {
        if vector.error.is_some() && vector.role.as_deref() == Some("client") {
            let mut peer = RawPeer::connect(server.address()).await;
            peer.send(&format!("in{}", vector.text)).await;
            assert_eq!(peer.closed().await, None, "{}", vector.id);
        }
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [I-8]
#[tokio::test]
async fn a_version_that_is_not_supported_is_refused_and_then_ignored() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let mut peer = RawPeer::connect(server.address()).await;

    peer.send(r#"in{"version":"2.0.0"}"#).await;
    for text in ["pi", "xx", r#"in{"version":"1.9.1"}"#, "cd1&mhello"] {
        peer.send(text).await;
    }

    assert_eq!(peer.text().await, "dr");
    assert_eq!(peer.closed().await, None);
    bystander.assert_undisturbed(server.address()).await;
}

/// [I-9]
#[tokio::test]
async fn a_second_init_is_invalid() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    for init in [
        r#"in{"version":"1.9.1"}"#,
        r#"in{"version":"2.0.0"}"#,
        "in{",
        "in",
    ] {
        peer.send(init).await;
        assert_eq!(peer.text().await, "iv", "{init}");
    }

    peer.assert_echo("hello").await;
    bystander.assert_undisturbed(server.address()).await;
}

/// [I-10] [L-3]
#[tokio::test]
async fn a_session_without_init_is_closed_even_if_it_talks() {
    let mut limits = Limits::default();
    // Long enough for the bystander's own init on a slow machine.
    limits.init = Duration::from_secs(2);
    let server = TestServer::start(recorded_app::serve(Server::builder().limits(limits))).await;
    let bystander = Bystander::open(server.address()).await;

    let mut silent = RawPeer::connect(server.address()).await;
    let mut talking = RawPeer::connect(server.address()).await;
    talking.assert_alive().await;
    talking.send("cd1&mhello").await;

    assert_eq!(silent.closed().await, None);
    assert_eq!(talking.closed().await, None);
    bystander.assert_undisturbed(server.address()).await;
}

/// [I-11] [L-4]
#[tokio::test]
async fn early_messages_for_the_main_channel_are_kept_and_others_dropped() {
    let server = recorded_app::start().await;
    let mut peer = RawPeer::connect(server.address()).await;

    for number in 0..7 {
        peer.send("cd6&golangtoo early").await;
        peer.send(&format!("cd1&mearly {number}")).await;
    }
    peer.init().await;

    for number in 0..7 {
        assert_eq!(peer.text().await, format!("cd1&mearly {number}"));
    }
    peer.assert_echo("hello").await;
}

/// [I-11] [L-4]
#[tokio::test]
async fn an_eighth_early_message_ends_the_session() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let mut peer = RawPeer::connect(server.address()).await;

    for number in 0..8 {
        peer.send(&format!("cd1&mearly {number}")).await;
    }

    assert_eq!(peer.closed().await, None);
    bystander.assert_undisturbed(server.address()).await;
}

/// [F-2] [F-3] [K-4]
#[tokio::test]
async fn unknown_and_short_messages_are_answered_before_init_too() {
    let server = recorded_app::start().await;
    let mut peer = RawPeer::connect(server.address()).await;

    for vector in vectors::read("frames.json")
        .iter()
        .filter(|vector| vector.error.is_some())
    {
        peer.send(&vector.text).await;
        assert_eq!(
            peer.next().await,
            Received::Text("iv".to_owned()),
            "{}",
            vector.id
        );
    }

    peer.assert_alive().await;
    peer.init().await;
}

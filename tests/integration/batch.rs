//! Containers, over both transports.

use glue_tests::bystander::Bystander;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint};
use glue_tests::raw_ws::RawPeer;
use glue_tests::{recorded_app, vectors};

const INIT: &str = r#"in{"version":"1.9.1","batch":true}"#;

fn assert_agreed(answer: &str) {
    assert!(answer.starts_with(r#"in{"socketID":""#), "{answer}");
    assert!(answer.ends_with(r#"","batch":true,"limit":1048576}"#), "{answer}");
}

/// [B-1] [B-4] [B-6]: the answers over a WebSocket stay what they are.
#[tokio::test]
async fn a_container_is_taken_apart_and_answered_message_by_message() {
    let server = recorded_app::start().await;
    let mut peer = RawPeer::connect(server.address()).await;
    peer.send(INIT).await;
    assert_agreed(&peer.text().await);

    peer.send("ba10&cd1&mfirst8&cd1&m😀x0&13&cd6&golangfoo").await;

    let mut answers = [
        peer.text().await,
        peer.text().await,
        peer.text().await,
        peer.text().await,
    ];
    answers.sort();
    assert_eq!(answers, ["cd1&mfirst", "cd1&m😀x", "cd6&golangfoo", "iv"]);
    peer.assert_echo("and on").await;
}

/// [B-3]
#[tokio::test]
async fn malformed_containers_are_answered_iv_and_have_no_effect() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let mut peer = RawPeer::connect(server.address()).await;
    peer.send(INIT).await;
    assert_agreed(&peer.text().await);

    for vector in vectors::read("batch.json") {
        // How many are too many depends on a bound that these cases set lower.
        let is_malformed = vector.error.is_some_and(|error| error != "too_many");
        if is_malformed || vector.id == "more-than-1024" {
            peer.send(&format!("ba{}", vector.text)).await;
            assert_eq!(peer.text().await, "iv", "{}", vector.id);
            peer.assert_echo(&vector.id).await;
        }
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [B-1] [B-5]
#[tokio::test]
async fn a_container_that_was_not_agreed_on_is_unknown() {
    let server = recorded_app::start().await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    peer.send("ba8&cd1&mfoo").await;

    assert_eq!(peer.text().await, "iv");
    peer.assert_echo("and on").await;
}

/// [B-6]: weakness B16 of the original.
#[tokio::test]
async fn a_poll_brings_all_that_waits() {
    let server = recorded_app::start().await;
    let mut peer = AjaxPeer::connect(Endpoint::new(server.address())).await;
    peer.send("pi").await;
    peer.send(INIT).await;
    assert_eq!(peer.text().await, "po");
    assert_agreed(&peer.text().await);

    peer.send("ba2&pi2&xx2&pi").await;

    assert_eq!(peer.text().await, "ba2&po2&iv2&po");
    // One message goes by itself.
    peer.assert_echo("and on").await;
}

/// [B-6] [B-5]: clients of the original get one message for each poll.
#[tokio::test]
async fn a_poll_of_a_client_without_containers_brings_one_message() {
    let server = recorded_app::start().await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;

    peer.send("pi").await;
    peer.send("pi").await;

    assert_eq!(peer.text().await, "po");
    assert_eq!(peer.text().await, "po");
}

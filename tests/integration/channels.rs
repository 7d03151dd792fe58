//! Channel data between a raw peer and an application.

use std::sync::Arc;

use glue::{Server, Socket};
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::on_each_transport;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::raw_ws::RawPeer;
use glue_tests::server::TestServer;
use glue_tests::{recorded_app, vectors};
use tokio::sync::mpsc;

on_each_transport!(
    malformed_channel_data_is_dropped_without_an_answer,
    data_for_a_channel_that_is_not_open_is_dropped,
    a_call_on_a_channel_that_is_not_open_is_answered_unimplemented,
    lengths_in_utf16_units_are_understood_where_bytes_name_no_open_channel,
    a_channel_named_in_bytes_wins,
    messages_of_a_channel_keep_their_order,
    what_was_sent_before_a_close_arrives,
    a_server_that_shuts_down_delivers_what_was_sent_and_closes,
);

/// [C-8] [C-2] [C-3] [C-4] [C-5]
async fn malformed_channel_data_is_dropped_without_an_answer(carrier: Carrier) {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = Peer::open(carrier, server.address()).await;

    for vector in vectors::read("pairs.json") {
        // Some of the splits are well-formed in the other unit, and reach a channel.
        let is_malformed = vector
            .error
            .as_deref()
            .is_some_and(|error| error != "split_character");
        if is_malformed && !vector.utf16 {
            peer.send(&format!("cd{}", vector.text)).await;
            peer.assert_echo(&vector.id).await;
        }
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [C-8] [C-9]
async fn data_for_a_channel_that_is_not_open_is_dropped(carrier: Carrier) {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = Peer::open(carrier, server.address()).await;

    for data in [
        "cd9&nochannelhello",
        "cd9&nochannelnt&m&{}",
        "cd9&nochannelhi&{}",
        "cd9&nochannelrq0&m&{}",
        "cd0&hello",
        "cd5&Golanghello",
    ] {
        peer.send(data).await;
        peer.assert_echo(data).await;
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [C-10]
async fn a_call_on_a_channel_that_is_not_open_is_answered_unimplemented(carrier: Carrier) {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = Peer::open(carrier, server.address()).await;

    for (call, answer) in [
        ("cd5&nobodrq7&m&{}", "cd5&noboder7&"),
        ("cd2&örq9;c=4&watch&{}", "cd2&öer9&"),
    ] {
        peer.send(call).await;
        let text = peer.text().await;
        let error = text.strip_prefix(answer).unwrap_or_else(|| panic!("{text}"));
        let error: serde_json::Value = serde_json::from_str(error).unwrap();
        assert_eq!(error["code"], "unimplemented");
        assert!(error["message"].is_string());
    }

    peer.assert_echo("hello").await;
    bystander.assert_undisturbed(server.address()).await;
}

/// [C-7] [C-1]
async fn lengths_in_utf16_units_are_understood_where_bytes_name_no_open_channel(carrier: Carrier) {
    let server = recorded_app::start().await;
    let (mut peer, _) = Peer::open(carrier, server.address()).await;

    // In units, in bytes, and the answer, which always counts bytes.
    for (units, bytes) in [
        ("cd1&éhello", "cd2&éhello"),
        ("cd2&日本hello", "cd6&日本hello"),
        ("cd2&😀hello", "cd4&😀hello"),
    ] {
        peer.send(units).await;
        assert_eq!(peer.text().await, bytes);
        peer.send(bytes).await;
        assert_eq!(peer.text().await, bytes);
    }
}

/// [C-7]
async fn a_channel_named_in_bytes_wins(carrier: Carrier) {
    let server = TestServer::start(Server::builder().on_socket(|socket: Socket| async move {
        for name in ["é", "éh"] {
            let channel = socket.channel(name);
            channel.clone().on_message(move |text| {
                let channel = channel.clone();
                async move { drop(channel.send(format!("{} got {text}", channel.name())).await) }
            });
        }
    }))
    .await;
    let (mut peer, _) = Peer::open(carrier, server.address()).await;

    peer.send("cd2&éhello").await;
    peer.send("cd3&éhello").await;

    let mut answers = [peer.text().await, peer.text().await];
    answers.sort();
    assert_eq!(answers, ["cd2&éé got hello", "cd3&éhéh got ello"]);
}

/// [C-11]
async fn messages_of_a_channel_keep_their_order(carrier: Carrier) {
    let server = recorded_app::start().await;
    let (mut peer, _) = Peer::open(carrier, server.address()).await;

    for number in 0..2000 {
        peer.send(&format!("cd6&golang{number}")).await;
    }

    for number in 0..2000 {
        assert_eq!(peer.text().await, format!("cd6&golang{number}"));
    }
}

/// [X-1] [F-5]
#[tokio::test]
async fn cl_ends_the_session() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for farewell in ["cl", "cl with data"] {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        peer.send(farewell).await;
        peer.send("cd1&mtoo late").await;
        assert_eq!(peer.closed().await, None);
    }
    let mut before_init = RawPeer::connect(server.address()).await;
    before_init.send("cl").await;
    assert_eq!(before_init.closed().await, None);

    bystander.assert_undisturbed(server.address()).await;
}

///
async fn what_was_sent_before_a_close_arrives(carrier: Carrier) {
    let server = recorded_app::start().await;
    let (mut peer, _) = Peer::open(carrier, server.address()).await;

    // More than one write takes; by polls it must be done within the close time [L-8], on any machine.
    let count = match carrier {
        Carrier::WebSocket => 5000,
        Carrier::Ajax => 200,
    };

    peer.send(&format!("cd3&cmdwriteclose {count}")).await;

    for number in 0..count {
        assert_eq!(peer.text().await, format!("cd5&burst{number:06}"));
    }
    peer.closed().await;
}

///
#[tokio::test]
async fn a_panic_as_the_socket_opens_ends_that_socket_only() {
    let first = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let server = TestServer::start(Server::builder().on_socket(move |socket: Socket| {
        let panics =
            !first.swap(false, std::sync::atomic::Ordering::SeqCst) && socket.user_agent() == Some("panic");
        async move {
            assert!(!panics, "a test of panics");
            let main = socket.channel("m");
            while let Some(text) = main.recv().await {
                drop(main.send(text).await);
            }
        }
    }))
    .await;
    let bystander = Bystander::open(server.address()).await;

    let upgrade = glue_tests::raw_ws::upgrade_request("User-Agent: panic\r\n");
    let (mut peer, _) = RawPeer::upgrade(server.address(), &upgrade).await;
    peer.init().await;

    assert_eq!(peer.closed().await, None);
    bystander.assert_undisturbed(server.address()).await;
}

///
#[tokio::test]
async fn the_application_hears_of_the_end_once_with_its_reason() {
    let (reasons, mut heard) = mpsc::unbounded_channel();
    let server = TestServer::start(Server::builder().on_socket(move |socket: Socket| {
        let reasons = reasons.clone();
        let ended = socket.clone();
        // What `on_socket` returns ends with the socket, so the end itself is watched from outside.
        tokio::spawn(async move { reasons.send(ended.closed().await).is_ok() });
        async move {
            while socket.recv().await.is_some() {
                socket.close();
            }
        }
    }))
    .await;
    let mut ended = Vec::new();
    for farewell in ["cl", "cd1&mclose"] {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        peer.send(farewell).await;
        peer.closed().await;
        ended.push(within("the end", heard.recv()).await.unwrap());
    }
    let (peer, _) = RawPeer::open(server.address()).await;
    drop(peer);
    ended.push(within("the end", heard.recv()).await.unwrap());

    assert_eq!(
        ended,
        [
            glue::CloseReason::Peer,
            glue::CloseReason::Local,
            glue::CloseReason::LinkLost
        ]
    );
    assert!(heard.try_recv().is_err(), "nothing is reported twice");
}

///
async fn a_server_that_shuts_down_delivers_what_was_sent_and_closes(carrier: Carrier) {
    let server = recorded_app::start().await;
    let (mut peer, id) = Peer::open(carrier, server.address()).await;
    let main = server.server().socket(&id).unwrap().channel("m");

    for number in 0..100 {
        main.send(format!("last words {number}")).await.unwrap();
    }
    let shutdown = tokio::spawn({
        let server = server.server().clone();
        async move { server.shutdown().await }
    });

    for number in 0..100 {
        assert_eq!(peer.text().await, format!("cd1&mlast words {number}"));
    }
    peer.closed().await;
    drop(peer);
    within("the shutdown", shutdown).await.unwrap();
}

//! Replays recorded conversations with the original server against ours: the client's side is played, and our answers must
//! be the recorded ones, save for the differences that docs/PROTOCOL.md lists.

mod differences;
mod script;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;

use glue_tests::raw_ws::{BINARY, CONTINUATION, FIN, PING, PONG, RawFrame, RawPeer, Received, TEXT};
use glue_tests::recorded_app;
use tokio::task::JoinSet;

use self::differences::{DIFFERENCES, NOT_REPLAYED};
use self::script::{Outgoing, Script, Step};

/// [F-7] [C-6] [C-9] [I-7] and every other rule of the original that has not changed.
#[tokio::test]
async fn recorded_conversations_are_answered_as_recorded() {
    let server = recorded_app::start().await;
    let mut replays = JoinSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts/websocket");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if NOT_REPLAYED.contains(&file.as_str()) {
            continue;
        }
        let edits = DIFFERENCES
            .iter()
            .filter(|difference| difference.file == file)
            .flat_map(|difference| difference.edits);
        let script = Script::read(&path).with_edits(edits);
        replays.spawn(replay(server.address(), file, script));
    }
    assert!(replays.len() > 30, "the recordings are found");

    while let Some(replay) = replays.join_next().await {
        replay.unwrap();
    }
}

#[test]
fn differences_and_exceptions_name_recordings_that_exist() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts/websocket");

    for file in DIFFERENCES
        .iter()
        .map(|difference| difference.file)
        .chain(NOT_REPLAYED.iter().copied())
    {
        assert!(folder.join(file).with_extension("jsonl").exists(), "{file}");
    }
}

#[test]
fn differences_cite_rules() {
    let protocol = include_str!("../../docs/PROTOCOL.md");

    for difference in DIFFERENCES {
        assert!(
            protocol.contains(difference.rule),
            "{}: {}",
            difference.file,
            difference.rule
        );
    }
}

async fn replay(server: SocketAddr, file: String, script: Script) {
    let mut peers: HashMap<u64, RawPeer> = HashMap::new();
    let mut left = HashSet::new();
    for Step {
        line,
        connection,
        action,
    } in script.steps
    {
        match action {
            script::Action::Connect => {
                peers.insert(connection, RawPeer::connect(server).await);
            }
            script::Action::Leave => {
                peers.remove(&connection);
                left.insert(connection);
            }
            script::Action::Expect(_) if left.contains(&connection) => {}
            script::Action::Send(outgoing) => {
                // Clients answer a Close frame even when the connection has ended meanwhile.
                if let Some(peer) = peers.get_mut(&connection) {
                    send(peer, &outgoing).await;
                }
            }
            script::Action::Expect(expected) => {
                let peer = peers
                    .get_mut(&connection)
                    .unwrap_or_else(|| panic!("{file}, line {line}: no connection"));
                let received = describe(&peer.next().await);
                assert_eq!(received, expected, "{file}, line {line}, connection {connection}");
                if received == END {
                    peers.remove(&connection);
                }
            }
        }
    }
    for (connection, mut peer) in peers {
        peer.send("pi").await;
        assert_eq!(
            describe(&peer.next().await),
            "po",
            "{file}, at the end of connection {connection}"
        );
    }
}

async fn send(peer: &mut RawPeer, outgoing: &Outgoing) {
    match outgoing {
        Outgoing::Text { bytes, frames } => {
            let chunks: Vec<&[u8]> = if bytes.is_empty() {
                vec![&[]]
            } else {
                bytes.chunks(bytes.len().div_ceil(*frames)).collect()
            };
            let last = chunks.len() - 1;
            for (index, payload) in chunks.into_iter().enumerate() {
                let opcode = if index == 0 { TEXT } else { CONTINUATION };
                let fin = if index == last { FIN } else { 0 };
                peer.send_frame(RawFrame {
                    first: fin | opcode,
                    masked: true,
                    payload,
                })
                .await;
            }
        }
        Outgoing::Binary(payload) => {
            peer.send_frame(RawFrame {
                first: FIN | BINARY,
                masked: true,
                payload,
            })
            .await
        }
        Outgoing::Ping(text) => {
            peer.send_frame(RawFrame {
                first: FIN | PING,
                masked: true,
                payload: text.as_bytes(),
            })
            .await
        }
        Outgoing::Pong(text) => {
            peer.send_frame(RawFrame {
                first: FIN | PONG,
                masked: true,
                payload: text.as_bytes(),
            })
            .await
        }
        Outgoing::Close { code, reason } => peer.send_close(*code, reason).await,
    }
}

/// Returns what was received as it is written in scripts; socket ids differ and are masked.
fn describe(received: &Received) -> String {
    match received {
        Received::Text(text) => script::mask_socket_id(text),
        Received::Binary(bytes) => format!("[binary {bytes:?}]"),
        Received::Ping(payload) => format!("[ping {}]", String::from_utf8_lossy(payload)),
        Received::Pong(payload) => format!("[pong {}]", String::from_utf8_lossy(payload)),
        Received::Close(code) => script::close(*code),
        Received::End => END.to_owned(),
    }
}

const END: &str = script::END;

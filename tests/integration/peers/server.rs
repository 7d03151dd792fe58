//! A raw server in memory, over WebSocket, for the Rust client.

use futures_util::StreamExt as _;
use glue::testing::Pipe;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::WebSocketStream;

/// One connection of a client.
pub(crate) type Peer = WebSocketStream<Pipe>;

/// Answers the upgrade.
pub(crate) async fn upgrade(pipe: Pipe) -> Peer {
    tokio_tungstenite::accept_async(pipe).await.unwrap()
}

/// Does the handshakes.
pub(crate) async fn open(pipe: Pipe) -> Peer {
    let mut peer = upgrade(pipe).await;
    let init = peer.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(init.starts_with(r#"in{"version":"1.9.1""#), "{init}");
    say(&mut peer, r#"in{"socketID":"6ZW6uQTwo8apxm11ta3p"}"#).await;
    peer
}

/// Says a message.
pub(crate) async fn say(peer: &mut Peer, text: &str) {
    write(peer, 0x81, text.as_bytes()).await;
}

/// Writes a frame as it is.
pub(crate) async fn write(peer: &mut Peer, first: u8, payload: &[u8]) {
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..126) => frame.push(short),
        _ => {
            frame.push(126);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend(payload);
    // The client may be gone already.
    let _ = peer.get_mut().write_all(&frame).await;
}

//! Whatever a peer sends, it harms itself at most.

use glue_tests::bystander::Bystander;
use glue_tests::raw_ws::{RawPeer, Received, upgrade_request};
use glue_tests::{recorded_app, vectors};

/// [F-3] [C-8]
#[tokio::test]
async fn every_vector_in_every_place_leaves_other_sockets_alone() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let files = ["frames.json", "pairs.json", "init.json", "envelopes.json"];

    for text in files
        .iter()
        .flat_map(|file| vectors::read(file))
        .map(|vector| vector.text)
    {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        for prefix in ["", "in", "cd", "cd1&m", "cd6&golang", "cd6&nobody", "pi", "po"] {
            peer.send(&format!("{prefix}{text}")).await;
        }
        peer.send("cd3&cmdclose").await;
        while peer.next().await != Received::End {}
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [F-11]
#[tokio::test]
async fn noise_instead_of_frames_leaves_other_sockets_alone() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);

    for _ in 0..200 {
        let (mut peer, _) = RawPeer::open(server.address()).await;
        let bytes: Vec<u8> = (0..200).map(|_| noise.byte()).collect();
        peer.send_bytes(&bytes).await;
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [H-5]
#[tokio::test]
async fn noise_instead_of_requests_leaves_other_sockets_alone() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let mut noise = Noise(0x2545_f491_4f6c_dd1d);

    for _ in 0..200 {
        let mut request = upgrade_request("Origin: http://localhost\r\n");
        for _ in 0..4 {
            let place = usize::from(noise.byte()) % request.len();
            request[place] = noise.byte();
        }
        // The head may have lost its end: more than one connection would wait for an answer.
        request.extend(b"\r\n\r\n");
        let mut peer = RawPeer::dial(server.address()).await;
        peer.send_bytes(&request).await;
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// A fixed sequence of bytes without a pattern (xorshift).
struct Noise(u64);

impl Noise {
    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.to_le_bytes()[4]
    }
}

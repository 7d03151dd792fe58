//! A crowd of clients: thousands of raw peers in one process.
//!
//! `crowd-clients ADDRESS`. Each line of its input is an order, answered with one line of JSON when it is carried out:
//!
//! | line | what is done |
//! | --- | --- |
//! | `open N` | so many peers connect and do the init exchange |
//! | `talk` | each sends texts on two channels and gets them back |
//! | `leave` | every other one says `cl`, the others drop their connections |
//! | `half-requests N`, `inits N`, … | one kind of trouble, see trouble.rs |
//!
//! A server that does anything else than it should ends the process. It ends with its input, too.

#![allow(clippy::print_stdout)] // the answers are for whoever started it
#![allow(clippy::unwrap_used)] // a panic is how it fails

mod trouble;

use std::collections::HashSet;
use std::error::Error;
use std::net::SocketAddr;

use futures_util::{StreamExt as _, stream};
use glue_tests::raw_ws::{RawPeer, Received};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// The peers that are connected.
struct Crowd {
    address: SocketAddr,
    peers: Vec<RawPeer>,
}

impl Crowd {
    async fn open(&mut self, number: usize) -> String {
        let address = self.address;
        let opened: Vec<_> = stream::iter(0..number)
            .map(|_| RawPeer::open(address))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut ids = HashSet::new();
        for (peer, id) in opened {
            self.peers.push(peer);
            ids.insert(id);
        }
        assert_eq!(ids.len(), number, "no id is given twice");
        format!(r#"{{"opened":{number}}}"#)
    }

    async fn talk(&mut self) -> String {
        let peers = self.peers.iter_mut().enumerate();
        stream::iter(peers)
            .for_each_concurrent(AT_ONCE, |(number, peer)| async move {
                peer.assert_echo(&format!("main {number}")).await;
                let texts = ["one", "two", "three"].map(|text| format!("cd6&golang{text} of {number}"));
                for text in &texts {
                    peer.send(text).await;
                }
                for text in texts {
                    assert_eq!(peer.next().await, Received::Text(text), "peer {number}");
                }
            })
            .await;
        format!(r#"{{"echoed":{}}}"#, self.peers.len() * 4)
    }

    async fn leave(&mut self) -> String {
        let left = self.peers.len();
        let peers = std::mem::take(&mut self.peers).into_iter().enumerate();
        stream::iter(peers)
            .for_each_concurrent(AT_ONCE, |(number, mut peer)| async move {
                if number % 2 == 0 {
                    peer.send("cl").await;
                    assert_eq!(peer.closed().await, None);
                }
            })
            .await;
        format!(r#"{{"left":{left}}}"#)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("usage: crowd-clients ADDRESS")?;
    let mut crowd = Crowd {
        address: address.parse()?,
        peers: Vec::new(),
    };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let (order, number) = line.split_once(' ').unwrap_or((&line, "0"));
        let number = number.parse()?;
        let answer = match order {
            "open" => crowd.open(number).await,
            "talk" => crowd.talk().await,
            "leave" => crowd.leave().await,
            name => trouble::make(name, number, crowd.address)
                .await
                .ok_or("no such order")?,
        };
        println!("{answer}");
    }
    Ok(())
}

/// Peers that are busy at the same time: fewer than wait in the server's queue of connections, or some would be turned away.
const AT_ONCE: usize = 256;

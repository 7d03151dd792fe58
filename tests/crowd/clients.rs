//! A crowd of clients: thousands of raw peers in one process.
//!
//! `crowd-clients ADDRESS`. Each line of its input is an order, answered with one line of JSON when it is carried out:
//!
//! | line | what is done |
//! | --- | --- |
//! | `open N` | so many peers connect by WebSocket and do the init exchange |
//! | `ajax N` | as many by Ajax |
//! | `talk` | each sends texts on two channels and gets them back |
//! | `leave` | every other one says `cl`, the others drop their connections; by Ajax all say `cl` |
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
use glue_tests::raw_ajax::{AjaxPeer, Polled};
use glue_tests::raw_ws::{RawPeer, Received};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// The peers that are connected.
struct Crowd {
    address: SocketAddr,
    peers: Vec<RawPeer>,
    ajax_peers: Vec<AjaxPeer>,
}

impl Crowd {
    async fn open(&mut self, number: usize) -> String {
        open(&mut self.peers, number, || RawPeer::open(self.address)).await
    }

    async fn open_ajax(&mut self, number: usize) -> String {
        open(&mut self.ajax_peers, number, || AjaxPeer::open(self.address)).await
    }

    async fn talk(&mut self) -> String {
        let peers = self.peers.iter_mut().enumerate();
        stream::iter(peers)
            .for_each_concurrent(AT_ONCE, |(number, peer)| async move {
                peer.assert_echo(&format!("main {number}")).await;
                let texts = texts(number);
                for text in &texts {
                    peer.send(text).await;
                }
                for text in texts {
                    assert_eq!(peer.next().await, Received::Text(text), "peer {number}");
                }
            })
            .await;
        let ajax_peers = self.ajax_peers.iter_mut().enumerate();
        stream::iter(ajax_peers)
            .for_each_concurrent(AT_ONCE, |(number, peer)| async move {
                peer.assert_echo(&format!("main {number}")).await;
                let texts = texts(number);
                for text in &texts {
                    peer.send(text).await;
                }
                for text in texts {
                    assert_eq!(peer.poll().await, Polled::Message(text), "Ajax peer {number}");
                }
            })
            .await;
        let echoed = (self.peers.len() + self.ajax_peers.len()) * (1 + texts(0).len());
        format!(r#"{{"echoed":{echoed}}}"#)
    }

    async fn leave(&mut self) -> String {
        let left = self.peers.len() + self.ajax_peers.len();
        let peers = std::mem::take(&mut self.peers).into_iter().enumerate();
        stream::iter(peers)
            .for_each_concurrent(AT_ONCE, |(number, mut peer)| async move {
                if number % 2 == 0 {
                    peer.send("cl").await;
                    assert_eq!(peer.closed().await, None);
                }
            })
            .await;
        let ajax_peers = std::mem::take(&mut self.ajax_peers);
        stream::iter(ajax_peers)
            .for_each_concurrent(AT_ONCE, |mut peer| async move {
                peer.start_poll().await;
                peer.send("cl").await;
                peer.closed().await;
            })
            .await;
        format!(r#"{{"left":{left}}}"#)
    }
}

/// Opens so many peers, and shows that their ids differ.
async fn open<T, F: Future<Output = (T, String)>>(
    peers: &mut Vec<T>,
    number: usize,
    one: impl Fn() -> F,
) -> String {
    let opening = stream::iter(0..number).map(|_| one());
    let opened: Vec<_> = opening.buffer_unordered(AT_ONCE).collect().await;
    let (opened, ids): (Vec<_>, HashSet<_>) = opened.into_iter().unzip();
    peers.extend(opened);
    assert_eq!(ids.len(), number, "no id is given twice");
    format!(r#"{{"opened":{number}}}"#)
}

/// Returns what a peer says on its second channel.
fn texts(number: usize) -> [String; 3] {
    ["one", "two", "three"].map(|text| format!("cd6&golang{text} of {number}"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("usage: crowd-clients ADDRESS")?;
    let mut crowd = Crowd {
        address: address.parse()?,
        peers: Vec::new(),
        ajax_peers: Vec::new(),
    };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let (order, number) = line.split_once(' ').unwrap_or((&line, "0"));
        let number = number.parse()?;
        let answer = match order {
            "open" => crowd.open(number).await,
            "ajax" => crowd.open_ajax(number).await,
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

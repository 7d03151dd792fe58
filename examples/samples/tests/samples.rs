//! Drives each sample as it is: a program of its own.

#![allow(clippy::unwrap_used)] // a panic is how a test fails, in its helpers too

use std::net::SocketAddr;
use std::process::Stdio;

use glue_tests::deadline::within;
use glue_tests::raw_http;
use glue_tests::raw_ws::{RawPeer, Received};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A running sample; it is killed with this value.
struct Sample {
    _child: Child,
    output: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Sample {
    async fn start(path: &str) -> Self {
        let mut command = Command::new(path);
        command
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = within("its address", output.next_line()).await.unwrap().unwrap();
        let address = line
            .strip_prefix("listening on http://")
            .unwrap()
            .parse()
            .unwrap();
        Self {
            _child: child,
            output,
            address,
        }
    }

    /// Opens a socket; the welcome on this channel comes first.
    async fn open(&self, welcome: &str) -> RawPeer {
        let (mut peer, _) = RawPeer::open(self.address).await;
        assert_eq!(peer.text().await, welcome);
        peer
    }

    /// Shows that the sample tells of the end of a socket that leaves, and goes on.
    async fn assert_told(mut self, mut peer: RawPeer, welcome: &str) {
        peer.send("cl").await;

        let line = within("the end of the socket", self.output.next_line()).await;
        assert_eq!(
            line.unwrap().unwrap(),
            "socket closed with remote address: Some(127.0.0.1), closed by the peer"
        );
        self.open(welcome).await;
    }
}

#[tokio::test]
async fn read_write_answers_from_its_loop() {
    let sample = Sample::start(env!("CARGO_BIN_EXE_read_write")).await;

    let mut peer = sample.open("cd1&mHello Client").await;
    peer.assert_echo("one").await;
    peer.assert_echo("two").await;

    sample.assert_told(peer, "cd1&mHello Client").await;
}

#[tokio::test]
async fn event_answers_in_order() {
    let sample = Sample::start(env!("CARGO_BIN_EXE_event")).await;

    let mut peer = sample.open("cd1&mHello Client").await;
    for number in 0..100 {
        peer.send(&format!("cd1&m{number}")).await;
    }
    for number in 0..100 {
        assert_eq!(peer.next().await, Received::Text(format!("cd1&m{number}")));
    }

    sample.assert_told(peer, "cd1&mHello Client").await;
}

#[tokio::test]
async fn write_only_takes_more_than_a_channel_holds_and_says_nothing() {
    let sample = Sample::start(env!("CARGO_BIN_EXE_write_only")).await;

    let mut peer = sample.open("cd1&mHello Client").await;
    for _ in 0..3000 {
        peer.send("cd1&mnobody reads this").await;
    }
    peer.assert_alive().await;

    sample.assert_told(peer, "cd1&mHello Client").await;
}

#[tokio::test]
async fn channels_keeps_its_channel_apart_from_the_main_one() {
    let sample = Sample::start(env!("CARGO_BIN_EXE_channels")).await;

    let mut peer = sample.open("cd6&golangHello Gophers!").await;
    peer.send("cd1&mnobody reads this").await;
    peer.send("cd6&golanghi").await;
    assert_eq!(peer.text().await, "cd6&golangchannel golang: hi");

    sample.assert_told(peer, "cd6&golangHello Gophers!").await;
}

#[tokio::test]
async fn there_is_a_page_to_try_them() {
    let sample = Sample::start(env!("CARGO_BIN_EXE_channels")).await;

    let page = raw_http::request(sample.address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;

    assert_eq!(page.status, 200);
}

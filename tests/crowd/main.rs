//! Ten thousand sockets, and peers that cost as much as they can; server and peers are processes of their own.
//!
//! What the server holds is judged by its own counters. `cargo xtask pressure` shows what the system sees of it.

#![cfg(unix)] // the limit of open files is raised by `sh`
#![allow(clippy::unwrap_used)] // a panic is how a test fails, in its helpers too

mod program;

use program::Program;
use serde::Deserialize;
use serde_json::Value;

/// What the server holds; see crowd/counters.rs.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Counters {
    sockets: usize,
    tasks: usize,
    files: Option<usize>,
    allocated: usize,
    most_allocated: usize,
    resident: Option<u64>,
}

impl Counters {
    /// Shows them to whoever reads the output.
    fn show(&self, when: &str) {
        let resident = self
            .resident
            .map_or_else(|| "unknown".to_owned(), |bytes| bytes.to_string());
        eprintln!(
            "{when}: {} sockets, {} tasks, {} bytes allocated, {resident} resident",
            self.sockets, self.tasks, self.allocated
        );
    }

    /// Fails unless both hold the same; memory is another matter.
    #[track_caller]
    fn assert_same(&self, other: &Self) {
        let held = |counters: &Self| (counters.sockets, counters.tasks, counters.files);
        assert_eq!(
            held(self),
            held(other),
            "sockets, tasks and files are what they were"
        );
    }
}

/// The server's first line.
#[derive(Debug, Deserialize)]
struct Start {
    port: u16,
}

/// Starts a server with so many sockets for one address, or with the default, and a crowd for it.
async fn start(sockets: &str) -> (Program, Program, Counters) {
    let mut server = Program::start(env!("CARGO_BIN_EXE_crowd-server"), sockets);
    let Start { port } = server.answer("its start").await;
    let clients = Program::start(env!("CARGO_BIN_EXE_crowd-clients"), &format!("127.0.0.1:{port}"));
    let at_first: Counters = server.ask("settled").await;
    at_first.show("at first");
    (server, clients, at_first)
}

#[tokio::test]
async fn ten_thousand_sockets_leave_nothing_behind() {
    let (mut server, mut clients, at_first) = start(&SOCKETS.to_string()).await;

    let mut after = Vec::new();
    // The server admits no more than so many: if it took one that has left for one that is there, it would refuse others.
    for _ in 0..2 {
        assert_eq!(clients.count(&format!("open {SOCKETS}"), "opened").await, SOCKETS);
        assert_eq!(clients.count("talk", "echoed").await, 4 * SOCKETS);
        let full: Counters = server.ask(&format!("sockets {SOCKETS}")).await;
        full.show("all open");
        assert_eq!(full.sockets, SOCKETS);
        assert!(
            full.allocated < SOCKETS * COST,
            "a socket costs more than {COST} bytes"
        );

        assert_eq!(clients.count("leave", "left").await, SOCKETS);
        let empty: Counters = server.ask("settled").await;
        empty.show("all gone");
        empty.assert_same(&at_first);
        after.push(empty.allocated);
    }

    let kept = after[1].saturating_sub(after[0]);
    assert!(
        kept < SOCKETS * LEAST_LEAK,
        "the second round has kept {kept} bytes"
    );
    let kept = after[1].saturating_sub(at_first.allocated);
    assert!(kept < SOCKETS * ENTRY, "both rounds have kept {kept} bytes");
}

/// Has `number` peers make trouble, which may cost so many bytes each, and nothing once it is over.
///
/// The clients see for themselves that another socket is not disturbed.
async fn trouble(kind: &str, number: usize, bytes: usize) {
    let (mut server, mut clients, at_first) = start("").await;

    let met: Value = clients.ask(&format!("{kind} {number}")).await;
    let after: Counters = server.ask("settled").await;

    let cost = after.most_allocated - at_first.allocated;
    eprintln!("{kind}: {met}; {} bytes each", cost / number);
    assert!(cost < number * bytes, "{cost} bytes for {number} peers");
    after.assert_same(&at_first);
    let kept = after.allocated.saturating_sub(at_first.allocated);
    assert!(kept < FIRST_USE, "{kept} bytes are kept");
}

#[tokio::test]
async fn half_sent_requests_cost_little_and_are_ended() {
    trouble("half-requests", 300, COST).await;
}

#[tokio::test]
async fn channels_that_nobody_reads_hold_their_bound_and_leave_nothing_behind() {
    trouble("neglected", 100, (1 << 20) + COST).await;
}

#[tokio::test]
async fn peers_that_ask_for_much_and_read_nothing_cost_what_may_wait_for_them() {
    // Twice `send_bytes`, and the texts that find no room.
    trouble("stuck", 100, 2 * (64 << 10) + (64 << 10) + COST).await;
}

#[tokio::test]
async fn announced_giants_cost_no_more_than_any_socket() {
    trouble("giants", 20, COST).await;
}

#[tokio::test]
async fn a_message_in_many_fragments_costs_what_it_holds() {
    // Buffers grow by doubling.
    trouble("fragments", 20, 2 * (64 << 10) + COST).await;
}

const SOCKETS: usize = 10_000;

/// Bytes that an idle socket may take, with two channels and their handlers; about twice of what it does take.
const COST: usize = 32 << 10;

/// The smallest thing that could be forgotten with each socket.
const LEAST_LEAK: usize = 8;

/// Bytes that tables may keep for each socket that they have once held: they don't shrink by themselves.
const ENTRY: usize = 200;

/// Bytes that a process may keep once it has served anybody.
const FIRST_USE: usize = 64 << 10;

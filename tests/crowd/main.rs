//! Thousands of sockets, and peers that cost as much as they can; server and peers are processes of their own.
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

/// Lets so many peers come by one transport, talk and leave, twice; each may cost so many bytes while it is there.
///
/// The server admits no more than so many: if it took one that has left for one that is there, it would refuse others.
async fn crowd(order: &str, number: usize, cost: usize) {
    let (mut server, mut clients, at_first) = start(&number.to_string()).await;

    let mut after = Vec::new();
    for _ in 0..2 {
        assert_eq!(
            clients.count(&format!("{order} {number}"), "opened").await,
            number
        );
        assert_eq!(clients.count("talk", "echoed").await, 4 * number);
        let full: Counters = server.ask(&format!("sockets {number}")).await;
        full.show("all open");
        assert_eq!(full.sockets, number);
        assert!(
            full.allocated < number * cost + buffers(),
            "a socket costs more than {cost} bytes"
        );

        assert_eq!(clients.count("leave", "left").await, number);
        let empty: Counters = server.ask("settled").await;
        empty.show("all gone");
        empty.assert_same(&at_first);
        after.push(empty.allocated);
    }

    let kept = after[1].saturating_sub(after[0]);
    assert!(
        kept < number * LEAST_LEAK,
        "the second round has kept {kept} bytes"
    );
    let kept = after[1].saturating_sub(at_first.allocated);
    assert!(kept < FIRST_USE + buffers(), "both rounds have kept {kept} bytes");
}

#[tokio::test]
async fn ten_thousand_sockets_leave_nothing_behind() {
    crowd("open", 10_000, SOCKET).await;
}

#[tokio::test]
async fn a_thousand_ajax_sessions_leave_nothing_behind() {
    // Each keeps two connections, one for its polls and one for its pushes.
    crowd("ajax", 1_000, 2 * COST).await;
}

/// Has `number` peers make trouble, which may cost so many bytes in all, and nothing once it is over; returns what they met.
///
/// The clients see for themselves that another socket is not disturbed.
async fn trouble(kind: &str, number: usize, bytes: usize) -> Value {
    let (mut server, mut clients, at_first) = start("").await;

    let met: Value = clients.ask(&format!("{kind} {number}")).await;
    let after: Counters = server.ask("settled").await;

    let cost = after.most_allocated - at_first.allocated;
    eprintln!("{kind}: {met} at the cost of {cost} bytes");
    assert!(cost < bytes + buffers(), "{cost} bytes for {number} peers");
    after.assert_same(&at_first);
    let kept = after.allocated.saturating_sub(at_first.allocated);
    assert!(kept < FIRST_USE + buffers(), "{kept} bytes are kept");
    met
}

#[tokio::test]
async fn half_sent_requests_cost_little_and_are_ended() {
    trouble("half-requests", 300, 300 * COST).await;
}

#[tokio::test]
async fn a_flood_of_inits_is_admitted_up_to_the_bound_and_ends_by_itself() {
    // A session without `in` has no channels.
    let met = trouble("inits", 20_000, ADMITTED * COST / 4).await;

    // One was there before. Where the flood takes longer than a session lasts, others get their places.
    let [started, refused] = ["started", "refused"].map(|end| met[end].as_u64().unwrap());
    assert!(started >= ADMITTED as u64 - 1, "{met}");
    assert_eq!(started + refused, 20_000);
}

#[tokio::test]
async fn channels_that_nobody_reads_hold_their_bound_and_leave_nothing_behind() {
    // What fills the channel, and what was read with the first message that found no room.
    trouble("neglected", 100, 100 * ((1 << 20) + READ_AT_ONCE + COST)).await;
}

#[tokio::test]
async fn peers_that_ask_for_much_and_read_nothing_cost_what_may_wait_for_them() {
    // Twice `send_bytes`, and the texts that find no room.
    trouble("stuck", 100, 100 * (3 * (64 << 10) + COST)).await;
}

#[tokio::test]
async fn announced_giants_cost_no_more_than_any_socket() {
    trouble("giants", 20, 20 * COST).await;
}

#[tokio::test]
async fn a_message_in_many_fragments_costs_what_it_holds() {
    // Buffers grow by doubling.
    trouble("fragments", 20, 20 * (2 * (64 << 10) + COST)).await;
}

/// Bytes that an idle WebSocket, with two channels and their handlers, may take: twice of what it does.
const SOCKET: usize = 12 << 10;

/// Bytes that a connection on which HTTP is spoken may take, and a peer beside what it makes trouble with: about twice of what they do.
const COST: usize = 32 << 10;

/// Bytes that the server's threads keep for all its sockets: each reads into one buffer and writes from another.
fn buffers() -> usize {
    std::thread::available_parallelism().unwrap().get() * 2 * (64 << 10)
}

/// Bytes that a server reads from a socket at once.
const READ_AT_ONCE: usize = 32 << 10;

/// Bytes that a process may keep once it has served anybody.
const FIRST_USE: usize = 64 << 10;

/// The smallest thing that could be forgotten with each socket.
const LEAST_LEAK: usize = 8;

/// Sockets that one address may have by default.
const ADMITTED: usize = 1024;

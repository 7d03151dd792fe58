//! Ten thousand sockets, in processes of their own.

#![cfg(unix)] // the limit of open files is raised by `sh`
#![allow(clippy::unwrap_used)] // a panic is how a test fails, in its helpers too

mod program;

use program::Program;
use serde::Deserialize;

/// What the server holds; see crowd/counters.rs.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Counters {
    sockets: usize,
    tasks: usize,
    files: Option<usize>,
    allocated: usize,
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

#[tokio::test]
async fn ten_thousand_sockets_leave_nothing_behind() {
    let mut server = Program::start(env!("CARGO_BIN_EXE_crowd-server"), &SOCKETS.to_string());
    let Start { port } = server.answer("its start").await;
    let mut clients = Program::start(env!("CARGO_BIN_EXE_crowd-clients"), &format!("127.0.0.1:{port}"));
    let at_first: Counters = server.ask("settled").await;
    at_first.show("at first");

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

const SOCKETS: usize = 10_000;

/// Bytes that an idle socket may take, with two channels and their handlers; about twice of what it does take.
const COST: usize = 32 << 10;

/// The smallest thing that could be forgotten with each socket.
const LEAST_LEAK: usize = 8;

/// Bytes that tables may keep for each socket that they have once held: they don't shrink by themselves.
const ENTRY: usize = 200;

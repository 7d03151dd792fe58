//! Exchanges under any sequence of operations: what is found by lot is kept in `fuzz/*.txt`, and played again first.
//!
//! An operation is a text: an envelope of the peer as it is on the wire, or a word of the test's own. A sequence is one line,
//! its operations parted by ` | `. A failing line is printed when it has been made as short as it gets; add it to the corpus.
//!
//! `GLUE_SEEDS=100000 cargo test -p glue-runtime --all-features fuzz` looks for more.

mod both;
mod caller;
mod calling;
mod serving;

use std::future::Future;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Plays the lines of a corpus, then others by lot.
fn fuzz(corpus: &str, operation: impl Strategy<Value = Vec<String>>, play: impl Fn(&[String])) {
    for line in corpus
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let operations: Vec<_> = line.split(" | ").map(str::to_owned).collect();
        attempt(&operations, &play).unwrap_or_else(|error| panic!("{error}"));
    }
    let config = Config {
        cases: cases(),
        max_shrink_iters: 20_000,
        failure_persistence: None,
        ..Config::default()
    };
    let found = TestRunner::new(config).run(&operation, |operations| {
        attempt(&operations, &play).map_err(TestCaseError::fail)
    });
    if let Err(found) = found {
        panic!("{found}");
    }
}

/// Says with a failure which line it was.
fn attempt(operations: &[String], play: &impl Fn(&[String])) -> Result<(), String> {
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(operations)));
    played.map_err(|cause| {
        let cause = cause.downcast_ref::<String>().cloned();
        let cause = cause.unwrap_or_else(|| "see above".to_owned());
        format!("{cause}\nin: {}", operations.join(" | "))
    })
}

fn cases() -> u32 {
    let asked = std::env::var("GLUE_SEEDS").ok();
    asked.map_or(400, |asked| asked.parse().unwrap())
}

/// Runs a case in virtual time.
fn in_virtual_time(case: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(tokio::task::unconstrained(case));
}

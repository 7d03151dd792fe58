//! Methods that block: computations, and calls of libraries that wait.

use std::panic::resume_unwind;

use tokio::task::{JoinHandle, spawn_blocking};
use tracing::Span;

use super::context::Context;
use super::dispatch::Outcome;
use super::error::RpcError;
use crate::proto::code::Code;

/// Runs a method in a thread of tokio's blocking pool, inside of its call's span.
///
/// Once it has begun nothing can stop it. So the macro declares such methods to run to their end: their calls keep their places
/// among what a socket may have under way, whoever leaves, and a client that calls and cancels over and over gets no more threads
/// than any other. One whose caller has left before a thread was free is not begun at all.
pub async fn blocking<R: Send + 'static>(
    cx: Context,
    run: impl FnOnce(&Context) -> Outcome<R> + Send + 'static,
) -> Outcome<R> {
    let span = Span::current();
    let mut thread = Thread(spawn_blocking(move || {
        if cx.is_cancelled() {
            return Outcome::Failed(RpcError::new(Code::Cancelled, "nobody waits for it"));
        }
        span.in_scope(|| run(&cx))
    }));
    match (&mut thread.0).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime ends.
            Err(_) => Outcome::Failed(RpcError::internal()),
        },
    }
}

/// A method that has a thread, or waits for one; if it still waits when this is dropped it doesn't begin.
struct Thread<T>(JoinHandle<T>);

impl<T> Drop for Thread<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

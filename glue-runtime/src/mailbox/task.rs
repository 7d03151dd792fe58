//! Futures of the application.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;

/// A future of the application that is polled by the driver of its socket.
///
/// A panic of its destructor is logged: sets of futures leak what is left of them when one of them panics as it is dropped,
/// and a second one at the same time would end the process.
pub(crate) struct Task<T = ()>(Option<BoxFuture<'static, T>>);

impl<T> Task<T> {
    pub(crate) fn new(future: BoxFuture<'static, T>) -> Self {
        Self(Some(future))
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // It is there until `drop`.
        self.0
            .as_mut()
            .map_or(Poll::Pending, |future| future.as_mut().poll(cx))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        let future = self.0.take();
        if catch_unwind(AssertUnwindSafe(|| drop(future))).is_err() {
            tracing::error!("a destructor of a handler panicked");
        }
    }
}

//! Client streams: the items that a caller sends to a method.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;

/// The items that a caller streams to a method: `chunks: Incoming<Chunk>`, the last parameter of it.
///
/// It ends when the caller's stream has ended well. Where that failed, or an item is no `T`, the call ends and the method's
/// future is dropped, so what the method sees is never cut short. Credit is granted as items are taken, so a slow method slows
/// its caller. Dropping it tells the caller to send no more.
pub struct Incoming<T> {
    item: PhantomData<fn() -> T>,
}

impl<T> Stream for Incoming<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Pending
    }
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}

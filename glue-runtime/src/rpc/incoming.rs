//! Client streams: the items that a caller sends to a method.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream;

use super::codec::Codec;
use super::error::RpcError;
use super::exchanges::Exchanges;
use super::message::{ArgsError, read_item};
use crate::proto::code::Code;

/// The items that a caller streams to a method: `chunks: Incoming<Chunk>`, the last parameter of it.
///
/// It ends when the caller's stream has ended well. Where that failed, or an item is no `T`, the call ends and the method's
/// future is dropped, so what the method sees is never cut short. Credit is granted as items are taken, so a slow method slows
/// its caller; what waits is bounded to 32 items and about 512 KiB of text. Dropping it tells the caller to send no more.
///
/// One that outlives its call yields nothing more.
pub struct Incoming<T> {
    exchanges: Arc<Exchanges>,
    id: u64,
    /// Items read so far.
    count: u64,
    is_over: bool,
    read: Box<Read<T>>,
}

/// Reads the item of this number.
type Read<T> = dyn Fn(u64, &str) -> Result<T, ArgsError> + Send;

impl<T: Send + 'static> Incoming<T> {
    pub(super) fn new(
        exchanges: Arc<Exchanges>,
        id: u64,
        method: &'static str,
        param: &'static str,
        codec: impl Codec<T> + Send + 'static,
    ) -> Self {
        Self {
            exchanges,
            id,
            count: 0,
            is_over: false,
            read: Box::new(move |number, json| read_item(method, param, number, codec, json)),
        }
    }
}

impl<T> Stream for Incoming<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let Some(json) = ready!(self.exchanges.poll_item(self.id, cx)) else {
            self.is_over = true;
            return Poll::Ready(None);
        };
        self.count += 1;
        match (self.read)(self.count, &json) {
            Ok(item) => Poll::Ready(Some(item)),
            Err(error) => {
                // The call ends with it; until then the method waits.
                let error = RpcError::new(Code::InvalidArgument, error.message);
                self.exchanges.fail(self.id, error);
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Incoming<T> {
    fn drop(&mut self) {
        self.exchanges.close_up(self.id);
    }
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

//! Streams of a method in both directions: items leave as the caller's credit allows, and arrive as it was granted.
//!
//! A stream is pumped inside its call's own future, so it may borrow from the service and needs no box. Items are
//! written as finished messages into a buffer that the channel's dispatcher empties right behind the poll.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::Stream;
use futures_util::future::poll_fn;

use super::codec::Codec;
use super::dispatch::{Outcome, encode_failure, encode_reply};
use super::exchanges::Exchanges;
use super::incoming::Incoming;
use super::message::{ReplyKind, ReplyMessage};
use crate::proto::envelope::Kind;

/// The streams of one exchange, given to its method.
#[derive(Debug)]
pub struct Items {
    id: u64,
    exchanges: Arc<Exchanges>,
}

impl Items {
    pub(super) fn new(id: u64, exchanges: Arc<Exchanges>) -> Self {
        Self { id, exchanges }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Returns the items that the caller streams to the parameter `param` of `method`; called once at most.
    pub fn incoming<T: Send + 'static>(
        &self,
        method: &'static str,
        param: &'static str,
        codec: impl Codec<T> + Send + 'static,
    ) -> Incoming<T> {
        Incoming::new(self.exchanges.clone(), self.id, method, param, codec)
    }

    /// Sends what `stream` yields, each item wrapped into the channel's reply message, until it ends.
    ///
    /// The stream is not polled while there is no credit. An item that is an application error, or that can't be
    /// written, ends the exchange.
    pub async fn pump<S, R>(self, stream: S, wrap: fn(S::Item) -> R) -> Outcome<R>
    where
        S: Stream,
        R: ReplyMessage,
    {
        let mut stream = pin!(stream);
        let open = Open(self);
        let end = poll_fn(|cx| {
            loop {
                if open.0.exchanges.poll_credit(open.0.id, cx).is_pending() {
                    return Poll::Pending;
                }
                match stream.as_mut().poll_next(cx) {
                    Poll::Ready(Some(item)) => {
                        if let Some(end) = open.send(&wrap(item)) {
                            return Poll::Ready(end);
                        }
                    }
                    Poll::Ready(None) => {
                        open.0.exchanges.send_end(open.0.id);
                        return Poll::Ready(StreamEnd::Ended);
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        Outcome::Streamed(end)
    }
}

/// How a stream has ended; its caller has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// It yielded all that it had.
    Ended,
    /// With the method's own error.
    ApplicationError,
    /// An item could not be written.
    Unwritable,
}

/// A stream that has begun; its entry goes with it, also when the call is cancelled.
struct Open(Items);

impl Open {
    fn send<R: ReplyMessage>(&self, reply: &R) -> Option<StreamEnd> {
        let Items { id, exchanges } = &self.0;
        let lane = exchanges.lane();
        let (text, end) = match encode_reply(lane, Kind::Item, *id, reply) {
            Ok((text, ReplyKind::Value)) => (text, None),
            Ok((text, ReplyKind::ApplicationError)) => (text, Some(StreamEnd::ApplicationError)),
            Err(error) => {
                let text = encode_failure(lane, *id, &error);
                (text, Some(StreamEnd::Unwritable))
            }
        };
        exchanges.send_item(*id, text, end.is_some());
        end
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.exchanges.close_down(self.0.id);
    }
}

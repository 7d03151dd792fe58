//! Streams of a method in both directions: items leave as the caller's credit allows, and arrive as it was granted.
//!
//! A stream is pumped inside its call's own future, so it may borrow from the service and needs no box. Items are
//! written as finished messages into a buffer that the channel's dispatcher empties right behind the poll.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use futures_util::future::poll_fn;

use super::codec::Codec;
use super::dispatch::{Outcome, write_failure, write_head, write_value};
use super::exchanges::{Allowance, Exchanges};
use super::incoming::Incoming;
use super::message::{ReplyKind, ReplyMessage};
use crate::proto::envelope::Kind;

/// The streams of one exchange, given to its method.
#[derive(Debug)]
pub struct Items {
    id: u64,
    /// None for a method without streams.
    exchanges: Option<Arc<Exchanges>>,
}

impl Items {
    pub(super) fn new(id: u64, exchanges: Option<Arc<Exchanges>>) -> Self {
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
        Incoming::new(self.exchanges().clone(), self.id, method, param, codec)
    }

    fn exchanges(&self) -> &Arc<Exchanges> {
        let exchanges = self.exchanges.as_ref();
        exchanges.expect("a message's kind says whether its method has streams")
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
        let open = Open::new(self);
        let end = poll_fn(|cx| {
            loop {
                let Poll::Ready(mut turn) = open.poll_turn(cx) else {
                    return Poll::Pending;
                };
                while turn.has_room() {
                    match stream.as_mut().poll_next(cx) {
                        Poll::Ready(Some(item)) => {
                            if let Some(end) = turn.send(&open.head, &wrap(item)) {
                                return Poll::Ready(end);
                            }
                        }
                        Poll::Ready(None) => {
                            turn.end();
                            return Poll::Ready(StreamEnd::Ended);
                        }
                        Poll::Pending => return Poll::Pending,
                    }
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
struct Open {
    items: Items,
    /// What stands in front of each item.
    head: String,
}

impl Open {
    fn new(items: Items) -> Self {
        let mut head = String::new();
        write_head(items.exchanges().lane(), Kind::Item, items.id, &mut head);
        Self { items, head }
    }

    /// Waits until an item may be asked for.
    fn poll_turn(&self, cx: &Context<'_>) -> Poll<Turn<'_>> {
        let (id, exchanges) = (self.items.id, self.items.exchanges());
        exchanges.poll_allowance(id, cx).map(|allowance| Turn {
            exchanges,
            id,
            allowance,
            is_over: false,
        })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.items.exchanges().close_down(self.items.id);
    }
}

/// What a stream writes without a look at anything that is shared. It is given back when this is dropped, also where the stream
/// panics.
struct Turn<'a> {
    exchanges: &'a Exchanges,
    id: u64,
    allowance: Allowance,
    /// Whether its last message was written.
    is_over: bool,
}

impl Turn<'_> {
    fn has_room(&self) -> bool {
        self.allowance.items > 0 && self.allowance.bytes > 0
    }

    /// Writes an item behind its head, or what ends the stream instead of one.
    fn send<R: ReplyMessage>(&mut self, head: &str, reply: &R) -> Option<StreamEnd> {
        let lane = self.exchanges.lane();
        let Allowance {
            out, items, bytes, ..
        } = &mut self.allowance;
        let text = out.begin();
        let start = text.len();
        text.push_str(head);
        let end = match write_value(lane, self.id, reply, text, start) {
            Ok(ReplyKind::Value) => None,
            Ok(ReplyKind::ApplicationError) => Some(StreamEnd::ApplicationError),
            Err(error) => {
                text.truncate(start);
                write_failure(lane, self.id, &error, text);
                Some(StreamEnd::Unwritable)
            }
        };
        *items -= 1;
        *bytes = bytes.saturating_sub(text.len() - start);
        out.end();
        self.is_over = end.is_some();
        end
    }

    /// Writes the end of the stream, which needs no credit.
    fn end(&mut self) {
        let out = &mut self.allowance.out;
        write_head(self.exchanges.lane(), Kind::End, self.id, out.begin());
        out.end();
        self.is_over = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.exchanges
            .put_back(self.id, &mut self.allowance, self.is_over);
    }
}

//! Server streams: items leave as the caller's credit allows.
//!
//! A stream is pumped inside its call's own future, so it may borrow from the service and needs no box. Items are
//! written as finished messages into a buffer that the channel's dispatcher empties right behind the poll.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;
use futures_util::future::poll_fn;

use super::codec::Codec;
use super::dispatch::{Outcome, encode_failure, encode_reply};
use super::incoming::Incoming;
use super::message::{ReplyKind, ReplyMessage};
use crate::channel::Lane;
use crate::proto::envelope::{self, Kind};
use crate::proto::limits::{MAX_CREDIT, STREAM_BYTES};
use crate::proto::text::Text;

/// The outgoing half of one exchange, given to a method that streams.
#[derive(Debug)]
pub struct Items {
    id: u64,
    credit: u32,
    streams: Arc<Streams>,
}

impl Items {
    pub(super) fn new(id: u64, credit: u32, streams: Arc<Streams>) -> Self {
        Self { id, credit, streams }
    }

    /// Returns the items that the caller streams to the parameter `param` of `method`; called once at most.
    pub fn incoming<T: Send + 'static>(
        &self,
        _method: &'static str,
        _param: &'static str,
        _codec: impl Codec<T> + Send + 'static,
    ) -> Incoming<T> {
        todo!()
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
        poll_fn(|cx| {
            loop {
                if open.poll_credit(cx).is_pending() {
                    return Poll::Pending;
                }
                match stream.as_mut().poll_next(cx) {
                    Poll::Ready(Some(item)) => {
                        if open.send(&wrap(item)).is_break() {
                            return Poll::Ready(());
                        }
                    }
                    Poll::Ready(None) => {
                        open.finish();
                        return Poll::Ready(());
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        Outcome::Ended
    }
}

/// The peer granted more credit than there can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct CreditOverflow;

/// The streams under way in one channel of one socket.
#[derive(Debug)]
pub(super) struct Streams {
    lane: Arc<Lane>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Finished messages that the dispatcher has not taken yet.
    out: Vec<Text>,
    bytes: usize,
    credits: HashMap<u64, Credit>,
}

#[derive(Debug)]
struct Credit {
    items: u32,
    /// Wakes the stream's future when there is credit or room again.
    waker: Option<Waker>,
}

impl Streams {
    pub(super) fn new(lane: Arc<Lane>) -> Self {
        Self {
            lane,
            state: Mutex::default(),
        }
    }

    /// Adds to what an exchange may send, up to the most that credit can be. Credit for an exchange that has ended
    /// crossed with its end.
    pub(super) fn grant(&self, id: u64, items: u32) -> Result<(), CreditOverflow> {
        let mut state = self.lock();
        let Some(credit) = state.credits.get_mut(&id) else {
            return Ok(());
        };
        let total = credit
            .items
            .checked_add(items)
            .filter(|&total| total <= MAX_CREDIT);
        credit.items = total.unwrap_or(MAX_CREDIT);
        if let Some(waker) = credit.waker.take() {
            waker.wake();
        }
        total.map(|_| ()).ok_or(CreditOverflow)
    }

    /// Moves finished messages to `out`, and lets streams that waited for room go on.
    pub(super) fn drain(&self, out: &mut Vec<Text>) {
        let mut state = self.lock();
        if state.out.is_empty() {
            return;
        }
        out.append(&mut std::mem::take(&mut state.out));
        state.bytes = 0;
        for credit in state.credits.values_mut().filter(|credit| credit.items > 0) {
            if let Some(waker) = credit.waker.take() {
                waker.wake();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that has begun; its entry goes with it, also when the call is cancelled.
struct Open {
    id: u64,
    streams: Arc<Streams>,
}

impl Open {
    fn new(items: Items) -> Self {
        let Items { id, credit, streams } = items;
        streams.lock().credits.insert(
            id,
            Credit {
                items: credit,
                waker: None,
            },
        );
        Self { id, streams }
    }

    /// Waits for one item's credit, and for room for what it buys.
    fn poll_credit(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.streams.lock();
        let has_room = state.bytes < STREAM_BYTES;
        match state.credits.get_mut(&self.id) {
            Some(credit) if credit.items > 0 && has_room => Poll::Ready(()),
            Some(credit) => {
                credit.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }

    fn send<R: ReplyMessage>(&self, reply: &R) -> std::ops::ControlFlow<()> {
        let item = encode_reply(&self.streams.lane, Kind::Item, self.id, reply);
        let mut state = self.streams.lock();
        if let Some(credit) = state.credits.get_mut(&self.id) {
            credit.items = credit.items.saturating_sub(1);
        }
        let (text, flow) = match item {
            Ok((text, ReplyKind::Value)) => (text, std::ops::ControlFlow::Continue(())),
            Ok((text, ReplyKind::ApplicationError)) => (text, std::ops::ControlFlow::Break(())),
            Err(error) => (
                encode_failure(&self.streams.lane, self.id, &error),
                std::ops::ControlFlow::Break(()),
            ),
        };
        state.bytes += text.len();
        state.out.push(text);
        flow
    }

    fn finish(&self) {
        let mut out = self.streams.lane.begin(24);
        envelope::Envelope::End { id: self.id }.encode(&mut out);
        self.streams.lock().out.push(out.into());
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.streams.lock().credits.remove(&self.id);
    }
}

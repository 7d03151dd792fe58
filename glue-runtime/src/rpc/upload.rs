//! The items that a caller streams to a method, as far as the callee lets them come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _, poll_fn};
use futures_util::task::AtomicWaker;

use super::caller::SentItems;
use super::error::RpcError;
use super::exchange::Exchange;
use crate::proto::envelope::Envelope;
use crate::proto::limits::MAX_CREDIT;

/// What the callee lets the caller send: shared by the channel, which hears it, and the [`Pump`].
#[derive(Debug, Default)]
pub(super) struct Upload {
    state: Mutex<State>,
    pump: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    credit: u32,
    is_closed: bool,
}

impl Upload {
    /// Adds to what may be sent, up to the most that credit can be.
    pub(super) fn grant(&self, items: u32) -> Result<(), CreditOverflow> {
        let total = {
            let mut state = self.lock();
            let total = state.credit.checked_add(items);
            let total = total.filter(|&total| total <= MAX_CREDIT);
            state.credit = total.unwrap_or(MAX_CREDIT);
            total
        };
        self.pump.wake();
        total.map(|_| ()).ok_or(CreditOverflow)
    }

    /// Nobody wants more items.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.pump.wake();
    }

    /// Returns whether nobody wants more items.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Waits for one item's credit; [`Pump::poll`] has registered who is woken.
    fn poll_credit(&self) -> Poll<()> {
        if self.lock().credit > 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn spend(&self) {
        let mut state = self.lock();
        state.credit = state.credit.saturating_sub(1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The callee granted more credit than there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CreditOverflow;

/// Moves items from their source to the socket; owned and polled by the call itself, so it ends with that.
pub(super) struct Pump {
    upload: Arc<Upload>,
    /// `None` at its end.
    future: Option<BoxFuture<'static, Result<(), RpcError>>>,
}

impl Pump {
    pub(super) fn new(exchange: Arc<Exchange>, upload: Arc<Upload>, source: SentItems) -> Self {
        let future = run(exchange, upload.clone(), source).boxed();
        Self {
            upload,
            future: Some(future),
        }
    }

    /// Goes on, until the source has ended or nobody wants more of it; fails with the source's own failure.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RpcError>> {
        self.upload.pump.register(cx.waker());
        if self.upload.is_closed() {
            self.future = None;
        }
        let Some(future) = &mut self.future else {
            return Poll::Ready(Ok(()));
        };
        let polled = future.poll_unpin(cx);
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }
}

/// At most one item is held beside those in the mailbox.
async fn run(exchange: Arc<Exchange>, upload: Arc<Upload>, mut source: SentItems) -> Result<(), RpcError> {
    loop {
        // [S-1]: nothing is asked for that could not be sent.
        poll_fn(|_| upload.poll_credit()).await;
        let Some(item) = source.next().await else {
            exchange.send(|id| Envelope::End { id }).await;
            return Ok(());
        };
        let json = &item?;
        upload.spend();
        exchange.send(|id| Envelope::Item { id, json }).await;
    }
}

//! Calls that wait for something, and the guards around application code.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{AbortHandle, Abortable, Aborted, Pending, pending};

use super::dispatch::Exchange;
use super::exchanges::Exchanges;
use super::measure::Measure;
use crate::proto::code::Code;

/// A call that waits for something.
pub(super) struct Running<F> {
    exchange: Exchange,
    /// Taken at the end.
    held: Option<(Measure, Place)>,
    abort: AbortHandle,
    aborted: Abortable<Pending<()>>,
    future: Guarded<F>,
}

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for the call before it.
    Queued,
    Running,
    /// Its last message was sent, while something around the method goes on.
    Told,
}

/// How such a call ended.
pub(super) struct Ended<T> {
    pub(super) exchange: Exchange,
    pub(super) measure: Option<Measure>,
    pub(super) end: Result<Result<T, Panicked>, Aborted>,
}

impl<F: Future> Running<F> {
    pub(super) fn new(exchange: Exchange, place: Place, measure: Measure, future: Pin<Box<F>>) -> Self {
        let (abort, registration) = AbortHandle::new_pair();
        Self {
            exchange,
            held: Some((measure, place)),
            abort,
            aborted: Abortable::new(pending(), registration),
            future: Guarded(Some(future)),
        }
    }

    pub(super) fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// Drops the call and frees its place, now; what is left of it is collected when it is polled. `code` is what it ends with in the metrics.
    pub(super) fn stop(&mut self, code: Code) {
        self.future.clear();
        if let Some((measure, _place)) = self.held.take() {
            measure.end(code.as_str());
        }
        self.abort.abort();
    }
}

impl<F: Future> Future for Running<F> {
    type Output = Ended<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let ended = |end, held: Option<(Measure, Place)>| Ended {
            exchange: this.exchange,
            // The place is free from here on.
            measure: held.map(|(measure, _)| measure),
            end,
        };
        if let Poll::Ready(Err(aborted)) = Pin::new(&mut this.aborted).poll(cx) {
            return Poll::Ready(ended(Err(aborted), this.held.take()));
        }
        let future = &mut this.future;
        let polled = match &this.held {
            Some((measure, _)) => measure.within(|| Pin::new(future).poll(cx)),
            None => Pin::new(future).poll(cx),
        };
        polled.map(|end| ended(Ok(end), this.held.take()))
    }
}

/// A place among what the socket may have under way.
pub(super) struct Place {
    exchanges: Arc<Exchanges>,
    is_stream: bool,
}

impl Place {
    pub(super) fn take(exchanges: &Arc<Exchanges>, exchange: Exchange) -> Self {
        let is_stream = exchange.is_stream();
        exchanges.lane().mailbox().quota().take(is_stream);
        Self {
            exchanges: exchanges.clone(),
            is_stream,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.exchanges.lane().mailbox().quota().release(self.is_stream);
    }
}

/// A method's future whose panics, in its destructors too, end its own call only.
struct Guarded<F>(Option<Pin<Box<F>>>);

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else {
            return Poll::Pending;
        };
        match guard(|| future.as_mut().poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }
}

impl<F> Guarded<F> {
    fn clear(&mut self) {
        let future = self.0.take();
        let _ = guard(|| drop(future));
    }
}

impl<F> Drop for Guarded<F> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Application code panicked; the panic hook has reported where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panicked;

/// Runs application code. What a panic leaves behind is the service's own: it must keep its state sound, as with any
/// panic in a task, while nothing of ours is touched inside.
pub(super) fn guard<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Panicked)
}

//! A channel of a server: both halves of its typed calls behind one door.

use futures_util::future::BoxFuture;

use super::audience::Attendance;
use super::calls::Calls;
use super::context::Context;
use super::dispatch::{Dispatch, Outcome};
use super::dispatcher::Dispatcher;
use super::serving::Serving as _;
use super::stream::Items;
use crate::channel::{Inbound, Receipt, Turn};
use crate::proto::envelope::Envelope;

/// Takes the messages of one channel of one socket, and gives each to the half whose exchange it is for.
pub(super) struct Served<D: Dispatch, R, F> {
    serving: Dispatcher<D, R, F>,
    /// Keeps the socket among those that have opened the channel.
    _attendance: Attendance,
}

impl<D: Dispatch, R, F> Served<D, R, F> {
    pub(super) fn new(serving: Dispatcher<D, R, F>) -> Self {
        let exchanges = serving.exchanges();
        let attendance = exchanges.audience().enter(exchanges.lane().mailbox());
        Self {
            serving,
            _attendance: attendance,
        }
    }

    fn close_calls(&self) {
        if let Some(calls) = self.serving.exchanges().calls().get() {
            calls.close();
        }
    }
}

impl<D, R, F> Inbound for Served<D, R, F>
where
    D: Dispatch,
    R: Fn(Context, D::Call, Items) -> F + Send + 'static,
    F: Future<Output = Outcome<D::Reply>> + Send + 'static,
{
    fn receive(&mut self, data: &str, turn: &mut Turn<'_, '_>) -> Receipt {
        let calls = self.serving.exchanges().calls().get();
        let Ok(envelope) = Envelope::decode(data) else {
            if let Some(calls) = calls {
                calls.unreadable(data, turn);
            }
            return Receipt::Fault;
        };
        match calls {
            Some(calls) if envelope.follows().is_some_and(|id| calls.is_mine(id)) => {
                calls.handle(envelope, turn)
            }
            _ => self.serving.receive(envelope, turn),
        }
    }

    fn poll(&mut self, turn: &mut Turn<'_, '_>) {
        self.serving.poll(turn);
    }

    fn settle(&mut self, turn: &mut Turn<'_, '_>) {
        self.serving.settle(turn);
    }

    fn rest(&mut self) {
        self.serving.rest();
    }

    fn is_busy(&self) -> bool {
        let calls = self.serving.exchanges().calls().get();
        self.serving.is_busy() || calls.is_some_and(Calls::is_busy)
    }

    fn finish(&mut self) -> Option<BoxFuture<'static, ()>> {
        let unfinished = self.serving.finish();
        // Nobody will answer what a method that goes on has asked, or asks yet.
        self.close_calls();
        unfinished
    }
}

impl<D: Dispatch, R, F> Drop for Served<D, R, F> {
    fn drop(&mut self) {
        self.close_calls();
    }
}

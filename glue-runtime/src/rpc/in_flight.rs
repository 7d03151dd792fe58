//! The caller's exchanges under way: id to waiter.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tokio::sync::oneshot;

use super::credit::ReceiveWindow;
use super::error::RpcError;
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;

/// What an answer is waited for with.
#[derive(Debug)]
pub(super) enum Waiter {
    Call(oneshot::Sender<Result<String, RpcError>>),
    Stream(Arc<ItemQueue>),
}

/// Every exchange that this side has opened in one session and that has not ended.
#[derive(Debug)]
pub(super) struct InFlight {
    next_id: u64,
    waiters: HashMap<u64, Waiter>,
}

impl InFlight {
    pub(super) fn new() -> Self {
        Self {
            next_id: 1,
            waiters: HashMap::new(),
        }
    }

    /// Opens an exchange.
    pub(super) fn open(&mut self, waiter: Waiter) -> u64 {
        let id = self.next_id;
        self.next_id += 2;
        self.waiters.insert(id, waiter);
        id
    }

    /// Forgets an exchange; returns whether it was under way.
    pub(super) fn close(&mut self, id: u64) -> bool {
        self.waiters.remove(&id).is_some()
    }

    /// Gives an envelope to the one who waits for it.
    pub(super) fn handle(&mut self, envelope: Envelope<'_>) -> Handled {
        let id = match envelope {
            Envelope::Ok { id, .. }
            | Envelope::Error { id, .. }
            | Envelope::Item { id, .. }
            | Envelope::End { id } => id,
            Envelope::Cancel { id } | Envelope::Credit { id, .. } => return self.handle_stray(id),
            _ => return Handled::Fault,
        };
        let Some(waiter) = self.waiters.remove(&id) else {
            return self.handle_stray(id);
        };
        match (waiter, envelope) {
            (Waiter::Call(caller), Envelope::Ok { json, .. }) => {
                // The caller may have given up in this very moment.
                let _ = caller.send(Ok(json.to_owned()));
            }
            (Waiter::Call(caller), Envelope::Error { json, .. }) => {
                let _ = caller.send(Err(RpcError::decode(json)));
            }
            (Waiter::Stream(items), Envelope::Item { json, .. }) => {
                if items.push(json) {
                    self.waiters.insert(id, Waiter::Stream(items));
                } else {
                    return Handled::Broken { id };
                }
            }
            (Waiter::Stream(items), Envelope::End { .. }) => items.end(None),
            (Waiter::Stream(items), Envelope::Error { json, .. }) => items.end(Some(RpcError::decode(json))),
            (waiter, _) => {
                waiter.fail(&RpcError::new(
                    Code::Internal,
                    "the peer answered in another form than was asked for",
                ));
                return Handled::Broken { id };
            }
        }
        Handled::Taken
    }

    /// Ends one exchange; returns whether it was under way.
    pub(super) fn fail(&mut self, id: u64, error: &RpcError) -> bool {
        let waiter = self.waiters.remove(&id);
        let was_open = waiter.is_some();
        if let Some(waiter) = waiter {
            waiter.fail(error);
        }
        was_open
    }

    /// Ends all exchanges.
    pub(super) fn fail_all(&mut self, error: &RpcError) {
        for (_, waiter) in self.waiters.drain() {
            waiter.fail(error);
        }
    }

    /// An envelope for an exchange that has ended crossed with its end; one for an exchange that never was is a fault.
    fn handle_stray(&self, id: u64) -> Handled {
        if id % 2 == 1 && id < self.next_id {
            Handled::Taken
        } else {
            Handled::Fault
        }
    }
}

impl Waiter {
    pub(super) fn fail(self, error: &RpcError) {
        match self {
            Self::Call(caller) => {
                let _ = caller.send(Err(error.clone()));
            }
            Self::Stream(items) => items.end(Some(error.clone())),
        }
    }
}

/// What became of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handled {
    Taken,
    /// It belongs to nothing.
    Fault,
    /// It ended its exchange here; the peer must be told.
    Broken {
        id: u64,
    },
}

/// Items of one stream that wait for their reader; bounded by the credit that was given.
#[derive(Debug)]
pub(super) struct ItemQueue {
    state: Mutex<ItemState>,
    reader: AtomicWaker,
}

#[derive(Debug)]
struct ItemState {
    items: VecDeque<String>,
    window: ReceiveWindow,
    /// Set when nothing more will come.
    end: Option<Option<RpcError>>,
}

/// One item and the credit to send for it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) item: String,
    pub(super) grant: Option<u32>,
}

impl ItemQueue {
    pub(super) fn new(window: u32) -> Self {
        let state = ItemState {
            items: VecDeque::new(),
            window: ReceiveWindow::new(window),
            end: None,
        };
        Self {
            state: Mutex::new(state),
            reader: AtomicWaker::new(),
        }
    }

    pub(super) fn first_credit(&self) -> u32 {
        self.lock().window.first_credit()
    }

    /// Adds an item; false when the sender had no credit for it, which ends the stream.
    fn push(&self, json: &str) -> bool {
        let is_granted = {
            let mut state = self.lock();
            let is_granted = state.window.receive().is_ok();
            if is_granted {
                state.items.push_back(json.to_owned());
            } else {
                state.end = Some(Some(RpcError::new(
                    Code::Internal,
                    "the peer sent more items than it may",
                )));
            }
            is_granted
        };
        self.reader.wake();
        is_granted
    }

    pub(super) fn end(&self, error: Option<RpcError>) {
        self.lock().end.get_or_insert(error);
        self.reader.wake();
    }

    /// Takes the next item; after the last one, how the stream ended: once with an error, else with `None`.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Taken, RpcError>>> {
        self.reader.register(cx.waker());
        let mut state = self.lock();
        if let Some(item) = state.items.pop_front() {
            let grant = state.window.consume().filter(|_| state.end.is_none());
            return Poll::Ready(Some(Ok(Taken { item, grant })));
        }
        match &mut state.end {
            Some(end) => Poll::Ready(end.take().map(Err)),
            None => Poll::Pending,
        }
    }

    fn lock(&self) -> MutexGuard<'_, ItemState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn take(queue: &ItemQueue) -> Poll<Option<Result<String, Code>>> {
        let taken = queue.poll_take(&mut Context::from_waker(Waker::noop()));
        taken.map(|taken| taken.map(|taken| taken.map(|taken| taken.item).map_err(|error| error.code())))
    }

    fn item(id: u64) -> Envelope<'static> {
        Envelope::Item { id, json: "1" }
    }

    fn stream(window: u32) -> (InFlight, Arc<ItemQueue>, u64) {
        let mut in_flight = InFlight::new();
        let items = Arc::new(ItemQueue::new(window));
        let id = in_flight.open(Waiter::Stream(items.clone()));
        (in_flight, items, id)
    }

    /// [R-1]
    #[test]
    fn ids_are_odd_and_rise() {
        let mut in_flight = InFlight::new();

        let ids: Vec<_> = (0..3)
            .map(|_| in_flight.open(Waiter::Call(oneshot::channel().0)))
            .collect();

        assert_eq!(ids, [1, 3, 5]);
    }

    #[test]
    fn items_come_out_in_order_and_then_the_end() {
        let (mut in_flight, items, id) = stream(2);

        assert!(take(&items).is_pending());
        assert_eq!(in_flight.handle(Envelope::Item { id, json: "1" }), Handled::Taken);
        assert_eq!(in_flight.handle(Envelope::Item { id, json: "2" }), Handled::Taken);
        assert_eq!(in_flight.handle(Envelope::End { id }), Handled::Taken);

        assert_eq!(take(&items), Poll::Ready(Some(Ok("1".to_owned()))));
        assert_eq!(take(&items), Poll::Ready(Some(Ok("2".to_owned()))));
        assert_eq!(take(&items), Poll::Ready(None));
        assert!(
            !in_flight.close(id),
            "an exchange that has ended need not be cancelled"
        );
    }

    /// [S-8]
    #[test]
    fn an_item_without_credit_ends_its_stream_behind_the_good_ones() {
        let (mut in_flight, items, id) = stream(1);

        assert_eq!(in_flight.handle(item(id)), Handled::Taken);
        assert_eq!(in_flight.handle(item(id)), Handled::Broken { id });

        assert_eq!(take(&items), Poll::Ready(Some(Ok("1".to_owned()))));
        assert_eq!(take(&items), Poll::Ready(Some(Err(Code::Internal))));
        assert_eq!(take(&items), Poll::Ready(None));
    }

    #[test]
    fn an_answer_in_another_form_settles_its_exchange() {
        let (mut in_flight, items, stream) = stream(1);
        let (sender, mut answer) = oneshot::channel();
        let call = in_flight.open(Waiter::Call(sender));

        assert_eq!(
            in_flight.handle(Envelope::Ok {
                id: stream,
                json: "1"
            }),
            Handled::Broken { id: stream }
        );
        assert_eq!(in_flight.handle(item(call)), Handled::Broken { id: call });

        assert_eq!(take(&items), Poll::Ready(Some(Err(Code::Internal))));
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code(), Code::Internal);
    }

    /// [R-9]
    #[test]
    fn late_envelopes_are_ignored_and_those_of_no_exchange_are_faults() {
        let (mut in_flight, _items, id) = stream(1);
        in_flight.close(id);

        assert_eq!(in_flight.handle(item(id)), Handled::Taken);
        assert_eq!(in_flight.handle(Envelope::Cancel { id }), Handled::Taken);
        for stray in [
            item(id + 2),
            item(2),
            Envelope::End { id: 99 },
            Envelope::Hello { json: "{}" },
        ] {
            assert_eq!(in_flight.handle(stray), Handled::Fault, "{stray:?}");
        }
    }

    /// [Q-1] [Q-5]
    #[test]
    fn an_error_that_cannot_be_read_is_internal() {
        for json in ["", "1", "{}", r#"{"code":"no_such_code","message":"x"}"#] {
            let (mut in_flight, items, id) = stream(1);

            in_flight.handle(Envelope::Error { id, json });

            assert_eq!(take(&items), Poll::Ready(Some(Err(Code::Internal))), "{json}");
        }
    }

    /// [R-11]
    #[test]
    fn a_lost_connection_settles_everything() {
        let (mut in_flight, items, _) = stream(1);
        let (sender, mut answer) = oneshot::channel();
        in_flight.open(Waiter::Call(sender));

        in_flight.fail_all(&RpcError::new(Code::Unavailable, "lost"));

        assert_eq!(take(&items), Poll::Ready(Some(Err(Code::Unavailable))));
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code(), Code::Unavailable);
    }
}

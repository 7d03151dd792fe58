//! Items of one stream that wait for their reader.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::credit::{CreditExceeded, ReceiveWindow};
use super::error::RpcError;

/// The items that have come and were not taken yet; bounded by the credit that was given.
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
    pub(super) fn new() -> Self {
        let state = ItemState {
            items: VecDeque::new(),
            window: ReceiveWindow::new(),
            end: None,
        };
        Self {
            state: Mutex::new(state),
            reader: AtomicWaker::new(),
        }
    }

    /// Adds an item, unless the sender had no credit for it.
    pub(super) fn push(&self, json: &str) -> Result<(), CreditExceeded> {
        {
            let mut state = self.lock();
            state.window.receive(json.len())?;
            state.items.push_back(json.to_owned());
        }
        self.reader.wake();
        Ok(())
    }

    /// Takes note that nothing more will come; what has come is still taken out. The first end counts.
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

//! Items of one stream that wait for their reader.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::credit::{CreditExceeded, ReceiveWindow};
use super::error::RpcError;
use super::tracked::{self, Untracked};
use crate::proto::limits::MAX_WINDOW;

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
    /// The session in which credit is granted now.
    session: u64,
    /// Whether items say where they stand.
    is_tracked: bool,
    /// Where the last item stands, as JSON.
    cursor: Option<String>,
    /// Set when nothing more will come.
    end: Option<Option<RpcError>>,
}

/// One item and the credit to send for it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) item: String,
    pub(super) grant: Option<Grant>,
}

/// Credit that is due in one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) items: u32,
    pub(super) session: u64,
}

/// Why an item was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PushError {
    #[error("the peer sent more items than it may")]
    CreditExceeded,
    #[error("the peer sent an item without a cursor")]
    Untracked,
}

impl From<CreditExceeded> for PushError {
    fn from(_: CreditExceeded) -> Self {
        Self::CreditExceeded
    }
}

impl From<Untracked> for PushError {
    fn from(_: Untracked) -> Self {
        Self::Untracked
    }
}

impl ItemQueue {
    /// Holds the items of a stream; if `is_tracked`, each says where it stands [S-13].
    pub(super) fn new(is_tracked: bool) -> Self {
        let state = ItemState {
            items: VecDeque::new(),
            window: ReceiveWindow::new(MAX_WINDOW),
            session: 0,
            is_tracked,
            cursor: None,
            end: None,
        };
        Self {
            state: Mutex::new(state),
            reader: AtomicWaker::new(),
        }
    }

    /// The request is written, in this session; returns the credit that it grants.
    pub(super) fn start(&self, session: u64) -> u32 {
        let mut state = self.lock();
        state.session = session;
        state.window.granted()
    }

    /// Returns where the last item stands, as JSON.
    pub(super) fn cursor(&self) -> Option<String> {
        self.lock().cursor.clone()
    }

    /// Adds an item, unless the sender had no credit for it.
    pub(super) fn push(&self, json: &str) -> Result<(), PushError> {
        {
            let mut state = self.lock();
            if state.is_tracked
                && let Some(cursor) = tracked::cursor(json)?
            {
                state.cursor = Some(cursor.to_owned());
            }
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
            let session = state.session;
            let grant = state.window.consume().filter(|_| state.end.is_none());
            let grant = grant.map(|items| Grant { items, session });
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

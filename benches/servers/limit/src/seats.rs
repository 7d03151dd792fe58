//! Who gets what everybody gets: a queue for each connection, without a channel's memory.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Waker};

use tokio_tungstenite::tungstenite::Utf8Bytes;

/// All connections.
#[derive(Default)]
pub(crate) struct Seats(Mutex<Vec<Weak<Seat>>>);

/// One of them.
#[derive(Default)]
pub(crate) struct Seat(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    texts: Vec<Utf8Bytes>,
    waker: Option<Waker>,
}

impl Seats {
    /// Adds a connection, for as long as its seat lives.
    pub(crate) fn take(&self) -> Arc<Seat> {
        let seat = Arc::new(Seat::default());
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.len() == seats.capacity() {
            seats.retain(|seat| seat.strong_count() > 0);
        }
        seats.push(Arc::downgrade(&seat));
        seat
    }

    /// Leaves a text, which all share, for everybody; returns for how many.
    pub(crate) fn send(&self, text: &Utf8Bytes) -> usize {
        let seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seats = seats.iter().filter_map(Weak::upgrade);
        seats.map(|seat| seat.push(text.clone())).count()
    }
}

impl Seat {
    /// Takes the next text; if there is none, the task is woken as one comes.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Option<Utf8Bytes> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.texts.is_empty() {
            let is_same = waiting
                .waker
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()));
            if !is_same {
                waiting.waker = Some(cx.waker().clone());
            }
            return None;
        }
        Some(waiting.texts.remove(0))
    }

    fn push(&self, text: Utf8Bytes) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.texts.push(text);
        if let Some(waker) = &waiting.waker {
            waker.wake_by_ref();
        }
    }
}

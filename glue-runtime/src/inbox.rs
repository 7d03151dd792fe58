//! What has arrived for the application and waits to be taken; bounded in messages and in bytes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::proto::limits::Limits;

/// A queue between a socket's driver, which never waits, and the application, which may.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    state: Mutex<State<T>>,
    arrived: Notify,
    max_messages: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct State<T> {
    queue: VecDeque<(T, usize)>,
    bytes: usize,
    closed: bool,
    /// A message was turned away: the driver waits for room.
    refused: bool,
}

/// A message, and whether the driver waits for the room that it leaves.
#[derive(Debug)]
pub(crate) struct Taken<T> {
    pub(crate) message: T,
    pub(crate) made_room: bool,
}

impl<T> Inbox<T> {
    pub(crate) fn new(limits: &Limits) -> Self {
        let state = State {
            queue: VecDeque::new(),
            bytes: 0,
            closed: false,
            refused: false,
        };
        Self {
            state: Mutex::new(state),
            arrived: Notify::new(),
            max_messages: limits.channel_messages,
            max_bytes: limits.channel_bytes,
        }
    }

    /// Returns whether a message of `bytes` fits; if not, the next [`Taken`] says that it made room. The first message
    /// always fits.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        let mut state = self.lock();
        let fits =
            state.queue.len() < self.max_messages && state.bytes.saturating_add(bytes) <= self.max_bytes;
        let has_room = fits || state.queue.is_empty();
        state.refused |= !has_room;
        has_room
    }

    /// Adds a message, unless nobody will take it any more.
    pub(crate) fn push(&self, message: T, bytes: usize) {
        {
            let mut state = self.lock();
            if state.closed {
                return;
            }
            state.bytes += bytes;
            state.queue.push_back((message, bytes));
        }
        self.arrived.notify_one();
    }

    /// Waits for the next message; `None` when the inbox is closed and empty. Cancel safe.
    pub(crate) async fn recv(&self) -> Option<Taken<T>> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut state = self.lock();
                if let Some((message, bytes)) = state.queue.pop_front() {
                    state.bytes -= bytes;
                    if state.queue.is_empty() {
                        state.queue.shrink_to(IDLE_CAPACITY);
                    }
                    let made_room = std::mem::take(&mut state.refused);
                    return Some(Taken { message, made_room });
                }
                if state.closed {
                    return None;
                }
            }
            arrived.await;
        }
    }

    /// Lets nothing more in; what waits can still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_waiters();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Messages for which an idle queue keeps room.
const IDLE_CAPACITY: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox(channel_messages: usize, channel_bytes: usize) -> Inbox<&'static str> {
        Inbox::new(&Limits {
            channel_messages,
            channel_bytes,
            ..Limits::default()
        })
    }

    /// [L-5]
    #[tokio::test]
    async fn the_bounds_hold_for_messages_and_bytes_and_the_first_message_always_fits() {
        for inbox in [inbox(2, 100), inbox(100, 2)] {
            assert!(inbox.has_room(50));
            inbox.push("a", 1);
            assert!(inbox.has_room(1));
            inbox.push("b", 1);
            assert!(!inbox.has_room(1));

            let taken = inbox.recv().await.unwrap();

            assert_eq!(taken.message, "a");
            assert!(taken.made_room);
            assert!(inbox.has_room(1));
            assert!(!inbox.recv().await.unwrap().made_room);
        }
    }

    #[tokio::test]
    async fn what_waits_outlives_the_end() {
        let inbox = inbox(2, 100);
        inbox.push("a", 1);

        inbox.close();
        inbox.push("late", 1);

        assert_eq!(inbox.recv().await.unwrap().message, "a");
        assert!(inbox.recv().await.is_none());
    }
}

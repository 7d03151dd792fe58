//! What has arrived for the application and waits to be taken; bounded in messages and in bytes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

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
    /// What arrives is dropped.
    discards: bool,
    /// Number of the handler that takes what arrives; those before it have ended.
    handler: u64,
    /// Whether a handler has a message under way, be it the latest or not.
    is_handling: bool,
    /// The latest handler, while it waits for an earlier one to be done.
    successor: Option<Waker>,
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
            discards: false,
            handler: 0,
            is_handling: false,
            successor: None,
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
        if state.discards {
            return true;
        }
        let fits =
            state.queue.len() < self.max_messages && state.bytes.saturating_add(bytes) <= self.max_bytes;
        let has_room = fits || state.queue.is_empty();
        state.refused |= !has_room;
        has_room
    }

    /// Returns whether a message waits, or a handler has one under way. If one waits, the next [`Taken`] says that it made room: the
    /// driver asks because it waits for the end of that.
    pub(crate) fn is_in_use(&self) -> bool {
        let mut state = self.lock();
        let has_messages = !state.queue.is_empty();
        state.refused |= has_messages;
        has_messages || state.is_handling
    }

    /// Adds a message, unless nobody will take it any more.
    pub(crate) fn push(&self, message: T, bytes: usize) {
        {
            let mut state = self.lock();
            if state.closed || state.discards {
                return;
            }
            state.bytes += bytes;
            state.queue.push_back((message, bytes));
        }
        self.arrived.notify_one();
    }

    /// Waits for the next message; `None` when the inbox is closed and empty. Cancel safe. Ends a discard.
    pub(crate) async fn recv(&self) -> Option<Taken<T>> {
        self.lock().discards = false;
        self.next(None).await
    }

    /// Returns the number of a new handler, for [`Inbox::recv_for`]. Ends a discard, and earlier handlers before their next
    /// message.
    pub(crate) fn replace_handler(&self) -> u64 {
        let mut state = self.lock();
        state.discards = false;
        self.end_handler(state)
    }

    /// Waits for the next message for a handler, and until no other has one under way; `None` as well when it was
    /// replaced. The message is under way as long as the guard lives. Cancel safe.
    pub(crate) async fn recv_for(&self, handler: u64) -> Option<(Taken<T>, Handling<'_, T>)> {
        let is_latest = poll_fn(|cx| {
            let mut state = self.lock();
            if state.handler != handler || !state.is_handling {
                return Poll::Ready(state.handler == handler);
            }
            // Not by `arrived`: this one couldn't take the message that it is woken for, and another might.
            state.successor = Some(cx.waker().clone());
            Poll::Pending
        });
        if !is_latest.await {
            return None;
        }
        let taken = self.next(Some(handler)).await?;
        Some((taken, Handling { inbox: self }))
    }

    /// Drops what waits and what arrives from now on, and ends the handler before its next message. Returns whether the
    /// driver waits for the room.
    pub(crate) fn discard(&self) -> bool {
        let (dropped, made_room) = {
            let mut state = self.lock();
            state.discards = true;
            state.bytes = 0;
            let dropped = std::mem::take(&mut state.queue);
            let made_room = std::mem::take(&mut state.refused);
            self.end_handler(state);
            (dropped, made_room)
        };
        drop(dropped);
        made_room
    }

    /// Lets nothing more in; what waits can still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_waiters();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    async fn next(&self, handler: Option<u64>) -> Option<Taken<T>> {
        // What has come already is taken without asking to be told.
        let mut arrived = None;
        loop {
            {
                let mut state = self.lock();
                if handler.is_some_and(|handler| handler != state.handler) {
                    return None;
                }
                if let Some((message, bytes)) = state.queue.pop_front() {
                    state.bytes -= bytes;
                    if state.queue.is_empty() {
                        state.queue.shrink_to(IDLE_CAPACITY);
                    }
                    state.is_handling |= handler.is_some();
                    let made_room = std::mem::take(&mut state.refused);
                    return Some(Taken { message, made_room });
                }
                if state.closed {
                    return None;
                }
            }
            match arrived.take() {
                None => arrived = Some(self.arrived.notified()),
                Some(arrived) => arrived.await,
            }
        }
    }

    /// Makes all handlers up to now end, and returns the number of the next one.
    fn end_handler(&self, mut state: MutexGuard<'_, State<T>>) -> u64 {
        state.handler += 1;
        let handler = state.handler;
        let successor = state.successor.take();
        drop(state);
        if let Some(successor) = successor {
            successor.wake();
        }
        // All who wait look again, so that none takes a wake-up with it to its end.
        self.arrived.notify_waiters();
        handler
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that a handler has under way.
#[derive(Debug)]
pub(crate) struct Handling<'a, T> {
    inbox: &'a Inbox<T>,
}

impl<T> Drop for Handling<'_, T> {
    fn drop(&mut self) {
        let successor = {
            let mut state = self.inbox.lock();
            state.is_handling = false;
            state.successor.take()
        };
        if let Some(successor) = successor {
            successor.wake();
        }
    }
}

/// Messages for which an idle queue keeps room.
const IDLE_CAPACITY: usize = 4;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;

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

    #[tokio::test]
    async fn what_is_discarded_leaves_no_trace_until_somebody_reads_again() {
        let inbox = inbox(1, 100);
        inbox.push("a", 1);
        assert!(!inbox.has_room(1));

        assert!(inbox.discard(), "the driver waits for this room");
        for _ in 0..3 {
            assert!(inbox.has_room(1000));
            inbox.push("b", 1000);
        }
        assert!(inbox.recv().now_or_never().is_none());
        inbox.push("c", 1);

        assert_eq!(inbox.recv().await.unwrap().message, "c");
    }

    /// Order would be lost if the texts of both were handled side by side.
    #[tokio::test]
    async fn a_handler_waits_for_the_message_that_its_predecessor_has_under_way() {
        let inbox = inbox(9, 100);
        let first = inbox.replace_handler();
        inbox.push("a", 1);
        inbox.push("b", 1);
        let (_, under_way) = inbox.recv_for(first).await.unwrap();

        let second = inbox.replace_handler();
        let mut next = Box::pin(inbox.recv_for(second));
        assert!(next.as_mut().now_or_never().is_none());
        assert!(inbox.recv_for(first).await.is_none(), "it has been replaced");
        drop(under_way);

        assert_eq!(next.await.unwrap().0.message, "b");
    }

    #[tokio::test]
    async fn a_handler_that_waits_ends_when_it_is_replaced() {
        let inbox = Arc::new(inbox(9, 100));
        let waits = |handler| {
            let inbox = inbox.clone();
            tokio::spawn(async move { inbox.recv_for(handler).await.map(|(taken, _)| taken.message) })
        };
        let idle = waits(inbox.replace_handler());
        tokio::task::yield_now().await;
        let busy = inbox.replace_handler();
        assert_eq!(idle.await.unwrap(), None);

        inbox.push("a", 1);
        let (_, under_way) = inbox.recv_for(busy).await.unwrap();
        let blocked = waits(inbox.replace_handler());
        tokio::task::yield_now().await;
        inbox.discard();
        assert_eq!(blocked.await.unwrap(), None);
        drop(under_way);
    }
}

//! One text into many mailboxes.

use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::{Mailbox, Offered};
use crate::proto::text::Text;
use crate::session::CloseReason;

/// What happens to a socket that takes broadcasts more slowly than they are sent.
///
/// No policy lets memory grow, and under none does one socket hold up another's copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SlowConsumer {
    /// It is closed with [`CloseReason::SlowConsumer`]; the default, as its client learns that it has missed something
    /// and can begin anew. What waits there is still delivered, within [`Limits::close`](crate::Limits::close).
    ///
    /// A burst of more than [`Limits::backlog_bytes`](crate::Limits::backlog_bytes) that is sent without an `await` closes
    /// quick sockets as well, as none gets the time to take any of it: such a burst takes [`SlowConsumer::Wait`].
    #[default]
    Close,
    /// The oldest broadcasts with this policy that wait there are dropped until the new one fits, or it itself where those
    /// don't suffice; those with another policy make room for themselves in the same way. For texts that replace each other,
    /// such as positions. Nothing else is ever dropped, and nothing that is on its way already: up to
    /// [`Limits::send_bytes`](crate::Limits::send_bytes).
    DropOldest,
    /// The sender waits until the socket has room or ends. For texts that must not be lost, from a sender that can wait for
    /// the slowest: a client that answers pings and reads nothing else holds the sender up as long as it likes.
    Wait,
}

/// What became of a broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Sockets on which the text is on its way. As after `send`, it is lost if the session ends before it gets there.
    pub queued: usize,
    /// Broadcasts with [`SlowConsumer::DropOldest`] that were dropped: older ones for this, or this one for want of room.
    pub dropped: usize,
    /// Sockets that get nothing, as they had ended or were closed by [`SlowConsumer::Close`].
    pub closed: usize,
}

/// A text on its way into many mailboxes, all of which share its memory.
///
/// Mailboxes wake their drivers: no lock may be held meanwhile.
#[derive(Debug)]
pub(crate) struct FanOut<'a> {
    text: &'a Text,
    slow_consumer: SlowConsumer,
    delivery: Delivery,
    /// Those that have no room, under [`SlowConsumer::Wait`].
    waiting: Vec<Arc<Mailbox>>,
}

impl<'a> FanOut<'a> {
    pub(crate) fn new(text: &'a Text, slow_consumer: SlowConsumer) -> Self {
        Self {
            text,
            slow_consumer,
            delivery: Delivery::default(),
            waiting: Vec::new(),
        }
    }

    /// Puts the text into a mailbox, or notes that it has to wait there.
    pub(crate) fn offer(&mut self, mailbox: &Arc<Mailbox>) {
        let is_droppable = self.slow_consumer == SlowConsumer::DropOldest;
        match (mailbox.offer(self.text, is_droppable), self.slow_consumer) {
            (Offered::Queued { dropped }, _) => self.note_queued(dropped),
            (Offered::Ended, _) => self.delivery.closed += 1,
            (Offered::Full, SlowConsumer::Close) => {
                tracing::debug!(
                    socket_id = mailbox.socket_id(),
                    "socket takes broadcasts too slowly"
                );
                mailbox.request_close(CloseReason::SlowConsumer);
                self.delivery.closed += 1;
            }
            (Offered::Full, SlowConsumer::DropOldest) => self.delivery.dropped += 1,
            (Offered::Full, SlowConsumer::Wait) => self.waiting.push(mailbox.clone()),
        }
    }

    /// Waits for all mailboxes that had no room, at once, until each has some or has ended.
    pub(crate) async fn finish(mut self) -> Delivery {
        let text = self.text;
        let offers = std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|mailbox| async move { mailbox.offer_patiently(text).await });
        let mut offers: FuturesUnordered<_> = offers.collect();
        while let Some(offered) = offers.next().await {
            match offered {
                Some(dropped) => self.note_queued(dropped),
                None => self.delivery.closed += 1,
            }
        }
        self.delivery
    }

    /// Returns what became of it so far.
    pub(crate) fn delivery(&self) -> Delivery {
        self.delivery
    }

    fn note_queued(&mut self, dropped: usize) {
        self.delivery.queued += 1;
        self.delivery.dropped += dropped;
    }
}

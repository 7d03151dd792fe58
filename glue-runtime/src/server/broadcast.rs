//! One text for many sockets.

use std::borrow::Borrow;

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::socket::Socket;
use crate::mailbox::Offered;
use crate::proto::pair;
use crate::proto::text::Text;
use crate::session::CloseReason;

/// A text for many sockets, encoded once: all of them share its memory, however many there are and however long it waits.
///
/// On each socket it takes its place behind what was sent there before. What waits of broadcasts is bounded per socket by
/// [`Limits::backlog_bytes`](crate::Limits::backlog_bytes), apart from what `send` may leave waiting; [`SlowConsumer`] says
/// what happens to a socket past it. A value can be sent any number of times.
///
/// ```no_run
/// # async fn example(server: glue::Server) {
/// use glue::{Broadcast, SlowConsumer};
///
/// let positions = Broadcast::new("positions", "[3,4]").slow_consumer(SlowConsumer::DropOldest);
/// let players = server.sockets().into_iter().filter(|socket| socket.value::<u32>().is_some());
/// let delivery = positions.send_to(players).await;
/// println!("{} players will know", delivery.queued);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Broadcast {
    text: Text,
    slow_consumer: SlowConsumer,
}

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
    /// Sockets on which the text is on its way. As after `send`, it is lost if the connection breaks before it gets there.
    pub queued: usize,
    /// Broadcasts with [`SlowConsumer::DropOldest`] that were dropped: older ones for this, or this one for want of room.
    pub dropped: usize,
    /// Sockets that get nothing, as they had ended or were closed by [`SlowConsumer::Close`].
    pub closed: usize,
}

impl Broadcast {
    /// Makes a broadcast of a text on the channel of this name; the main channel is called `m`.
    ///
    /// A client that hasn't opened the channel drops the text.
    pub fn new(channel: &str, text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let mut encoded = pair::prefix(channel);
        encoded.reserve_exact(text.len());
        encoded.push_str(text);
        Self {
            text: encoded.into(),
            slow_consumer: SlowConsumer::default(),
        }
    }

    /// Sets what happens to sockets that are too slow; default [`SlowConsumer::Close`].
    #[must_use]
    pub fn slow_consumer(mut self, policy: SlowConsumer) -> Self {
        self.slow_consumer = policy;
        self
    }

    /// Sends the text to these sockets.
    ///
    /// Waits under [`SlowConsumer::Wait`] only, and then for all sockets at once, until each has room or has ended. A future
    /// that is dropped has sent to those that had room.
    pub async fn send_to<I>(&self, sockets: I) -> Delivery
    where
        I: IntoIterator,
        I::Item: Borrow<Socket>,
    {
        let (mut delivery, waiting) = self.offer_to(sockets);
        let offers = waiting
            .into_iter()
            .map(|socket| async move { socket.mailbox().offer_patiently(&self.text).await });
        let mut offers: FuturesUnordered<_> = offers.collect();
        while let Some(offered) = offers.next().await {
            match offered {
                Some(dropped) => {
                    delivery.queued += 1;
                    delivery.dropped += dropped;
                }
                None => delivery.closed += 1,
            }
        }
        delivery
    }

    /// Sends the text to those of these sockets that need not be waited for, and returns the others.
    pub(super) fn offer_to<I>(&self, sockets: I) -> (Delivery, Vec<Socket>)
    where
        I: IntoIterator,
        I::Item: Borrow<Socket>,
    {
        let is_droppable = self.slow_consumer == SlowConsumer::DropOldest;
        let mut delivery = Delivery::default();
        let mut waiting = Vec::new();
        for socket in sockets {
            let socket = socket.borrow();
            match (
                socket.mailbox().offer(&self.text, is_droppable),
                self.slow_consumer,
            ) {
                (Offered::Queued { dropped }, _) => {
                    delivery.queued += 1;
                    delivery.dropped += dropped;
                }
                (Offered::Ended, _) => delivery.closed += 1,
                (Offered::Full, SlowConsumer::Close) => {
                    tracing::debug!(socket_id = socket.id(), "socket takes broadcasts too slowly");
                    socket.mailbox().request_close(CloseReason::SlowConsumer);
                    delivery.closed += 1;
                }
                (Offered::Full, SlowConsumer::DropOldest) => delivery.dropped += 1,
                (Offered::Full, SlowConsumer::Wait) => waiting.push(socket.clone()),
            }
        }
        (delivery, waiting)
    }
}

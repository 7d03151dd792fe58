//! One text for many sockets.

use std::borrow::Borrow;

use super::socket::Socket;
use crate::mailbox::{Delivery, FanOut, SlowConsumer};
use crate::proto::pair;
use crate::proto::text::Text;

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
        self.offer_to(sockets).finish().await
    }

    /// Sends the text to those of these sockets that need not be waited for.
    pub(super) fn offer_to<I>(&self, sockets: I) -> FanOut<'_>
    where
        I: IntoIterator,
        I::Item: Borrow<Socket>,
    {
        let mut fan_out = FanOut::new(&self.text, self.slow_consumer);
        for socket in sockets {
            fan_out.offer(socket.borrow().mailbox());
        }
        fan_out
    }
}

//! One connected client, as the server's application sees it.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::{Channel, Channels};
use crate::error::Error;
use crate::proto::MAIN_CHANNEL;
use crate::session::CloseReason;

/// Handle to one connected client. Cheap to clone; it stays valid, but useless, after the socket has ended.
#[derive(Clone, Debug)]
pub struct Socket {
    channels: Arc<Channels>,
}

impl Socket {
    pub(super) fn new(channels: Arc<Channels>) -> Self {
        Self { channels }
    }

    /// Returns the id that both sides know: 20 characters of `0-9A-Za-z`. It names the socket, and proves nothing.
    pub fn id(&self) -> &str {
        self.channels.mailbox().socket_id()
    }

    /// Returns the network address of the peer: that of the connection or, where that is a trusted proxy's
    /// ([`ServerBuilder::trusted_proxies`](crate::ServerBuilder::trusted_proxies)), what the proxy says. IPv4 is always told
    /// as IPv4. `None` if the server doesn't know it.
    pub fn remote_addr(&self) -> Option<IpAddr> {
        self.channels.mailbox().peer().remote_addr
    }

    /// Returns the `User-Agent` with which the socket was opened.
    pub fn user_agent(&self) -> Option<&str> {
        self.channels.mailbox().peer().user_agent.as_deref()
    }

    /// Returns the channel of this name, opening it the first time; the main channel is called `m`.
    ///
    /// What arrives for a channel before it is opened is dropped: open channels in `on_socket`, before its first `await`.
    /// A channel beyond [`Limits::channels`](crate::Limits::channels) receives nothing.
    pub fn channel(&self, name: &str) -> Channel {
        self.channels.channel(name)
    }

    /// Sends a text on the main channel; see [`Channel::send`].
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub async fn send(&self, text: impl AsRef<str>) -> Result<(), Error> {
        self.channel(MAIN_CHANNEL).send(text).await
    }

    /// Waits for the next text on the main channel; see [`Channel::recv`].
    pub async fn recv(&self) -> Option<String> {
        self.channel(MAIN_CHANNEL).recv().await
    }

    /// Waits for the next text on the main channel, for `timeout` at most; see [`Channel::recv_timeout`].
    ///
    /// # Errors
    /// As [`Channel::recv_timeout`].
    pub async fn recv_timeout(&self, timeout: Duration) -> Result<String, Error> {
        self.channel(MAIN_CHANNEL).recv_timeout(timeout).await
    }

    /// Calls `handler` for each text on the main channel; see [`Channel::on_message`].
    pub fn on_message<F, Fut>(&self, handler: F)
    where
        F: FnMut(String) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.channel(MAIN_CHANNEL).on_message(handler);
    }

    /// Drops the texts of the main channel; see [`Channel::discard`].
    pub fn discard(&self) {
        self.channel(MAIN_CHANNEL).discard();
    }

    /// Ends the socket. What was sent before is delivered first.
    pub fn close(&self) {
        self.channels.mailbox().request_close(CloseReason::Local);
    }

    /// Waits until the socket has ended and what was sent on it is written, and tells why it ended. Cancel safe.
    ///
    /// Not inside `on_socket` or a handler: those futures are dropped with the socket. Await it in a task of one's own:
    /// `tokio::spawn(async move { socket.closed().await })`.
    pub async fn closed(&self) -> CloseReason {
        self.channels.mailbox().closed().await
    }

    /// Returns whether the socket has ended.
    pub fn is_closed(&self) -> bool {
        self.channels.mailbox().is_closed()
    }

    pub(super) fn shut_down(&self) {
        self.channels.mailbox().request_close(CloseReason::Shutdown);
    }
}

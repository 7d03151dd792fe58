//! One connected client, as the server's application sees it.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::{Channel, Channels};
use crate::error::Error;
use crate::mailbox::Mailbox;
use crate::proto::MAIN_CHANNEL;
use crate::session::CloseReason;

/// Handle to one connected client. Cheap to clone; it stays valid, but useless, after the socket has ended.
#[derive(Clone)]
pub struct Socket {
    channels: Arc<Channels>,
}

impl Socket {
    pub(super) fn new(channels: Channels) -> Self {
        Self {
            channels: Arc::new(channels),
        }
    }

    /// Returns the id that both sides know: 20 characters of `0-9A-Za-z`. It names the socket, and proves nothing.
    pub fn id(&self) -> &str {
        self.mailbox().socket_id()
    }

    /// Returns the network address of the peer: that of the connection or, where that is a trusted proxy's
    /// ([`ServerBuilder::trusted_proxies`](crate::ServerBuilder::trusted_proxies)), what the proxy says. IPv4 is always told
    /// as IPv4. `None` if the server doesn't know it. A client that comes back to its session may come from another one: it is that of
    /// the last connection.
    pub fn remote_addr(&self) -> Option<IpAddr> {
        self.mailbox().peer().remote_addr()
    }

    /// Returns the `User-Agent` with which the socket was opened.
    pub fn user_agent(&self) -> Option<&str> {
        self.mailbox().peer().user_agent.as_deref()
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

    /// Sends a text on the main channel if there is room for it now; see [`Channel::try_send`].
    ///
    /// # Errors
    /// As [`Channel::try_send`].
    pub fn try_send(&self, text: impl AsRef<str>) -> Result<(), Error> {
        self.channel(MAIN_CHANNEL).try_send(text)
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

    /// Binds a value of the application to the socket, for example who is signed in, and returns the former one of the same
    /// type. There is one place per type.
    ///
    /// It lives as long as any handle to the socket (its channels, contexts and emitters are some), unless it is replaced or
    /// removed; so one that owns such a handle keeps both for ever. Typed methods find it in
    /// [`Context::value`](crate::Context::value).
    pub fn set_value<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.mailbox().values().set(value)
    }

    /// Returns a clone of the value of this type.
    pub fn value<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.mailbox().values().get()
    }

    /// Removes the value of this type and returns it.
    pub fn remove_value<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.mailbox().values().remove()
    }

    /// Ends the socket. What was sent before is delivered first. Glue's clients in browsers come back with a new socket;
    /// see [`Socket::dismiss`].
    pub fn close(&self) {
        self.mailbox().request_close(CloseReason::Local);
    }

    /// Ends the socket and tells the client not to come back by itself. What was sent before is delivered first.
    ///
    /// Clients in browsers are `disconnected` then, the original ones too, until the page asks for another connection. A
    /// socket that was closed before gets no more word.
    pub fn dismiss(&self) {
        self.mailbox().request_dismissal();
    }

    /// Calls `handler` with the reason when the socket has ended and what was sent on it is written; at once if it has.
    ///
    /// There may be any number of them, called in the order in which they were added. They run in the socket's task, so they
    /// should be short; a panic is logged and keeps no other from being called.
    pub fn on_close(&self, handler: impl FnOnce(CloseReason) + Send + 'static) {
        self.mailbox().on_close(Box::new(handler));
    }

    /// Waits until the socket has ended and what was sent on it is written, and tells why it ended. Cancel safe.
    ///
    /// Not inside `on_socket` or a handler: those futures are dropped with the socket. Await it in a task of one's own:
    /// `tokio::spawn(async move { socket.closed().await })`.
    pub async fn closed(&self) -> CloseReason {
        self.mailbox().closed().await
    }

    /// Returns how many messages were sent on the socket and never left it, once it has ended: `None` before.
    ///
    /// At least so many have not arrived. Where the connection was lost, what was on its way is lost as well, and nobody
    /// knows how much that was. All messages count: texts of channels, answers to calls, items and events.
    pub fn undelivered(&self) -> Option<usize> {
        self.mailbox().undelivered()
    }

    /// Returns whether the socket has ended.
    pub fn is_closed(&self) -> bool {
        self.mailbox().is_closed()
    }

    pub(super) fn shut_down(&self) {
        self.mailbox().request_close(CloseReason::Shutdown);
    }

    pub(super) fn mailbox(&self) -> &Arc<Mailbox> {
        self.channels.mailbox()
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

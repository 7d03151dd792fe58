//! Handle to a socket of a client.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::builder::ClientBuilder;
use crate::channel::{Channel, Channels};
use crate::error::Error;
use crate::proto::MAIN_CHANNEL;
use crate::rpc::{OpenRpc, RpcChannel};
use crate::session::CloseReason;

/// A socket to a Glue server. Cheap to clone.
///
/// The socket is closed when the last handle is dropped: all clones, and the channels and generated clients opened on it.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

impl Client {
    /// Returns a builder for a connection to `host`, such as `http://127.0.0.1:8080`.
    pub fn builder(host: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(host.into())
    }

    /// Connects to `host` with the default options.
    ///
    /// # Errors
    /// As [`ClientBuilder::connect`].
    pub async fn connect(host: impl Into<String>) -> Result<Self, Error> {
        Self::builder(host).connect().await
    }

    pub(super) fn new(channels: Channels) -> Self {
        Self {
            inner: Arc::new(Inner { channels }),
        }
    }

    /// Returns the id that the server gave to this socket.
    pub fn socket_id(&self) -> &str {
        self.inner
            .channels
            .mailbox()
            .peer()
            .socket_id
            .get()
            .map_or("", String::as_str)
    }

    /// Returns the channel of this name, opening it the first time; the main channel is called `m`.
    /// A channel beyond [`Limits::channels`](crate::Limits::channels) receives nothing.
    pub fn channel(&self, name: &str) -> Channel {
        self.inner.channels.channel(name).keeping(self.inner.clone())
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

    /// Ends the socket. What was sent before is delivered first.
    pub fn close(&self) {
        self.inner.channels.mailbox().request_close(CloseReason::Local);
    }

    /// Calls `handler` with the reason when the socket has ended and what was sent on it is written; at once if it has.
    ///
    /// There may be any number of them, called in the order in which they were added. They run in the socket's task, so they
    /// should be short; a panic is logged and keeps no other from being called. One that owns a `Client` keeps that open.
    pub fn on_close(&self, handler: impl FnOnce(CloseReason) + Send + 'static) {
        self.inner.channels.mailbox().on_close(Box::new(handler));
    }

    /// Waits until the socket has ended and what was sent on it is written, and tells why it ended. Cancel safe.
    pub async fn closed(&self) -> CloseReason {
        self.inner.channels.mailbox().closed().await
    }

    /// Returns whether the socket has ended.
    pub fn is_closed(&self) -> bool {
        self.inner.channels.mailbox().is_closed()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("socket_id", &self.socket_id())
            .finish_non_exhaustive()
    }
}

impl OpenRpc for Client {
    type Caller = RpcChannel;

    fn open_rpc(&self, name: &str) -> Result<RpcChannel, Error> {
        RpcChannel::open(&self.inner.channels, name).map(|channel| channel.keeping(self.inner.clone()))
    }
}

#[derive(Debug)]
struct Inner {
    channels: Channels,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.channels.mailbox().request_close(CloseReason::Local);
    }
}

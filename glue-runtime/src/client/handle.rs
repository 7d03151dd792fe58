//! Handle to a socket of a client.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;

use super::builder::ClientBuilder;
use super::status::{ClientEvent, ClientState, Status};
use crate::channel::{Channel, Channels};
use crate::error::{Error, ErrorKind};
use crate::proto::MAIN_CHANNEL;
use crate::rpc::{Contract, OpenRpc, RpcChannel};
use crate::session::CloseReason;

/// A socket to a Glue server, connected again when its connection is lost. Cheap to clone.
///
/// Where the server offers it, the session goes on with the next connection ([`ClientBuilder::resume`]): messages arrive once and in
/// order, calls and streams go on. It ends when that comes too late, and with the connection where nobody offers more.
///
/// All handles (clones, channels, generated clients) outlive the session: they work on in the next one. What is sent while
/// there is none waits for it in order, bounded by [`Limits::send_bytes`](crate::Limits::send_bytes) and by
/// [`ClientBuilder::send_buffer_timeout`]. What was on its way when the session ended may be lost; what had not left goes out
/// in the next one, once. Typed calls fail with [`Code::Unavailable`](crate::Code::Unavailable) when the session ends
/// under them, as the server may have run them or not; only those that are `#[glue(idempotent)]` are sent again.
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

    /// Connects to `host` with the default options: a lost connection is tried again 20 times, about 1 to 5 s apart.
    ///
    /// # Errors
    /// As [`ClientBuilder::connect`].
    pub async fn connect(host: impl Into<String>) -> Result<Self, Error> {
        Self::builder(host).connect().await
    }

    pub(super) fn new(channels: Channels, status: Arc<Status>) -> Self {
        Self {
            inner: Arc::new(Inner { channels, status }),
        }
    }

    pub(super) fn status(&self) -> &Status {
        &self.inner.status
    }

    /// Returns the id that the server gave to the current session, be it one that waits for a connection; `None` while there is
    /// none.
    pub fn socket_id(&self) -> Option<String> {
        self.inner.status.now().socket_id
    }

    /// Returns where the client stands.
    pub fn state(&self) -> ClientState {
        self.inner.status.now().state
    }

    /// Waits until there is a connection and a session on it; at once if there is. Cancel safe.
    ///
    /// # Errors
    /// When there will be none: [`ErrorKind::Closed`] if the application has closed the client, else what happened last
    /// ([`ErrorKind::Connect`], [`ErrorKind::Refused`]), of which [`Error::link`] tells more.
    pub async fn ready(&self) -> Result<(), Error> {
        let has_come = |state| matches!(state, ClientState::Connected | ClientState::Closed);
        let now = self.inner.status.wait_for(|now| has_come(now.state)).await;
        if now.state == ClientState::Connected {
            return Ok(());
        }
        Err(now.error.unwrap_or_else(|| ErrorKind::Closed.into()))
    }

    /// Returns why there is no connection: what happened to the last one, or to the last attempt. `None` while there is one.
    pub fn last_error(&self) -> Option<Error> {
        self.inner.status.now().error
    }

    /// Returns what happens to the client: connections that come and go, and each attempt that fails. Ends behind
    /// [`ClientEvent::Closed`].
    ///
    /// The first stream begins with the first attempt, others with what happens from now on. One that is not read misses the
    /// oldest of more than 64, and one that begins behind the end is empty. A stream keeps no client open.
    pub fn events(&self) -> impl Stream<Item = ClientEvent> + Send + use<> {
        self.inner.status.events()
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

    /// Ends the socket, for good, be there a session or not. What was sent before is delivered first, if there is a connection. Without,
    /// a server that keeps the session does so to the end of its window.
    pub fn close(&self) {
        self.inner.channels.mailbox().request_close(CloseReason::Local);
    }

    /// Calls `handler` with the reason when the socket has ended for good and what was sent on it is written; at once if it has.
    ///
    /// There may be any number of them, called in the order in which they were added. They run in the socket's task, so they
    /// should be short; a panic is logged and keeps no other from being called. One that owns a `Client` keeps that open.
    pub fn on_close(&self, handler: impl FnOnce(CloseReason) + Send + 'static) {
        self.inner.channels.mailbox().on_close(Box::new(handler));
    }

    /// Waits until the socket has ended for good and what was sent on it is written, and tells why it ended. Cancel safe.
    ///
    /// A client that has given up tells what happened last: [`CloseReason::LinkLost`] for an attempt that failed.
    pub async fn closed(&self) -> CloseReason {
        self.inner.channels.mailbox().closed().await
    }

    /// Returns whether the socket has ended for good.
    pub fn is_closed(&self) -> bool {
        self.inner.channels.mailbox().is_closed()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.state())
            .field("socket_id", &self.socket_id())
            .finish_non_exhaustive()
    }
}

impl OpenRpc for Client {
    type Caller = RpcChannel;

    fn open_rpc(&self, contract: impl Into<Contract>) -> Result<RpcChannel, Error> {
        RpcChannel::open(&self.inner.channels, contract.into())
            .map(|channel| channel.keeping(self.inner.clone()))
    }
}

#[derive(Debug)]
struct Inner {
    channels: Channels,
    status: Arc<Status>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.channels.mailbox().request_close(CloseReason::Local);
    }
}

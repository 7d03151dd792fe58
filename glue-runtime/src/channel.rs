//! Channels: named lanes of texts inside a socket, the same type for server and client.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::{Error, ErrorKind};
use crate::inbox::{Inbox, Taken};
use crate::mailbox::{Late, Mailbox, Request, Task};
use crate::proto::MAIN_CHANNEL;
use crate::proto::limits::Limits;
use crate::proto::messages::Messages;
use crate::proto::pair;
use crate::proto::text::Text;

/// A named lane of texts inside a socket. Cheap to clone; all clones share one queue of received texts.
///
/// Texts arrive in the order in which they were sent. What waits unread is bounded by
/// [`Limits::channel_messages`] and [`Limits::channel_bytes`](crate::Limits::channel_bytes): then the socket is not read
/// any more, and closed when that lasts longer than [`Limits::stall`].
#[derive(Clone)]
pub struct Channel {
    lane: Arc<Lane>,
    inbox: Arc<Inbox<String>>,
    /// A client's socket lives as long as any handle to it; a server's socket lives by itself.
    _socket: Option<SocketGuard>,
}

/// Keeps a client's socket open.
pub(crate) type SocketGuard = Arc<dyn Any + Send + Sync>;

impl Channel {
    /// Sends a text, waiting while the socket has too much to send already.
    ///
    /// Success means that the text is queued in order. It arrives once, even if the connection breaks, as long as the session
    /// goes on ([`ServerBuilder::resume`](crate::ServerBuilder::resume)); when the session ends before the text has arrived, it may be lost.
    /// Cancel safe: a dropped future has sent nothing.
    ///
    /// On a client what has not left waits for the next session while there is none, and goes out there.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) when the socket has ended. On a client also
    /// [`ErrorKind::NotConnected`](crate::ErrorKind::NotConnected) and [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
    pub async fn send(&self, text: impl AsRef<str>) -> Result<(), Error> {
        self.lane.mailbox.send(self.lane.encode(text.as_ref())).await
    }

    /// Sends a text if the socket has room for it now.
    ///
    /// # Errors
    /// [`ErrorKind::Full`](crate::ErrorKind::Full) when it has not, else as [`Channel::send`].
    pub fn try_send(&self, text: impl AsRef<str>) -> Result<(), Error> {
        self.lane.mailbox.try_send(self.lane.encode(text.as_ref()))
    }

    /// Waits for the next text; `None` when the socket has ended and all texts were taken. Cancel safe. Ends a
    /// [`discard`](Self::discard).
    ///
    /// `None` is seen by a task of one's own only: `on_socket` and handlers are cancelled when the socket ends, and what stands
    /// behind a loop does not run there.
    pub async fn recv(&self) -> Option<String> {
        let taken = self.inbox.recv().await?;
        Some(self.accept(taken))
    }

    /// Waits for the next text, for `timeout` at most; [`Duration::ZERO`] takes what is there already. Ends a
    /// [`discard`](Self::discard).
    ///
    /// Cancel safe; neither a dropped future nor one that fails has taken a text.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) when none came in time, [`ErrorKind::Closed`](crate::ErrorKind::Closed)
    /// when the socket has ended and all texts were taken.
    pub async fn recv_timeout(&self, timeout: Duration) -> Result<String, Error> {
        match tokio::time::timeout(timeout, self.recv()).await {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(ErrorKind::Closed.into()),
            Err(_) => Err(ErrorKind::TimedOut.into()),
        }
    }

    /// Calls `handler` for each text, in order, one at a time, as long as the socket lives.
    ///
    /// It takes the place of an earlier handler, which finishes the text that it has under way first, and ends a
    /// [`discard`](Self::discard). The handler's futures run in the socket's own task and **are cancelled when the socket
    /// ends**, at their `.await`, and with them the texts that wait then: a task of one's own that calls [`recv`](Self::recv)
    /// gets those as well. A panic ends the socket. Don't mix with [`Channel::recv`]: each text goes to one of them.
    ///
    /// Rust client: a handler that owns a `Client` keeps that open.
    pub fn on_message<F, Fut>(&self, mut handler: F)
    where
        F: FnMut(String) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        // Runs inside the socket, so it must not keep that open.
        let channel = Self {
            _socket: None,
            ..self.clone()
        };
        let number = self.inbox.replace_handler();
        let task = async move {
            while let Some((taken, _under_way)) = channel.inbox.recv_for(number).await {
                handler(channel.accept(taken)).await;
            }
        };
        // On a socket that has ended there is nothing left to handle.
        let _ = self
            .lane
            .mailbox
            .request(Request::Spawn(Task::new(Box::pin(task))));
    }

    /// Drops the texts that wait and all that come from now on, so that a channel that is only written to needs no reader:
    /// what is dropped counts against no limit.
    ///
    /// It takes the place of a handler, which finishes the text that it has under way. A later [`recv`](Self::recv),
    /// [`recv_timeout`](Self::recv_timeout) or [`on_message`](Self::on_message) ends it; a `recv` that waits already does not.
    pub fn discard(&self) {
        if self.inbox.discard() {
            self.lane.mailbox.wake_driver();
        }
    }

    /// Returns the way out.
    #[cfg(test)]
    pub(crate) fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    /// Makes the handle keep a socket open.
    #[cfg(feature = "client")]
    pub(crate) fn keeping(self, socket: SocketGuard) -> Self {
        Self {
            _socket: Some(socket),
            ..self
        }
    }

    /// Returns the channel's name.
    pub fn name(&self) -> &str {
        &self.lane.name
    }

    fn accept(&self, taken: Taken<String>) -> String {
        if taken.made_room {
            self.lane.mailbox.wake_driver();
        }
        taken.message
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// Takes the messages of one channel; owned and called by the socket's driver alone.
pub(crate) trait Inbound: Send {
    /// Takes one message.
    fn receive(&mut self, data: &str, turn: &mut Turn<'_, '_>) -> Receipt;

    /// Goes on with what is under way.
    fn poll(&mut self, turn: &mut Turn<'_, '_>);

    /// Handles what can't wait until there is room to send; called before [`Inbound::poll`], and where that isn't.
    fn settle(&mut self, _turn: &mut Turn<'_, '_>) {}

    /// Nothing was said for a while: gives back what is kept for more to come.
    fn rest(&mut self) {}

    /// The socket has ended: drops what is under way, and returns what must run to its end nevertheless.
    fn finish(&mut self) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// Returns whether a call is under way here, of either side, or something that has come was not taken: what a socket whose
    /// server goes waits for. Streams are not.
    fn is_busy(&self) -> bool {
        false
    }

    /// A session has opened in which it takes part.
    fn opened(&mut self, _turn: &mut Turn<'_, '_>) {}

    /// That session is ending, and `data` was not handed to the link, of what means something in it only. Returns what is to be sent
    /// in the next session in its place; called in the order of sending, ahead of [`Inbound::lost`].
    fn recall(&mut self, _data: &str) -> Option<Box<dyn Late>> {
        None
    }

    /// That session has ended; there may be another. Returns what is to be sent there once more, ahead of all that waits.
    fn lost(&mut self) -> Vec<Box<dyn Late>> {
        Vec::new()
    }
}

/// What an [`Inbound`] may use during one call of its driver.
pub(crate) struct Turn<'a, 'b> {
    /// Wakes the driver.
    pub(crate) cx: &'a mut task::Context<'b>,
    /// Finished messages to transmit, in order.
    pub(crate) out: &'a mut Messages,
    /// Finished messages that overtake all that waits to be transmitted: credit and cancellations, of exchanges that the
    /// peer knows already.
    pub(crate) urgent: &'a mut Vec<Text>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// It was taken.
    Taken,
    /// There is no room; offer it again when woken.
    Full,
    /// It was malformed.
    Fault,
}

/// The way out of one channel: its name, ready to be put in front of a message.
#[derive(Debug)]
pub(crate) struct Lane {
    name: Box<str>,
    /// `cd<length>&<name>`.
    prefix: Box<str>,
    mailbox: Arc<Mailbox>,
}

impl Lane {
    pub(crate) fn new(name: &str, mailbox: Arc<Mailbox>) -> Self {
        Self {
            name: name.into(),
            prefix: pair::prefix(name).into(),
            mailbox,
        }
    }

    /// Starts a message of this channel with room for `capacity` bytes of data.
    pub(crate) fn begin(&self, capacity: usize) -> String {
        let mut out = String::with_capacity(self.prefix.len() + capacity);
        out.push_str(&self.prefix);
        out
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns what stands in front of every message of this channel.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    fn encode(&self, text: &str) -> Text {
        let mut out = self.begin(text.len());
        out.push_str(text);
        out.into()
    }
}

/// The channels that the application has opened on one socket.
#[derive(Debug)]
pub(crate) struct Channels {
    mailbox: Arc<Mailbox>,
    limits: Arc<Limits>,
    open: Mutex<Handles>,
    /// The main channel, once it is open: each text that a socket sends by itself goes there.
    main: OnceLock<Channel>,
    /// Whether the log has heard of too many channels.
    has_warned: AtomicBool,
}

impl Channels {
    pub(crate) fn new(mailbox: Arc<Mailbox>, limits: impl Into<Arc<Limits>>) -> Self {
        Self {
            mailbox,
            limits: limits.into(),
            open: Mutex::default(),
            main: OnceLock::new(),
            has_warned: AtomicBool::new(false),
        }
    }

    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    #[cfg(feature = "client")]
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the raw channel of this name, opening it the first time.
    ///
    /// On a name that carries typed calls, and past [`Limits::channels`], the channel can send but receives nothing.
    pub(crate) fn channel(&self, name: &str) -> Channel {
        if name == MAIN_CHANNEL
            && let Some(main) = self.main.get()
        {
            return main.clone();
        }
        let raw = |lane| {
            let channel = Channel {
                lane,
                inbox: Arc::new(Inbox::new(&self.limits)),
                _socket: None,
            };
            let inbox = channel.inbox.clone();
            (channel, Box::new(RawInbound { inbox }) as Box<dyn Inbound>)
        };
        let mut open = self.lock();
        // Names of typed channels come from the program's text, so only this door needs a bound.
        let has_room = name == MAIN_CHANNEL || open.len() < self.limits.channels || open.contains_key(name);
        let channel = if has_room {
            self.open_in(&mut open, name, raw)
        } else {
            None
        };
        drop(open);
        if let Some(main) = channel.as_ref().filter(|_| name == MAIN_CHANNEL) {
            let _ = self.main.set(main.clone());
        }
        if !has_room && !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                limit = self.limits.channels,
                socket_id = self.mailbox.socket_id(),
                "too many channels on a socket: those beyond the limit receive nothing"
            );
        }
        channel.unwrap_or_else(|| {
            let (channel, inbound) = raw(Arc::new(Lane::new(name, self.mailbox.clone())));
            drop(inbound);
            channel
        })
    }

    /// Returns the handle of this name, opening it the first time; `None` when it is open as something else.
    pub(crate) fn open_with<T, F>(&self, name: &str, open: F) -> Option<T>
    where
        T: Clone + Send + Sync + 'static,
        F: FnOnce(Arc<Lane>) -> (T, Box<dyn Inbound>),
    {
        self.open_in(&mut self.lock(), name, open)
    }

    fn open_in<T, F>(&self, channels: &mut Handles, name: &str, open: F) -> Option<T>
    where
        T: Clone + Send + Sync + 'static,
        F: FnOnce(Arc<Lane>) -> (T, Box<dyn Inbound>),
    {
        if let Some(handle) = channels.get(name) {
            return handle.downcast_ref::<T>().cloned();
        }
        let (handle, inbound) = open(Arc::new(Lane::new(name, self.mailbox.clone())));
        channels.insert(name.into(), Arc::new(handle.clone()));
        // When the socket has ended the request is dropped, and with it the inbound side closes.
        let _ = self.mailbox.request(Request::Open {
            name: name.into(),
            inbound,
        });
        Some(handle)
    }

    fn lock(&self) -> MutexGuard<'_, Handles> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handles of open channels, raw and typed, by name.
type Handles = HashMap<Box<str>, Arc<dyn Any + Send + Sync>>;

/// Driver's end of an inbox.
struct RawInbound {
    inbox: Arc<Inbox<String>>,
}

impl Inbound for RawInbound {
    fn receive(&mut self, data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
        if !self.inbox.has_room(data.len()) {
            return Receipt::Full;
        }
        self.inbox.push(data.to_owned(), data.len());
        Receipt::Taken
    }

    fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}

    fn is_busy(&self) -> bool {
        self.inbox.is_in_use()
    }
}

impl Drop for RawInbound {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Peer;

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_gives_up_has_taken_nothing() {
        let limits = Limits::default();
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let channel = Channels::new(mailbox.clone(), limits).channel("news");
        let Some(Request::Open { mut inbound, .. }) = mailbox.take_requests().pop() else {
            panic!("the driver is told of the channel");
        };
        let second = Duration::from_secs(1);

        let error = channel.recv_timeout(second).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let mut turn = Turn {
            cx: &mut task::Context::from_waker(task::Waker::noop()),
            out: &mut Messages::default(),
            urgent: &mut Vec::new(),
        };
        inbound.receive("hello", &mut turn);
        drop(inbound);

        assert_eq!(channel.recv_timeout(Duration::ZERO).await.unwrap(), "hello");
        let error = channel.recv_timeout(second).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
    }
}

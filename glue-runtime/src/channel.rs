//! Channels: named lanes of texts inside a socket, the same type for server and client.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task;

use tokio::sync::Notify;

use crate::error::{Error, ErrorKind};
use crate::mailbox::{Command, Mailbox, MailboxClosed, TrySend};
use crate::proto::limits::Limits;
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
    inbox: Arc<Inbox>,
    /// A client's socket lives as long as any handle to it; a server's socket lives by itself.
    _socket: Option<SocketGuard>,
}

/// Keeps a client's socket open.
pub(crate) type SocketGuard = Arc<dyn Any + Send + Sync>;

impl Channel {
    /// Sends a text, waiting while the socket has too much to send already.
    ///
    /// Success means that the text is queued in order; it is lost if the connection breaks before it gets there.
    /// Cancel safe: a dropped future has sent nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] when the socket has ended.
    pub async fn send(&self, text: impl AsRef<str>) -> Result<(), Error> {
        let text = self.lane.encode(text.as_ref());
        self.lane
            .mailbox
            .send(text)
            .await
            .map_err(|MailboxClosed| ErrorKind::Closed.into())
    }

    /// Sends a text if the socket has room for it now.
    ///
    /// # Errors
    /// [`ErrorKind::Full`] when it has not, [`ErrorKind::Closed`] when the socket has ended.
    pub fn try_send(&self, text: impl AsRef<str>) -> Result<(), Error> {
        let text = self.lane.encode(text.as_ref());
        self.lane.mailbox.try_send(text).map_err(|error| match error {
            TrySend::Full => ErrorKind::Full.into(),
            TrySend::Closed => ErrorKind::Closed.into(),
        })
    }

    /// Waits for the next text; `None` when the socket has ended and all texts were taken. Cancel safe.
    pub async fn recv(&self) -> Option<String> {
        loop {
            let arrived = self.inbox.arrived.notified();
            match self.inbox.pop() {
                Pop::Text { text, was_full } => {
                    if was_full {
                        self.lane.mailbox.wake_driver();
                    }
                    return Some(text);
                }
                Pop::Closed => return None,
                Pop::Empty => arrived.await,
            }
        }
    }

    /// Calls `handler` for each text, in order, one at a time, as long as the socket lives.
    ///
    /// The handler's futures run in the socket's own task and are dropped when the socket ends. Don't mix with
    /// [`Channel::recv`]: each text goes to one of them.
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
        let task = async move {
            while let Some(text) = channel.recv().await {
                handler(text).await;
            }
        };
        // On a socket that has ended there is nothing left to handle.
        let _ = self.lane.mailbox.command(Command::Spawn(Box::pin(task)));
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
}

/// What an [`Inbound`] may use during one call of its driver.
pub(crate) struct Turn<'a, 'b> {
    /// Wakes the driver.
    pub(crate) cx: &'a mut task::Context<'b>,
    /// Finished messages to transmit, in order.
    pub(crate) out: &'a mut Vec<Text>,
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
    limits: Limits,
    open: Mutex<HashMap<Box<str>, Arc<dyn Any + Send + Sync>>>,
}

impl Channels {
    pub(crate) fn new(mailbox: Arc<Mailbox>, limits: Limits) -> Self {
        Self {
            mailbox,
            limits,
            open: Mutex::default(),
        }
    }

    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Returns the raw channel of this name, opening it the first time.
    ///
    /// On a name that carries typed calls the channel can send but receives nothing.
    pub(crate) fn channel(&self, name: &str) -> Channel {
        self.open_with(name, |lane| {
            let inbox = Arc::new(Inbox::new(&self.limits));
            (
                Channel {
                    lane,
                    inbox: inbox.clone(),
                    _socket: None,
                },
                Box::new(RawInbound { inbox }),
            )
        })
        .unwrap_or_else(|| Channel {
            lane: Arc::new(Lane::new(name, self.mailbox.clone())),
            inbox: Arc::new(Inbox::closed()),
            _socket: None,
        })
    }

    /// Returns the handle of this name, opening it the first time; `None` when it is open as something else.
    pub(crate) fn open_with<T, F>(&self, name: &str, open: F) -> Option<T>
    where
        T: Clone + Send + Sync + 'static,
        F: FnOnce(Arc<Lane>) -> (T, Box<dyn Inbound>),
    {
        let mut channels = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = channels.get(name) {
            return handle.downcast_ref::<T>().cloned();
        }
        let (handle, inbound) = open(Arc::new(Lane::new(name, self.mailbox.clone())));
        channels.insert(name.into(), Arc::new(handle.clone()));
        // When the socket has ended the command is dropped, and with it the inbound side closes.
        let _ = self.mailbox.command(Command::Open {
            name: name.into(),
            inbound,
        });
        Some(handle)
    }
}

/// Received texts that wait for the application.
#[derive(Debug)]
struct Inbox {
    state: Mutex<InboxState>,
    arrived: Notify,
    max_messages: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct InboxState {
    queue: VecDeque<String>,
    bytes: usize,
    closed: bool,
    /// A message was turned away: the driver waits for room.
    refused: bool,
}

enum Pop {
    Text { text: String, was_full: bool },
    Empty,
    Closed,
}

impl Inbox {
    fn new(limits: &Limits) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Notify::new(),
            max_messages: limits.channel_messages,
            max_bytes: limits.channel_bytes,
        }
    }

    fn closed() -> Self {
        let inbox = Self {
            state: Mutex::default(),
            arrived: Notify::new(),
            max_messages: 0,
            max_bytes: 0,
        };
        inbox.close();
        inbox
    }

    fn push(&self, text: &str) -> Receipt {
        {
            let mut state = self.lock();
            let fits = state.queue.len() < self.max_messages && state.bytes + text.len() <= self.max_bytes;
            if !fits && !state.queue.is_empty() {
                state.refused = true;
                return Receipt::Full;
            }
            state.bytes += text.len();
            state.queue.push_back(text.to_owned());
        }
        self.arrived.notify_one();
        Receipt::Taken
    }

    fn pop(&self) -> Pop {
        let mut state = self.lock();
        match state.queue.pop_front() {
            Some(text) => {
                state.bytes -= text.len();
                if state.queue.is_empty() {
                    state.queue.shrink_to(IDLE_CAPACITY);
                }
                Pop::Text {
                    text,
                    was_full: std::mem::take(&mut state.refused),
                }
            }
            None if state.closed => Pop::Closed,
            None => Pop::Empty,
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Driver's end of an inbox.
struct RawInbound {
    inbox: Arc<Inbox>,
}

impl Inbound for RawInbound {
    fn receive(&mut self, data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
        self.inbox.push(data)
    }

    fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}
}

impl Drop for RawInbound {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

/// Texts for which an idle queue keeps room.
const IDLE_CAPACITY: usize = 4;

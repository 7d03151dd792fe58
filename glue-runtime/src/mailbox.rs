//! The way from the handles of a socket (channels, server, client) to the one task that owns its state.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

use futures_util::future::BoxFuture;
use futures_util::task::AtomicWaker;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, TryAcquireError};

use crate::channel::Inbound;
use crate::proto::limits::Limits;
use crate::proto::text::Text;
use crate::session::CloseReason;

/// What a handle asks of the driver.
pub(crate) enum Command {
    /// Transmit a finished message, which has taken `weight` permits.
    Send { text: Text, weight: u32 },
    /// Give the messages of a channel to `inbound` from now on.
    Open {
        name: Box<str>,
        inbound: Box<dyn Inbound>,
    },
    /// Poll a future of the application as long as the socket lives.
    Spawn(BoxFuture<'static, ()>),
}

/// Shared by the driver of one socket and all its handles.
///
/// Bounded: the texts that wait take permits of `space`, other commands come from the application alone.
#[derive(Debug)]
pub(crate) struct Mailbox {
    peer: Peer,
    commands: Mutex<Commands>,
    /// Wakes the driver.
    driver: AtomicWaker,
    /// One permit per byte that may still wait; closed with the socket.
    space: Semaphore,
    /// All permits of `space`.
    capacity: usize,
    closed: OnceLock<CloseReason>,
    /// Wakes those who wait for `closed`.
    ended: Notify,
}

/// Who is on the other side.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    /// Set before the application sees the socket.
    pub(crate) socket_id: OnceLock<String>,
    pub(crate) remote_addr: Option<SocketAddr>,
    pub(crate) user_agent: Option<String>,
}

impl Mailbox {
    pub(crate) fn new(peer: Peer, limits: &Limits) -> Self {
        let capacity = limits.send_bytes.clamp(1, MAX_CAPACITY);
        Self {
            peer,
            commands: Mutex::default(),
            driver: AtomicWaker::new(),
            space: Semaphore::new(capacity),
            capacity,
            closed: OnceLock::new(),
            ended: Notify::new(),
        }
    }

    /// Queues a message, waiting for room. Cancel safe: a dropped future has queued nothing.
    pub(crate) async fn send(&self, text: Text) -> Result<(), MailboxClosed> {
        self.reserve(text.len()).await?.send(text)
    }

    /// Queues a message if there is room.
    pub(crate) fn try_send(&self, text: Text) -> Result<(), TrySend> {
        let weight = self.weight(text.len());
        match self.space.try_acquire_many(weight) {
            Ok(permits) => Room {
                mailbox: self,
                permits,
                weight,
            }
            .send(text)
            .map_err(|MailboxClosed| TrySend::Closed),
            Err(TryAcquireError::NoPermits) => Err(TrySend::Full),
            Err(TryAcquireError::Closed) => Err(TrySend::Closed),
        }
    }

    /// Waits for room for a message of about `bytes`. Cancel safe: room that is not used is given back.
    pub(crate) async fn reserve(&self, bytes: usize) -> Result<Room<'_>, MailboxClosed> {
        let weight = self.weight(bytes);
        let permits = self.space.acquire_many(weight).await.map_err(|_| MailboxClosed)?;
        Ok(Room {
            mailbox: self,
            permits,
            weight,
        })
    }

    /// Queues a short message that must not wait, such as the cancellation of a call. The caller answers for a bound.
    pub(crate) fn send_control(&self, text: Text) -> Result<(), MailboxClosed> {
        self.command(Command::Send { text, weight: 0 })
    }

    /// Queues a command.
    pub(crate) fn command(&self, command: Command) -> Result<(), MailboxClosed> {
        {
            let mut commands = self.lock();
            if self.closed.get().is_some() {
                return Err(MailboxClosed);
            }
            commands.queue.push_back(command);
        }
        self.driver.wake();
        Ok(())
    }

    /// Asks for the end of the socket, behind all that was queued before.
    pub(crate) fn request_close(&self, reason: CloseReason) {
        self.lock().close.get_or_insert(reason);
        self.driver.wake();
    }

    /// Lets the driver look again, for room in an inbox that was full.
    pub(crate) fn wake_driver(&self) {
        self.driver.wake();
    }

    /// Waits for the end of the socket. Cancel safe.
    pub(crate) async fn closed(&self) -> CloseReason {
        loop {
            let ended = self.ended.notified();
            if let Some(reason) = self.closed.get() {
                return *reason;
            }
            ended.await;
        }
    }

    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get().is_some()
    }

    /// Driver: takes the oldest command.
    pub(crate) fn take(&self) -> Option<Command> {
        let command = self.lock().queue.pop_front()?;
        if let Command::Send { weight, .. } = command {
            self.space.add_permits(weight as usize);
        }
        Some(command)
    }

    /// Driver: returns whether there is nothing to take.
    pub(crate) fn is_empty(&self) -> bool {
        let commands = self.lock();
        commands.queue.is_empty() && commands.close.is_none()
    }

    /// Driver: returns the end that was asked for, once all that was queued before it has been taken.
    pub(crate) fn close_request(&self) -> Option<CloseReason> {
        self.lock().close
    }

    /// Driver: registers who is woken by commands.
    pub(crate) fn register(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    /// Driver: no command is taken any more; waiting senders fail.
    pub(crate) fn close(&self, reason: CloseReason) {
        let left = {
            let mut commands = self.lock();
            let _ = self.closed.set(reason);
            std::mem::take(&mut commands.queue)
        };
        // Commands own parts of the application, whose destructors must not run under the lock.
        drop(left);
        self.space.close();
        self.ended.notify_waiters();
    }

    /// Permits of a text; one over the capacity takes all, so that it is sent alone.
    fn weight(&self, bytes: usize) -> u32 {
        let weight = bytes.saturating_add(MESSAGE_OVERHEAD).min(self.capacity);
        u32::try_from(weight).unwrap_or(u32::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Commands> {
        // Nothing that can panic runs under the lock.
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for one message.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    mailbox: &'a Mailbox,
    permits: SemaphorePermit<'a>,
    weight: u32,
}

impl Room<'_> {
    /// Queues the message.
    pub(crate) fn send(self, text: Text) -> Result<(), MailboxClosed> {
        self.mailbox.command(Command::Send {
            text,
            weight: self.weight,
        })?;
        self.permits.forget();
        Ok(())
    }
}

/// The socket has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MailboxClosed;

/// Why a message was not queued.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TrySend {
    Full,
    Closed,
}

#[derive(Default)]
struct Commands {
    queue: VecDeque<Command>,
    close: Option<CloseReason>,
}

impl std::fmt::Debug for Commands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commands")
            .field("queued", &self.queue.len())
            .field("close", &self.close)
            .finish()
    }
}

/// What a message costs beside its text, so that many tiny ones are bounded as well.
const MESSAGE_OVERHEAD: usize = 32;

/// Permits that a semaphore takes in one request.
const MAX_CAPACITY: usize = u32::MAX as usize >> 4;

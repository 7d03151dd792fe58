//! The way from the handles of a socket (channels, server, client) to the one task that owns its state.

mod backlog;
mod driver_waker;
mod fan_out;
mod new_link;
mod peer;
mod task;
mod waiting;

pub use fan_out::{Delivery, SlowConsumer};

pub(crate) use backlog::Offered;
pub(crate) use fan_out::FanOut;
pub(crate) use new_link::{NewLink, Place};
pub(crate) use peer::Peer;
pub(crate) use task::Task;
pub(crate) use waiting::{Bond, Late, Outgoing};

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

use tokio::sync::{Notify, Semaphore, SemaphorePermit, TryAcquireError};

use self::backlog::Backlog;
use self::driver_waker::DriverWaker;
use crate::channel::Inbound;
use crate::error::{Error, ErrorKind};
use crate::proto::limits::{Leave, Limits, MESSAGE_OVERHEAD};
use crate::proto::text::Text;
use crate::quota::Quota;
use crate::session::CloseReason;
use crate::values::Values;

/// Shared by the driver of one socket and all its handles.
///
/// Bounded: the messages that wait take permits of `space` or, if they are broadcasts, bytes of the backlog; requests come
/// from the application alone.
pub(crate) struct Mailbox {
    peer: Peer,
    /// Of the application.
    values: Values,
    queues: Mutex<Queues>,
    /// Whether there is something in `queues`: the driver looks at each message, and mostly there is nothing.
    has_mail: AtomicBool,
    /// Wakes the driver.
    driver: DriverWaker,
    /// One permit per byte that may still wait; closed with the socket.
    space: Semaphore,
    /// All permits of `space`.
    capacity: usize,
    /// Bytes of broadcasts that may wait.
    backlog_bytes: usize,
    /// Bytes in the session's outbox when the driver last looked.
    unsent: AtomicUsize,
    /// Messages that will never leave, counted at the end.
    undelivered: AtomicUsize,
    /// Wakes broadcasts that wait for room.
    room: Notify,
    ended: OnceLock<CloseReason>,
    /// Wakes those who wait for `ended`.
    end: Notify,
    /// Called at the end, in order; locked by itself, as a handler may do anything.
    close_handlers: Mutex<Vec<CloseHandler>>,
    /// What the socket's calls use together.
    quota: Quota,
}

/// What the application does when the socket has ended.
pub(crate) type CloseHandler = Box<dyn FnOnce(CloseReason) + Send>;

/// How the application wants the socket to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// For this reason.
    Close(CloseReason),
    /// Because the application closes it; the client must not come back by itself.
    Dismiss,
}

/// What the application asks of the driver beside sending.
pub(crate) enum Request {
    /// Give the messages of a channel to `inbound` from now on.
    Open {
        name: Box<str>,
        inbound: Box<dyn Inbound>,
    },
    /// Poll a future of the application as long as the socket lives.
    Spawn(Task),
    /// Go on over another link.
    Attach(Box<NewLink>),
    /// Let the client go.
    Drain(Leave),
    /// The link that went to another session, whose client has had it, is that session's.
    HandedOver,
    /// It is not, and is back.
    GiveBack(Box<NewLink>),
}

impl Mailbox {
    pub(crate) fn new(peer: Peer, limits: &Limits) -> Self {
        let capacity = limits.send_bytes.clamp(1, MAX_CAPACITY);
        Self {
            peer,
            values: Values::default(),
            queues: Mutex::default(),
            has_mail: AtomicBool::new(false),
            driver: DriverWaker::default(),
            space: Semaphore::new(capacity),
            capacity,
            backlog_bytes: limits.backlog_bytes,
            unsent: AtomicUsize::new(0),
            undelivered: AtomicUsize::new(0),
            room: Notify::new(),
            ended: OnceLock::new(),
            end: Notify::new(),
            close_handlers: Mutex::default(),
            quota: Quota::default(),
        }
    }

    /// Queues a message, waiting for room. Cancel safe: a dropped future has queued nothing.
    pub(crate) async fn send(&self, text: Text) -> Result<(), Error> {
        self.reserve(text.len()).await?.send(text)
    }

    /// Queues a message if there is room.
    pub(crate) fn try_send(&self, text: Text) -> Result<(), Error> {
        self.try_reserve(text.len())?.send(text)
    }

    /// Returns room for a message of about `bytes`, if there is some now.
    pub(crate) fn try_reserve(&self, bytes: usize) -> Result<Room<'_>, Error> {
        match self.space.try_acquire_many(self.weight(bytes)) {
            Ok(permits) => Ok(Room {
                mailbox: self,
                permits,
            }),
            Err(TryAcquireError::NoPermits) => Err(ErrorKind::Full.into()),
            Err(TryAcquireError::Closed) => Err(ErrorKind::Closed.into()),
        }
    }

    /// Waits for room for a message of about `bytes`. Cancel safe: room that is not used is given back.
    pub(crate) async fn reserve(&self, bytes: usize) -> Result<Room<'_>, Error> {
        match self.space.acquire_many(self.weight(bytes)).await {
            Ok(permits) => Ok(Room {
                mailbox: self,
                permits,
            }),
            Err(_) => Err(ErrorKind::Closed.into()),
        }
    }

    /// Queues a short message that must not wait for room, such as the cancellation of a call, behind what was sent before. The
    /// caller answers for a bound.
    pub(crate) fn send_control(&self, message: Box<dyn Late>) -> Result<(), Error> {
        self.queue(Outgoing::Late(message), 0)
    }

    /// Queues a short message ahead of all else, such as credit. The caller answers for a bound, and that the message means the
    /// same there.
    pub(crate) fn send_urgent(&self, message: Box<dyn Late>) -> Result<(), Error> {
        self.change(|queues| {
            queues.urgent.push(message);
            Ok(())
        })
    }

    /// Asks something of the driver.
    pub(crate) fn request(&self, request: Request) -> Result<(), Error> {
        self.change(|queues| {
            queues.requests.push(request);
            Ok(())
        })
    }

    /// Asks for the end of the socket, behind all that was sent before; nothing is accepted any more. The first to ask
    /// decides.
    pub(crate) fn request_close(&self, reason: CloseReason) {
        self.request_end(Ending::Close(reason));
    }

    /// Asks for the end of the socket likewise, and that the client doesn't come back by itself.
    pub(crate) fn request_dismissal(&self) {
        self.request_end(Ending::Dismiss);
    }

    /// Calls `handler` when the socket has ended, at once if it has.
    pub(crate) fn on_close(&self, handler: CloseHandler) {
        let reason = {
            let mut handlers = self.lock_close_handlers();
            match self.ended.get() {
                Some(reason) => *reason,
                None => return handlers.push(handler),
            }
        };
        call(handler, reason);
    }

    /// Lets the driver look again, for room in an inbox that was full.
    pub(crate) fn wake_driver(&self) {
        self.driver.wake();
    }

    /// Waits until the socket has ended and what was sent on it is written. Cancel safe.
    pub(crate) async fn closed(&self) -> CloseReason {
        loop {
            let end = self.end.notified();
            if let Some(reason) = self.ended.get() {
                return *reason;
            }
            end.await;
        }
    }

    /// Returns whether nothing can be sent any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.space.is_closed()
    }

    pub(crate) fn quota(&self) -> &Quota {
        &self.quota
    }

    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Returns what the application has bound to the socket.
    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// Returns the socket's id, empty until the application sees the socket.
    pub(crate) fn socket_id(&self) -> &str {
        self.peer.socket_id.get().map_or("", |id| id)
    }

    /// Returns how many messages have never left, once the socket has ended.
    pub(crate) fn undelivered(&self) -> Option<usize> {
        self.ended.get()?;
        Some(self.undelivered.load(Ordering::Relaxed))
    }

    /// Driver: takes the oldest message.
    pub(crate) fn take_message(&self) -> Option<Outgoing> {
        self.take(|_| true)
    }

    /// Driver: takes the oldest message that is meant.
    fn take(&self, is_meant: impl Fn(&Outgoing) -> bool) -> Option<Outgoing> {
        if self.is_empty() {
            return None;
        }
        let (message, held) = {
            let mut queues = self.lock();
            let place = queues
                .messages
                .iter()
                .position(|(message, _)| is_meant(message))?;
            let message = queues.messages.remove(place)?;
            queues.backlog.give_back(&message);
            if queues.messages.is_empty() {
                queues.messages.shrink_to(IDLE_CAPACITY);
            }
            message
        };
        match held {
            Held::Space(permits) => self.space.add_permits(permits),
            Held::Backlog { .. } => self.room.notify_waiters(),
        }
        Some(message)
    }

    /// Driver: takes all that goes ahead of messages.
    pub(crate) fn take_urgent(&self) -> Vec<Box<dyn Late>> {
        if self.is_empty() {
            return Vec::new();
        }
        std::mem::take(&mut self.lock().urgent)
    }

    /// Driver: takes all requests.
    pub(crate) fn take_requests(&self) -> Vec<Request> {
        if self.is_empty() {
            return Vec::new();
        }
        std::mem::take(&mut self.lock().requests)
    }

    /// Driver: returns how many messages wait.
    pub(crate) fn messages(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        self.lock().messages.len()
    }

    /// Driver: returns the weight of the messages that wait, in bytes.
    pub(crate) fn waiting(&self) -> usize {
        let reserved = self.capacity.saturating_sub(self.space.available_permits());
        reserved.saturating_add(self.lock().backlog.bytes())
    }

    /// Driver: returns whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_mail.load(Ordering::Acquire)
    }

    /// Driver: returns the end that was asked for, behind the messages that wait.
    pub(crate) fn end_request(&self) -> Option<Ending> {
        if self.is_empty() {
            return None;
        }
        self.lock().ending
    }

    /// Driver: registers who is woken by handles.
    pub(crate) fn register(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    /// Driver: it works, and will look at what handles ask for in any case.
    pub(crate) fn begin_turn(&self) {
        self.driver.begin_turn();
    }

    /// Driver: it is about to look at what handles ask for.
    pub(crate) fn heed(&self) {
        self.driver.heed();
    }

    /// Driver: it rests until it is woken, at once if it was meant to look again since the last [`Mailbox::heed`].
    pub(crate) fn end_turn(&self, waker: &Waker) {
        self.driver.end_turn(waker);
    }

    /// Driver: accepts nothing any more, and returns what was left to send; waiting senders fail.
    pub(crate) fn refuse(&self) -> Vec<Outgoing> {
        let (messages, requests, urgent) = {
            let mut queues = self.lock();
            queues.is_refusing = true;
            (
                std::mem::take(&mut queues.messages),
                std::mem::take(&mut queues.requests),
                std::mem::take(&mut queues.urgent),
            )
        };
        self.note_undelivered(messages.len());
        // Requests own parts of the application, whose destructors must not run under the lock.
        drop(urgent);
        for request in requests {
            if let Request::Attach(link) = request {
                link.give_back();
            }
        }
        self.space.close();
        self.room.notify_waiters();
        messages.into_iter().map(|(message, _)| message).collect()
    }

    /// Driver: counts messages that were sent and will never leave.
    pub(crate) fn note_undelivered(&self, messages: usize) {
        self.undelivered.fetch_add(messages, Ordering::Relaxed);
    }

    /// Driver: tells everyone that the socket has ended.
    ///
    /// Only the first reason counts.
    pub(crate) fn end(&self, reason: CloseReason) {
        let reason = *self.ended.get_or_init(|| reason);
        self.end.notify_waiters();
        // Behind `ended`: whoever comes too late for this list has seen that.
        let handlers = std::mem::take(&mut *self.lock_close_handlers());
        for handler in handlers {
            call(handler, reason);
        }
    }

    fn request_end(&self, ending: Ending) {
        self.lock().ending.get_or_insert(ending);
        self.wake_driver();
    }

    fn queue(&self, message: Outgoing, weight: usize) -> Result<(), Error> {
        self.change(|queues| {
            if let Outgoing::Text(text) = &message {
                if queues.is_adrift {
                    return Err(ErrorKind::NotConnected.into());
                }
                if text.len() > queues.max_text {
                    return Err(ErrorKind::TooLarge.into());
                }
            }
            queues.messages.push_back((message, Held::Space(weight)));
            Ok(())
        })
    }

    fn change(&self, change: impl FnOnce(&mut Queues) -> Result<(), Error>) -> Result<(), Error> {
        {
            let mut queues = self.lock();
            if queues.is_refusing || queues.ending.is_some() {
                return Err(ErrorKind::Closed.into());
            }
            change(&mut queues)?;
        }
        self.wake_driver();
        Ok(())
    }

    /// Permits of a message; one over the capacity takes all, so that it is sent alone.
    fn weight(&self, bytes: usize) -> u32 {
        let weight = bytes.saturating_add(MESSAGE_OVERHEAD).min(self.capacity);
        u32::try_from(weight).unwrap_or(u32::MAX)
    }

    #[cfg(test)]
    pub(crate) fn close_handlers(&self) -> usize {
        self.lock_close_handlers().len()
    }

    fn lock_close_handlers(&self) -> MutexGuard<'_, Vec<CloseHandler>> {
        // Handlers neither run nor are dropped under the lock.
        self.close_handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> Locked<'_> {
        Locked {
            // Nothing that can panic runs under the lock.
            queues: self.queues.lock().unwrap_or_else(PoisonError::into_inner),
            has_mail: &self.has_mail,
        }
    }
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailbox")
            .field("peer", &self.peer)
            .field("queues", &self.queues)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Room for one message.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    mailbox: &'a Mailbox,
    permits: SemaphorePermit<'a>,
}

impl Room<'_> {
    /// Queues the message.
    pub(crate) fn send(self, message: impl Into<Outgoing>) -> Result<(), Error> {
        self.mailbox.queue(message.into(), self.permits.num_permits())?;
        // The driver gives them back when it takes the message.
        self.permits.forget();
        Ok(())
    }
}

/// What a message has taken until the driver takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// Permits of [`Mailbox::space`].
    Space(usize),
    /// Bytes of the backlog: a broadcast, which newer ones may push out or not.
    Backlog { is_droppable: bool },
}

/// The queues while somebody has them: tells the driver what is left in them.
struct Locked<'a> {
    queues: MutexGuard<'a, Queues>,
    has_mail: &'a AtomicBool,
}

impl Deref for Locked<'_> {
    type Target = Queues;

    fn deref(&self) -> &Queues {
        &self.queues
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Queues {
        &mut self.queues
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Still locked: whoever comes next tells the driver something newer.
        self.has_mail.store(!self.queues.is_empty(), Ordering::Release);
    }
}

struct Queues {
    /// What is to be sent, in order.
    messages: VecDeque<(Outgoing, Held)>,
    /// Broadcasts among them.
    backlog: Backlog,
    requests: Vec<Request>,
    /// What goes ahead of `messages`; it counts for nobody.
    urgent: Vec<Box<dyn Late>>,
    ending: Option<Ending>,
    is_refusing: bool,
    /// A client has been without a session for so long that it keeps no texts for the next.
    is_adrift: bool,
    /// Bytes of the longest text that the peer takes.
    max_text: usize,
}

impl Queues {
    /// Returns whether nothing is asked for.
    fn is_empty(&self) -> bool {
        self.messages.is_empty()
            && self.urgent.is_empty()
            && self.requests.is_empty()
            && self.ending.is_none()
    }
}

impl Default for Queues {
    fn default() -> Self {
        Self {
            messages: VecDeque::new(),
            backlog: Backlog::default(),
            requests: Vec::new(),
            urgent: Vec::new(),
            ending: None,
            is_refusing: false,
            is_adrift: false,
            max_text: usize::MAX,
        }
    }
}

impl std::fmt::Debug for Queues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queues")
            .field("messages", &self.messages.len())
            .field("ending", &self.ending)
            .finish()
    }
}

/// Calls a handler of the application; its panic is nobody else's affair.
fn call(handler: CloseHandler, reason: CloseReason) {
    if catch_unwind(AssertUnwindSafe(|| handler(reason))).is_err() {
        tracing::error!("a close handler of the socket panicked");
    }
}

/// Messages for which an idle mailbox keeps room.
const IDLE_CAPACITY: usize = 4;

/// Permits that a semaphore takes in one request.
const MAX_CAPACITY: usize = u32::MAX as usize >> 4;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn close_handlers_run_once_in_order_whatever_one_of_them_does() {
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &Limits::default()));
        let heard: Arc<Mutex<Vec<(u32, CloseReason)>>> = Arc::default();
        let note = |number| {
            let heard = heard.clone();
            Box::new(move |reason| heard.lock().unwrap().push((number, reason)))
        };
        mailbox.on_close(note(1));
        mailbox.on_close(Box::new(|_| panic!("on purpose")));
        let (nested, late) = (mailbox.clone(), note(2));
        mailbox.on_close(Box::new(move |_| nested.on_close(late)));
        mailbox.on_close(note(3));

        mailbox.end(CloseReason::Peer);
        mailbox.end(CloseReason::Panicked);
        mailbox.on_close(note(4));

        let peer = |number| (number, CloseReason::Peer);
        assert_eq!(*heard.lock().unwrap(), [1, 2, 3, 4].map(peer));
    }
}

//! What the exchanges that are served in one channel of a socket share with the methods that run for them.
//!
//! The dispatcher owns the futures; here is what both sides of these touch: credit and items of streams in both directions,
//! messages that wait to be taken over by the dispatcher, and who waits for the end of a call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::audience::Audience;
use super::calls::LazyCalls;
use super::credit::{CreditExceeded, ReceiveWindow};
use super::error::RpcError;
use super::message::CallKind;
use crate::channel::Lane;
use crate::proto::envelope::Envelope;
use crate::proto::limits::{MAX_CREDIT, STREAM_BYTES, WINDOW};
use crate::proto::messages::Messages;
use crate::proto::text::Text;

/// The exchanges of one channel of one socket.
#[derive(Debug)]
pub(super) struct Exchanges {
    lane: Arc<Lane>,
    /// The other direction: what this side asks of its peer.
    calls: LazyCalls,
    /// All sockets that have opened the channel.
    audience: Arc<Audience>,
    /// Key of the call that is being polled for the first time, or 0: most calls end there and need no entry. With
    /// `has_watchers` it is read and written in one order by all threads: who watches says so before looking at this, who ends
    /// the call changes this before looking for watchers.
    current: AtomicU64,
    has_watchers: AtomicBool,
    /// Whether the lists of these names may hold something: they are looked at for each message, and mostly empty.
    has_failed: AtomicBool,
    has_control: AtomicBool,
    has_out: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Finished messages of streams that the dispatcher has not taken yet.
    out: Messages,
    bytes: usize,
    /// Whether a stream waits for room.
    is_full: bool,
    /// Exchanges whose last message is in `out`.
    told: Vec<u64>,
    control: Vec<Control>,
    failed: Vec<(u64, RpcError)>,
    // Sorted, not hashed: the peer chooses the ids, and there are few.
    down: BTreeMap<u64, Credit>,
    up: BTreeMap<u64, Upward>,
    /// Calls that wait for something, until they have ended or were cancelled.
    parked: BTreeSet<u64>,
    /// Who waits for the end of a call, by its key.
    watchers: BTreeMap<u64, Vec<Waker>>,
}

/// Lowers a flag and returns whether it was raised; one that is down, as nearly always, costs a read only.
fn take(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed) && flag.swap(false, Ordering::Acquire)
}

/// What a stream to the caller may send.
#[derive(Debug)]
struct Credit {
    items: u32,
    /// Wakes the stream's future when there is credit or room again.
    waker: Option<Waker>,
}

impl Credit {
    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// What a stream may send in one go, and what it writes to: so it needs no look at what is shared for each item.
#[derive(Debug)]
pub(super) struct Allowance {
    pub(super) out: Messages,
    /// Items that it may still send.
    pub(super) items: u32,
    /// Bytes for which there is still room.
    pub(super) bytes: usize,
    /// Bytes for which there was.
    room: usize,
}

/// A stream from the caller; what waits in it is bounded by the credit that was granted.
#[derive(Debug)]
struct Upward {
    window: ReceiveWindow,
    has_begun: bool,
    items: VecDeque<String>,
    has_ended: bool,
    reader: Option<Waker>,
}

/// A message that no data may hold up.
#[derive(Clone, Copy, Debug)]
enum Control {
    Credit {
        id: u64,
        items: u32,
    },
    /// No more items are wanted.
    Cancel {
        id: u64,
    },
}

impl Control {
    const fn id(self) -> u64 {
        match self {
            Self::Credit { id, .. } | Self::Cancel { id } => id,
        }
    }
}

/// The peer granted more credit than there can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct CreditOverflow;

impl Exchanges {
    pub(super) fn new(lane: Arc<Lane>, audience: Arc<Audience>) -> Self {
        Self {
            calls: LazyCalls::new(lane.clone()),
            lane,
            audience,
            current: AtomicU64::new(0),
            has_watchers: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            has_control: AtomicBool::new(false),
            has_out: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    pub(super) fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    pub(super) fn calls(&self) -> &LazyCalls {
        &self.calls
    }

    pub(super) fn audience(&self) -> &Arc<Audience> {
        &self.audience
    }

    // The life of a call.

    /// A call is polled for the first time.
    pub(super) fn enter(&self, key: u64) {
        self.current.store(key, Ordering::Relaxed);
    }

    /// That call waits for something.
    pub(super) fn park(&self, key: u64) {
        self.lock().parked.insert(key);
        self.current.store(0, Ordering::Relaxed);
    }

    /// A call has ended, or nobody wants its answer any more.
    pub(super) fn leave(&self, key: u64) {
        if self.current.load(Ordering::Relaxed) == key {
            self.current.store(0, Ordering::SeqCst);
            if !self.has_watchers.load(Ordering::SeqCst) {
                return;
            }
        }
        let watchers = {
            let mut state = self.lock();
            state.parked.remove(&key);
            let watchers = state.watchers.remove(&key);
            self.has_watchers
                .store(!state.watchers.is_empty(), Ordering::SeqCst);
            watchers
        };
        watchers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Forgets the streams of an exchange that has ended; nothing more is sent for it.
    pub(super) fn forget(&self, id: u64) {
        let streams = {
            let mut state = self.lock();
            state.control.retain(|control| control.id() != id);
            (state.up.remove(&id), state.down.remove(&id))
        };
        drop(streams);
    }

    /// The socket has ended: so have all calls.
    pub(super) fn end(&self) {
        self.current.store(0, Ordering::SeqCst);
        let state = std::mem::take(&mut *self.lock());
        state.watchers.into_values().flatten().for_each(Waker::wake);
    }

    pub(super) fn is_over(&self, key: u64) -> bool {
        self.current.load(Ordering::Relaxed) != key && !self.lock().parked.contains(&key)
    }

    /// Waits for the end of a call.
    pub(super) fn poll_over(&self, key: u64, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        self.has_watchers.store(true, Ordering::SeqCst);
        if self.current.load(Ordering::SeqCst) != key && !state.parked.contains(&key) {
            self.has_watchers
                .store(!state.watchers.is_empty(), Ordering::SeqCst);
            return Poll::Ready(());
        }
        let watchers = state.watchers.entry(key).or_default();
        if !watchers.iter().any(|watcher| watcher.will_wake(cx.waker())) {
            watchers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Ends an exchange with an error, from wherever its stream is read.
    pub(super) fn fail(&self, id: u64, error: RpcError) {
        self.lock().failed.push((id, error));
        self.has_failed.store(true, Ordering::Release);
        self.lane.mailbox().wake_driver();
    }

    /// Returns whether an exchange was ended where its stream is read, or there is something to say of one.
    pub(super) fn has_news(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed) || self.has_control.load(Ordering::Relaxed)
    }

    pub(super) fn take_failed(&self) -> Vec<(u64, RpcError)> {
        if !take(&self.has_failed) {
            return Vec::new();
        }
        std::mem::take(&mut self.lock().failed)
    }

    /// Moves credits and cancellations to `urgent`.
    pub(super) fn drain_control(&self, urgent: &mut Vec<Text>) {
        if !take(&self.has_control) {
            return;
        }
        let control = std::mem::take(&mut self.lock().control);
        for message in control {
            let mut out = self.lane.begin(24);
            match message {
                Control::Credit { id, items } => Envelope::Credit { id, items }.encode(&mut out),
                Control::Cancel { id } => Envelope::Cancel { id }.encode(&mut out),
            }
            urgent.push(out.into());
        }
    }

    /// An exchange begins, be it that its method still has to wait: what its caller says of its streams counts from here on.
    pub(super) fn open(&self, id: u64, kind: CallKind, credit: u32) {
        if kind.sends_items() {
            self.open_down(id, credit);
        }
        if kind.takes_items() {
            self.open_up(id);
        }
    }

    // Streams to the caller.

    fn open_down(&self, id: u64, credit: u32) {
        let credit = Credit {
            items: credit,
            waker: None,
        };
        self.lock().down.insert(id, credit);
    }

    pub(super) fn close_down(&self, id: u64) {
        self.lock().down.remove(&id);
    }

    /// Adds to what an exchange may send, up to the most that credit can be. Credit for an exchange that has ended
    /// crossed with its end.
    pub(super) fn grant(&self, id: u64, items: u32) -> Result<(), CreditOverflow> {
        let mut state = self.lock();
        let Some(credit) = state.down.get_mut(&id) else {
            return Ok(());
        };
        let total = credit
            .items
            .checked_add(items)
            .filter(|&total| total <= MAX_CREDIT);
        credit.items = total.unwrap_or(MAX_CREDIT);
        credit.wake();
        total.map(|_| ()).ok_or(CreditOverflow)
    }

    /// Waits until one item may be sent at least, and for room for it, and takes what may be sent then. It is to be put back.
    pub(super) fn poll_allowance(&self, id: u64, cx: &Context<'_>) -> Poll<Allowance> {
        let mut state = self.lock();
        let State {
            down,
            out,
            bytes,
            is_full,
            ..
        } = &mut *state;
        let Some(credit) = down.get_mut(&id) else {
            return Poll::Pending;
        };
        let room = STREAM_BYTES.saturating_sub(*bytes);
        if credit.items == 0 || room == 0 {
            *is_full |= credit.items > 0;
            credit.wait(cx);
            return Poll::Pending;
        }
        Poll::Ready(Allowance {
            out: std::mem::take(out),
            items: std::mem::take(&mut credit.items),
            bytes: room,
            room,
        })
    }

    /// Takes back what a stream was allowed to send and has not, with the messages that it has written; `is_over` says whether
    /// the last of them ends it.
    pub(super) fn put_back(&self, id: u64, allowance: &mut Allowance, is_over: bool) {
        let mut out = std::mem::take(&mut allowance.out);
        let mut state = self.lock();
        if let Some(credit) = state.down.get_mut(&id) {
            credit.items = credit.items.saturating_add(allowance.items).min(MAX_CREDIT);
        }
        if is_over {
            state.told.push(id);
        }
        state.bytes += allowance.room - allowance.bytes;
        // Others may have written meanwhile, where middleware runs calls in tasks of its own.
        out.append(&mut state.out);
        state.out = out;
        self.has_out.store(true, Ordering::Release);
    }

    /// Returns whether streams have had a turn since the last [`drain`](Self::drain).
    pub(super) fn has_out(&self) -> bool {
        self.has_out.load(Ordering::Relaxed)
    }

    /// Moves finished messages to `out`, and lets streams that waited for room go on. Returns the exchanges whose last message
    /// was among them.
    pub(super) fn drain(&self, out: &mut Messages) -> Vec<u64> {
        if !take(&self.has_out) {
            return Vec::new();
        }
        let mut state = self.lock();
        if out.is_empty() {
            std::mem::swap(out, &mut state.out);
        } else {
            out.append(&mut state.out);
            state.out.rest();
        }
        if state.down.is_empty() {
            state.out = Messages::default();
        }
        state.bytes = 0;
        if std::mem::take(&mut state.is_full) {
            for credit in state.down.values_mut().filter(|credit| credit.items > 0) {
                credit.wake();
            }
        }
        std::mem::take(&mut state.told)
    }

    // Streams from the caller.

    fn open_up(&self, id: u64) {
        let upward = Upward {
            // Who calls may be hostile: it could make the reader wait, and then send all that was granted.
            window: ReceiveWindow::new(WINDOW),
            has_begun: false,
            items: VecDeque::new(),
            has_ended: false,
            reader: None,
        };
        self.lock().up.insert(id, upward);
    }

    /// Takes an item of the caller. One for a stream that nobody reads any more crossed with the news of that.
    pub(super) fn receive_item(&self, id: u64, json: &str) -> Result<(), CreditExceeded> {
        let mut state = self.lock();
        let Some(upward) = state.up.get_mut(&id) else {
            return Ok(());
        };
        if upward.has_ended || !upward.has_begun {
            return Err(CreditExceeded);
        }
        upward.window.receive(json.len())?;
        upward.items.push_back(json.to_owned());
        let reader = upward.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(())
    }

    /// The caller's stream has ended well.
    pub(super) fn receive_end(&self, id: u64) {
        let mut state = self.lock();
        let Some(upward) = state.up.get_mut(&id) else {
            return;
        };
        upward.has_ended = true;
        let reader = upward.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Takes the next item of the caller, and grants what follows from it. Nothing is granted before the first is asked for.
    /// After the exchange has ended nothing more comes, not even an end: what is read is never cut short.
    pub(super) fn poll_item(&self, id: u64, cx: &Context<'_>) -> Poll<Option<String>> {
        let mut state = self.lock();
        let Some(upward) = state.up.get_mut(&id) else {
            return Poll::Pending;
        };
        let mut grant = None;
        if !std::mem::replace(&mut upward.has_begun, true) {
            grant = Some(ReceiveWindow::first_credit());
        }
        let item = upward.items.pop_front();
        let polled = match item {
            Some(item) => {
                grant = upward.window.consume();
                Poll::Ready(Some(item))
            }
            None if upward.has_ended => Poll::Ready(None),
            None => {
                upward.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        };
        if let Some(items) = grant.filter(|_| !upward.has_ended) {
            state.control.push(Control::Credit { id, items });
            self.has_control.store(true, Ordering::Release);
            drop(state);
            self.lane.mailbox().wake_driver();
        }
        polled
    }

    /// Nobody reads the caller's stream any more.
    pub(super) fn close_up(&self, id: u64) {
        let closed = {
            let mut state = self.lock();
            let closed = state.up.remove(&id);
            if closed.as_ref().is_some_and(|upward| !upward.has_ended) {
                state.control.push(Control::Cancel { id });
                self.has_control.store(true, Ordering::Release);
            }
            closed
        };
        if closed.is_some() {
            self.lane.mailbox().wake_driver();
        }
    }

    /// Returns what is still known of exchanges, to see that nothing stays behind.
    #[cfg(test)]
    pub(super) fn remains(&self) -> Vec<&'static str> {
        let state = self.lock();
        let places = [
            ("out", state.out.is_empty()),
            ("control", state.control.is_empty()),
            ("failed", state.failed.is_empty()),
            ("down", state.down.is_empty()),
            ("up", state.up.is_empty()),
            ("parked", state.parked.is_empty()),
            ("watchers", state.watchers.is_empty()),
        ];
        let kept = places.into_iter().filter(|(_, is_empty)| !is_empty);
        kept.map(|(place, _)| place).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

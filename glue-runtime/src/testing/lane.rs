//! One way of a connection: bytes that were written and have not arrived. The time is a parameter.

use std::collections::VecDeque;
use std::io;
use std::task::Waker;
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;

/// Bytes on their way, in order, and what is done to them.
#[derive(Debug)]
pub(super) struct Lane {
    conditions: Conditions,
    /// Whether nothing arrives any more, not even an end.
    is_lost: bool,
    bytes: VecDeque<u8>,
    /// When how many of `bytes` arrive: not before those in front of them, as a latency may have been made shorter.
    due: VecDeque<(Instant, usize)>,
    /// When the last byte so far has left, which the bandwidth decides.
    busy_until: Option<Instant>,
    /// When the reader learns that the writer has ended.
    end: Option<Instant>,
    /// Whether nobody reads any more.
    is_abandoned: bool,
    /// Bytes that were read.
    arrived: u64,
    /// The connection is cut when so many bytes were read.
    cut_at: Option<u64>,
    reader: Waiting,
    writer: Waiting,
}

/// What a way is like.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) latency: Duration,
    /// Bytes per second.
    pub(super) bandwidth: Option<u64>,
    /// Most bytes of one read or write.
    pub(super) chunk: usize,
    /// Most bytes that wait for the reader.
    pub(super) buffer: usize,
    pub(super) is_stalled: bool,
}

/// What reading came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Some bytes, or the end if there are none.
    Done,
    /// There is something at this time.
    Due(Instant),
    /// There is nothing; the reader will be woken.
    Nothing,
}

impl Lane {
    pub(super) const fn new(conditions: Conditions) -> Self {
        Self {
            conditions,
            is_lost: false,
            bytes: VecDeque::new(),
            due: VecDeque::new(),
            busy_until: None,
            end: None,
            is_abandoned: false,
            arrived: 0,
            cut_at: None,
            reader: Waiting::new(),
            writer: Waiting::new(),
        }
    }

    /// Takes what there is room for, or `None` if there is none; then the writer will be woken.
    ///
    /// `answers` says whether the reader could tell that it has gone.
    pub(super) fn write(
        &mut self,
        now: Instant,
        bytes: &[u8],
        answers: bool,
        waker: &Waker,
    ) -> io::Result<Option<usize>> {
        let is_known = self.is_abandoned && self.passes() && answers;
        if self.end.is_some() || is_known {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = self.conditions.buffer.saturating_sub(self.bytes.len());
        let length = bytes.len().min(room).min(self.conditions.chunk);
        if length == 0 && !bytes.is_empty() {
            self.writer.wait(waker);
            return Ok(None);
        }
        let bytes = &bytes[..length];
        for packet in bytes.chunks(self.packet()) {
            let due = self.schedule(now, packet.len());
            match self.due.back_mut() {
                Some((last, count)) if *last == due => *count += packet.len(),
                _ => self.due.push_back((due, packet.len())),
            }
        }
        self.bytes.extend(bytes);
        self.reader.wake();
        Ok(Some(length))
    }

    /// Ends the way behind what was written.
    pub(super) fn end(&mut self, now: Instant) {
        if self.end.is_none() {
            self.end = Some(self.schedule(now, 0));
            self.wake();
        }
    }

    /// Gives the reader what has arrived.
    pub(super) fn read(&mut self, now: Instant, buffer: &mut ReadBuf<'_>, waker: &Waker) -> Read {
        if !self.passes() {
            self.reader.wait(waker);
            return Read::Nothing;
        }
        let mut room = buffer.remaining().min(self.conditions.chunk);
        let to_cut = self.cut_at.map(|cut_at| cut_at.saturating_sub(self.arrived));
        room = room.min(to_cut.map_or(usize::MAX, saturate));
        let before = buffer.filled().len();
        while room > 0
            && let Some((due, count)) = self.due.front_mut()
            && *due <= now
        {
            let length = room.min(*count);
            *count -= length;
            if *count == 0 {
                self.due.pop_front();
            }
            room -= length;
            self.take(length, buffer);
        }
        let length = buffer.filled().len() - before;
        self.arrived += length as u64;
        if length > 0 {
            self.writer.wake();
            return Read::Done;
        }
        let next = self.due.front().map(|(due, _)| *due).or(self.end);
        match next {
            Some(due) if due > now => {
                // What is due earlier, or never, by then wakes the reader too.
                self.reader.wait(waker);
                Read::Due(due)
            }
            // Only a reader without room gets here with bytes at hand.
            Some(_) => Read::Done,
            None => {
                self.reader.wait(waker);
                Read::Nothing
            }
        }
    }

    /// The reader has gone.
    pub(super) fn abandon(&mut self) {
        self.is_abandoned = true;
        if self.passes() {
            self.bytes = VecDeque::new();
            self.due = VecDeque::new();
        }
        self.wake();
    }

    /// Lets nothing arrive from now on.
    pub(super) fn lose(&mut self) {
        self.is_lost = true;
    }

    /// Sets how many more bytes may arrive before the connection is cut.
    pub(super) const fn cut_after(&mut self, bytes: u64) {
        self.cut_at = Some(self.arrived.saturating_add(bytes));
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Conditions)) {
        change(&mut self.conditions);
        self.wake();
    }

    pub(super) fn clear(&mut self) {
        self.bytes = VecDeque::new();
        self.due = VecDeque::new();
        self.wake();
    }

    pub(super) const fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Returns whether so many bytes have arrived that the connection is to be cut.
    pub(super) fn is_cut(&self) -> bool {
        self.cut_at.is_some_and(|cut_at| cut_at <= self.arrived)
    }

    /// Returns whether anything arrives now.
    pub(super) fn passes(&self) -> bool {
        !self.is_lost && !self.conditions.is_stalled
    }

    /// Returns whom to wake, which is for those who hold no lock: a task that is woken may end, and its pipe with it.
    pub(super) fn woken(&mut self) -> [Option<Waker>; 2] {
        [self.reader.take(), self.writer.take()]
    }

    /// Returns when something arrives that is sent now, behind all else.
    fn schedule(&mut self, now: Instant, length: usize) -> Instant {
        let mut sent = self.busy_until.map_or(now, |busy| busy.max(now));
        if let Some(bandwidth) = self.conditions.bandwidth {
            let nanos = (length as u128 * NANOS).div_ceil(u128::from(bandwidth));
            sent += Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        }
        self.busy_until = Some(sent);
        sent + self.conditions.latency
    }

    /// Returns how many bytes travel together: a slow link brings them one by one, not all at the end.
    fn packet(&self) -> usize {
        let bandwidth = self.conditions.bandwidth;
        bandwidth.map_or(usize::MAX, |bandwidth| {
            saturate(bandwidth / PACKETS_PER_SECOND).max(1)
        })
    }

    fn take(&mut self, mut length: usize, buffer: &mut ReadBuf<'_>) {
        while length > 0 {
            let (first, _) = self.bytes.as_slices();
            let part = first.len().min(length);
            buffer.put_slice(&first[..part]);
            self.bytes.drain(..part);
            length -= part;
        }
    }

    fn wake(&mut self) {
        self.reader.wake();
        self.writer.wake();
    }
}

impl Conditions {
    pub(super) fn set_bandwidth(&mut self, bandwidth: Option<u64>) {
        self.bandwidth = bandwidth.map(|bandwidth| bandwidth.max(1));
    }

    pub(super) fn set_chunk(&mut self, bytes: Option<usize>) {
        self.chunk = bytes.map_or(usize::MAX, |bytes| bytes.max(1));
    }

    pub(super) fn set_buffer(&mut self, bytes: usize) {
        self.buffer = bytes.max(1);
    }
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            bandwidth: None,
            chunk: usize::MAX,
            buffer: BUFFER,
            is_stalled: false,
        }
    }
}

/// Somebody who may wait, and whether that is over.
#[derive(Debug)]
struct Waiting {
    waker: Option<Waker>,
    is_over: bool,
}

impl Waiting {
    const fn new() -> Self {
        Self {
            waker: None,
            is_over: false,
        }
    }

    fn wait(&mut self, waker: &Waker) {
        self.is_over = false;
        self.waker = Some(waker.clone());
    }

    const fn wake(&mut self) {
        self.is_over = true;
    }

    fn take(&mut self) -> Option<Waker> {
        self.waker.take_if(|_| self.is_over)
    }
}

fn saturate(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// What a kernel gives a connection to begin with, more or less.
const BUFFER: usize = 64 << 10;

/// How finely a bandwidth is divided; timers don't go much finer.
const PACKETS_PER_SECOND: u64 = 100;

const NANOS: u128 = 1_000_000_000;

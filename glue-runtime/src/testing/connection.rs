//! One connection of a network, as the test sees it.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;
use tokio::sync::watch;

use super::direction::Direction;
use super::lane::{Conditions, Lane, Read};
use crate::clock::now;

/// A connection of a [`Network`](super::Network), to be disturbed. Cheap to clone; it keeps nothing open.
///
/// All faults take effect at once, for bytes on their way as well, but latency and bandwidth are those of the time at which
/// bytes were written.
#[derive(Clone, Debug)]
pub struct Connection {
    link: Arc<Link>,
}

impl Connection {
    pub(super) const fn new(link: Arc<Link>) -> Self {
        Self { link }
    }

    /// Returns the address from which the client seems to come.
    pub fn remote_addr(&self) -> IpAddr {
        self.link.remote_addr
    }

    /// Returns whether it was not cut and one of its ends is still there.
    pub fn is_open(&self) -> bool {
        !*self.link.has_ended.borrow()
    }

    /// Waits until it was cut or both ends are gone. Cancel safe.
    pub async fn closed(&self) {
        // The sender lives as long as `self`, so this ends only with the value.
        let _ = self.link.has_ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Returns how many bytes have arrived, which is how many were read.
    pub fn bytes(&self, direction: Direction) -> u64 {
        self.link.with(|state| {
            let lanes = direction.ways().iter().map(|&way| &state.lanes[way]);
            lanes.map(Lane::arrived).sum()
        })
    }

    /// Cuts the connection: reading and writing fail at both ends, and what is on its way is lost with it. A session that goes on
    /// ([`ServerBuilder::resume`](crate::ServerBuilder::resume)) sends it again over the next.
    pub fn cut(&self) {
        self.link.with(State::cut);
    }

    /// Cuts the connection once this many more bytes have arrived in this direction; with [`Direction::Both`] in either.
    /// A later call takes the place of an earlier one.
    pub fn cut_after(&self, direction: Direction, bytes: u64) {
        self.link.with(|state| {
            for &way in direction.ways() {
                state.lanes[way].cut_after(bytes);
            }
            state.cut_if_due();
        });
    }

    /// Ends this direction behind what was written, as a proxy does that has waited for too long: the reader comes to the
    /// end, the writer fails.
    pub fn end(&self, direction: Direction) {
        let now = now();
        self.each(direction, |lane| lane.end(now));
    }

    /// Lets nothing arrive in this direction any more, not even the end of the connection, and nobody is told: what is left
    /// of a connection when a machine or the route to it dies.
    ///
    /// The writer goes on until the buffer is full, and then waits. That can't be mended.
    pub fn lose(&self, direction: Direction) {
        self.each(direction, Lane::lose);
    }

    /// Holds back what is written in this direction, the end of the connection too, until [`Connection::resume`].
    pub fn stall(&self, direction: Direction) {
        self.set(direction, |conditions| conditions.is_stalled = true);
    }

    /// Lets arrive what [`Connection::stall`] held back, and what comes later.
    pub fn resume(&self, direction: Direction) {
        self.set(direction, |conditions| conditions.is_stalled = false);
    }

    /// Sets how long bytes are on their way; default zero.
    pub fn set_latency(&self, direction: Direction, latency: Duration) {
        self.set(direction, |conditions| conditions.latency = latency);
    }

    /// Sets how many bytes a second leave, at least one; default `None`, without a limit.
    pub fn set_bandwidth(&self, direction: Direction, bytes_per_second: impl Into<Option<u64>>) {
        let bandwidth = bytes_per_second.into();
        self.set(direction, |conditions| conditions.set_bandwidth(bandwidth));
    }

    /// Sets how many bytes are read or written at once at most, at least one; default `None`, without a limit.
    ///
    /// The Rust client takes the answer to its handshake for an attack when that comes in more than 64 pieces: with less than
    /// four bytes begin when it has connected.
    pub fn set_chunk(&self, direction: Direction, bytes: impl Into<Option<usize>>) {
        let bytes = bytes.into();
        self.set(direction, |conditions| conditions.set_chunk(bytes));
    }

    /// Sets how many bytes may be on their way, or wait to be read, before the writer waits; at least one, default 64 KiB.
    pub fn set_buffer(&self, direction: Direction, bytes: usize) {
        self.set(direction, |conditions| conditions.set_buffer(bytes));
    }

    pub(super) fn set(&self, direction: Direction, change: impl Fn(&mut Conditions)) {
        self.each(direction, |lane| lane.change(&change));
    }

    fn each(&self, direction: Direction, change: impl Fn(&mut Lane)) {
        self.link.with(|state| {
            for &way in direction.ways() {
                change(&mut state.lanes[way]);
            }
        });
    }
}

/// What both ends and the test share.
#[derive(Debug)]
pub(super) struct Link {
    remote_addr: IpAddr,
    state: Mutex<State>,
    has_ended: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    /// To the server, to the client.
    lanes: [Lane; 2],
    is_cut: bool,
    /// Ends that are still there.
    ends: usize,
}

impl Link {
    pub(super) fn new(remote_addr: IpAddr, conditions: &[Conditions; 2]) -> Self {
        Self {
            remote_addr,
            state: Mutex::new(State {
                lanes: conditions.clone().map(Lane::new),
                is_cut: false,
                ends: 2,
            }),
            has_ended: watch::Sender::new(false),
        }
    }

    pub(super) const fn remote_addr(&self) -> IpAddr {
        self.remote_addr
    }

    /// Reads on this way at this time; a time at which there is more comes back where there is nothing.
    pub(super) fn poll_read(
        &self,
        way: usize,
        now: Instant,
        cx: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> io::Result<Read> {
        self.with(|state| {
            state.check()?;
            let read = state.lanes[way].read(now, buffer, cx.waker());
            state.cut_if_due();
            Ok(read)
        })
    }

    /// Writes on this way.
    pub(super) fn poll_write(&self, way: usize, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.with(|state| {
            state.check()?;
            let answers = state.lanes[1 - way].passes();
            state.lanes[way].write(now(), bytes, answers, cx.waker())
        });
        match written.transpose() {
            Some(written) => Poll::Ready(written),
            None => Poll::Pending,
        }
    }

    /// Ends this way behind what was written.
    pub(super) fn end(&self, way: usize) -> io::Result<()> {
        self.with(|state| {
            state.check()?;
            state.lanes[way].end(now());
            Ok(())
        })
    }

    /// Takes note of the writer of this way, who reads the other one, having gone.
    pub(super) fn leave(&self, way: usize) {
        self.with(|state| {
            state.ends -= 1;
            state.lanes[way].end(now());
            state.lanes[1 - way].abandon();
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let [there, back] = &mut state.lanes;
        let woken = [there.woken(), back.woken()];
        let has_ended = state.is_cut || state.ends == 0;
        drop(state);
        for waker in woken.into_iter().flatten().flatten() {
            waker.wake();
        }
        if has_ended {
            self.has_ended
                .send_if_modified(|ended| !std::mem::replace(ended, true));
        }
        result
    }
}

impl State {
    fn check(&self) -> io::Result<()> {
        if self.is_cut {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }

    fn cut(&mut self) {
        self.is_cut = true;
        for lane in &mut self.lanes {
            lane.clear();
        }
    }

    fn cut_if_due(&mut self) {
        if self.lanes.iter().any(Lane::is_cut) {
            self.cut();
        }
    }
}

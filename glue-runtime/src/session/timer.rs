//! Deadlines of a session: few, so a plain table does.

use std::time::{Duration, Instant};

/// A deadline; its doc says what expiry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The init exchange took too long.
    Init,
    /// The peer was silent: ping it, or give it up when it was pinged before.
    KeepAlive,
    /// A full channel kept the socket from being read for too long.
    Stall,
    /// The peer has not come back to its link.
    Absence,
    /// What was taken in is to be acknowledged.
    Ack,
    /// The session has had no link for as long as it may.
    Window,
    /// A client that was asked to leave does so now.
    Leave,
    /// Calls under way have had their time: one who leaves goes.
    Finish,
    /// `dr` had its time to arrive.
    Refusal,
    /// What was queued at the end could not be transmitted in time.
    Close,
}

impl Timer {
    const ALL: [Self; 10] = [
        Self::Init,
        Self::KeepAlive,
        Self::Stall,
        Self::Absence,
        Self::Ack,
        Self::Window,
        Self::Leave,
        Self::Finish,
        Self::Refusal,
        Self::Close,
    ];
}

/// The deadlines that are set.
#[derive(Debug, Default)]
pub(crate) struct TimerTable {
    deadlines: [Option<Instant>; Timer::ALL.len()],
}

impl TimerTable {
    /// Sets or moves a deadline; one further away than time goes is none.
    pub(crate) fn set(&mut self, timer: Timer, now: Instant, after: Duration) {
        self.deadlines[timer as usize] = now.checked_add(after);
    }

    /// Sets a deadline, unless it is set to an earlier moment.
    pub(crate) fn advance(&mut self, timer: Timer, now: Instant, after: Duration) {
        let former = self.deadlines[timer as usize];
        self.set(timer, now, after);
        let both = former.into_iter().chain(self.deadlines[timer as usize]);
        self.deadlines[timer as usize] = both.min();
    }

    /// Takes a deadline back.
    pub(crate) fn stop(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = None;
    }

    /// Takes all deadlines back.
    pub(crate) fn clear(&mut self) {
        self.deadlines = Default::default();
    }

    /// Takes one deadline that has been reached.
    pub(crate) fn pop_expired(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .find(|&timer| self.deadlines[timer as usize].is_some_and(|deadline| deadline <= now))?;
        self.stop(timer);
        Some(timer)
    }

    /// Returns whether a deadline is set.
    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.deadlines[timer as usize].is_some()
    }

    /// Returns the earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.deadlines.iter().flatten().min().copied()
    }
}

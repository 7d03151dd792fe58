//! Deadlines of a session: few, so a plain table does.

use std::time::{Duration, Instant};

/// A deadline; its doc says what expiry means. Of some that are due at once, the first here comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// The deadlines that are set; rarely more than two, so they stand in a row.
#[derive(Debug, Default)]
pub(crate) struct TimerTable {
    deadlines: Vec<(Timer, Instant)>,
}

impl TimerTable {
    /// Sets or moves a deadline; one further away than time goes is none.
    pub(crate) fn set(&mut self, timer: Timer, now: Instant, after: Duration) {
        let Some(deadline) = now.checked_add(after) else {
            return self.stop(timer);
        };
        match self.deadlines.iter_mut().find(|(other, _)| *other == timer) {
            Some((_, former)) => *former = deadline,
            None => self.deadlines.push((timer, deadline)),
        }
    }

    /// Sets a deadline, unless it is set to an earlier moment.
    pub(crate) fn advance(&mut self, timer: Timer, now: Instant, after: Duration) {
        let is_earlier = |former: &Instant| now.checked_add(after).is_none_or(|deadline| *former <= deadline);
        if self.get(timer).as_ref().is_none_or(|former| !is_earlier(former)) {
            self.set(timer, now, after);
        }
    }

    /// Takes a deadline back.
    pub(crate) fn stop(&mut self, timer: Timer) {
        self.deadlines.retain(|(other, _)| *other != timer);
    }

    /// Takes all deadlines back.
    pub(crate) fn clear(&mut self) {
        self.deadlines.clear();
    }

    /// Takes one deadline that has been reached; of some, the first of the enum.
    pub(crate) fn pop_expired(&mut self, now: Instant) -> Option<Timer> {
        let expired = self.deadlines.iter().filter(|(_, deadline)| *deadline <= now);
        let timer = expired.map(|(timer, _)| *timer).min()?;
        self.stop(timer);
        Some(timer)
    }

    /// Returns whether a deadline is set.
    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.deadlines.iter().any(|(other, _)| *other == timer)
    }

    /// Returns the earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.deadlines.iter().map(|(_, deadline)| *deadline).min()
    }

    fn get(&self, timer: Timer) -> Option<Instant> {
        let mut deadlines = self.deadlines.iter();
        deadlines
            .find(|(other, _)| *other == timer)
            .map(|(_, deadline)| *deadline)
    }
}

//! What the calls of one socket use together, whatever their channels.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts what a socket has under way.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    /// Calls that wait for something, streams too.
    calls: AtomicUsize,
    streams: AtomicUsize,
    /// When the calls so far would all have been allowed, had they come evenly.
    due: Mutex<Option<Instant>>,
}

impl Quota {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// Takes a place, until [`Quota::release`].
    pub(crate) fn take(&self, is_stream: bool) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.streams.fetch_add(is_stream.into(), Ordering::Relaxed);
    }

    pub(crate) fn release(&self, is_stream: bool) {
        self.calls.fetch_sub(1, Ordering::Relaxed);
        self.streams.fetch_sub(is_stream.into(), Ordering::Relaxed);
    }

    /// Returns whether one call more is within so many a second: a second's worth at once, then evenly (GCRA).
    pub(crate) fn admit(&self, now: Instant, per_second: u32) -> bool {
        let interval = BURST / per_second.max(1);
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let next = due.map_or(now, |due| due.max(now)) + interval;
        let is_admitted = next.saturating_duration_since(now) <= BURST;
        if is_admitted {
            *due = Some(next);
        }
        is_admitted
    }
}

/// The time whose calls may come at once.
const BURST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // any instant does
    fn a_seconds_worth_comes_at_once_and_the_rest_evenly() {
        let quota = Quota::default();
        let start = Instant::now();
        let admitted = |at: u64| {
            let now = start + Duration::from_millis(at);
            (0..100).take_while(|_| quota.admit(now, 10)).count()
        };

        assert_eq!(admitted(0), 10);
        assert_eq!(admitted(99), 0);
        assert_eq!(admitted(100), 1);
        assert_eq!(admitted(400), 3);
        assert_eq!(admitted(60_000), 10);
    }
}

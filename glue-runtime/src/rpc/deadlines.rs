//! When calls run out of time.

use std::collections::BTreeSet;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::{Sleep, sleep_until};

/// The deadlines of the calls that wait for something, with one timer for all of them.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// By time, then by id.
    due: BTreeSet<(Instant, u64)>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Deadlines {
    pub(super) fn insert(&mut self, deadline: Instant, id: u64) {
        self.due.insert((deadline, id));
    }

    pub(super) fn remove(&mut self, deadline: Instant, id: u64) {
        self.due.remove(&(deadline, id));
    }

    /// Returns whether there is neither a deadline nor a timer.
    pub(super) fn is_idle(&self) -> bool {
        self.due.is_empty() && self.sleep.is_none()
    }

    /// Returns a call whose time has run out, and arranges to be polled for the next.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<u64> {
        let Some(&(deadline, id)) = self.due.first() else {
            self.sleep = None;
            return Poll::Pending;
        };
        let at = deadline.into();
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx).map(|()| {
            self.due.remove(&(deadline, id));
            self.sleep = None;
            id
        })
    }
}

/// How long a service lets its calls take.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimeoutPolicy {
    pub(super) default: Option<Duration>,
    pub(super) min: Option<Duration>,
    pub(super) max: Option<Duration>,
}

impl TimeoutPolicy {
    /// Returns the time for a call whose caller waits for so many milliseconds; `None` for one without an end.
    pub(super) fn decide(&self, asked: Option<u32>) -> Option<Duration> {
        let asked = asked
            .map(|millis| Duration::from_millis(millis.into()))
            .or(self.default);
        let at_least = asked.map(|time| self.min.map_or(time, |min| time.max(min)));
        match (at_least, self.max) {
            (Some(time), Some(max)) => Some(time.min(max)),
            (time, max) => time.or(max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_decides_within_its_own_bounds() {
        let policy = |default, min, max| TimeoutPolicy {
            default: Option::map(default, Duration::from_secs),
            min: Option::map(min, Duration::from_secs),
            max: Option::map(max, Duration::from_secs),
        };
        let cases = [
            (policy(None, None, None), None, None),
            (policy(None, None, None), Some(5), Some(5)),
            (policy(Some(7), None, None), None, Some(7)),
            (policy(Some(7), None, None), Some(5), Some(5)),
            (policy(None, Some(10), None), Some(5), Some(10)),
            (policy(None, Some(10), None), None, None),
            (policy(None, None, Some(3)), Some(5), Some(3)),
            (policy(None, None, Some(3)), None, Some(3)),
            (policy(Some(1), Some(2), Some(3)), None, Some(2)),
        ];
        for (policy, asked, decided) in cases {
            let asked = asked.map(|seconds: u32| seconds * 1000);
            assert_eq!(
                policy.decide(asked),
                decided.map(Duration::from_secs),
                "{policy:?}"
            );
        }
    }
}

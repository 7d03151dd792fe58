//! How often the log may be told what strangers can cause.

use std::time::{Duration, Instant};

/// Lets one warning a minute through.
#[derive(Debug, Default)]
pub(super) struct WarningLimit {
    last: Option<Instant>,
    left_out: u64,
}

impl WarningLimit {
    /// Returns how many warnings were left out since the last, if one is due.
    pub(super) fn pass(&mut self, now: Instant) -> Option<u64> {
        let is_due = self
            .last
            .is_none_or(|last| now.saturating_duration_since(last) >= PAUSE);
        if !is_due {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.left_out))
    }
}

/// Half of it tells nobody more; whoever watches looks at the counters for what goes on right now.
const PAUSE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::now;

    #[test]
    fn one_warning_a_minute_passes_and_counts_those_left_out() {
        let mut limit = WarningLimit::default();
        let start = now();

        let passed = [0, 1, 59, 60, 61, 180].map(|seconds| limit.pass(start + Duration::from_secs(seconds)));

        assert_eq!(passed, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}

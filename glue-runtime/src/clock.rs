//! The clock.

use std::time::Instant;

/// Returns the time; under a paused runtime, its virtual time.
#[allow(clippy::disallowed_methods)] // the one place that reads the clock
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

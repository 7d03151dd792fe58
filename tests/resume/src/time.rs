//! The clock. This program is about real links, so its time is real.

use std::time::{Duration, Instant};

#[allow(clippy::disallowed_methods)] // faults and loads are spread over real time
pub(crate) async fn pause(time: Duration) {
    if time > Duration::ZERO {
        tokio::time::sleep(time).await;
    }
}

#[allow(clippy::disallowed_methods)] // faults and loads are spread over real time
pub(crate) fn now() -> Instant {
    Instant::now()
}

//! Time that stands still while anybody works: for tests that start with it paused.

use std::future::{Future, pending};
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// Waits for an event. A day of virtual time is no time.
pub(crate) async fn eventually<T>(event: impl Future<Output = T>) -> T {
    match timeout(24 * HOUR, event).await {
        Ok(value) => value,
        Err(_) => panic!("waited a day"),
    }
}

/// Lets time pass.
pub(crate) async fn pass(time: Duration) {
    let never = timeout(time, pending::<()>()).await;
    never.unwrap_err();
}

#[allow(clippy::disallowed_methods)] // the virtual time
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

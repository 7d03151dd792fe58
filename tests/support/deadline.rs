//! One generous deadline for everything a test waits for.

use std::future::Future;
use std::time::Duration;

/// Waits for `event`, which is named in the panic if it doesn't come.
///
/// The deadline is there so that no test hangs. It is never a claim about speed.
///
/// # Panics
/// When the event has not come within a minute.
pub async fn within<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, event).await {
        Ok(value) => value,
        Err(_) => panic!("waited a minute for {what}"),
    }
}

/// Far above what a loaded machine needs for any single step of a test.
const DEADLINE: Duration = Duration::from_secs(60);

//! The timer of a driver.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Instant;

use tokio::time::Sleep;

/// Wakes the driver at the session's next deadline.
///
/// The deadline moves with every message, the timer only when it fires too late or has fired: a timer that fires early costs one wake-up
/// per keep-alive, moving it costs something per message.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes: as long as that is the same, it need not be asked again.
    waker: Option<Waker>,
}

impl Alarm {
    /// Makes sure that the task is woken at `deadline`, or before.
    pub(super) fn set(&mut self, deadline: Instant, cx: &mut Context<'_>) {
        let deadline = tokio::time::Instant::from_std(deadline);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        let is_known = |waker: &Waker| waker.will_wake(cx.waker());
        if deadline >= sleep.deadline() && !sleep.is_elapsed() && self.waker.as_ref().is_some_and(is_known) {
            return;
        }
        loop {
            if deadline < sleep.deadline() {
                sleep.as_mut().reset(deadline);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                self.waker = Some(cx.waker().clone());
                return;
            }
            if deadline <= sleep.deadline() {
                // Due while the driver worked: the next turn handles it.
                self.waker = None;
                cx.waker().wake_by_ref();
                return;
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

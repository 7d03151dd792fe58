//! The timer of a driver.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Instant;

use tokio::task::coop::has_budget_remaining;
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
                // Where the task's budget is used up the timer has not heard of anybody: the next turn asks again, for which it has
                // woken the task.
                self.waker = has_budget_remaining().then(|| cx.waker().clone());
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;
    use std::time::Duration;

    use tokio::task::{consume_budget, yield_now};
    use tokio::time::timeout;

    use super::*;
    use crate::clock::now;

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_has_used_up_its_budget_loses_no_deadline() {
        let mut alarm = Alarm::default();
        let deadline = now() + Duration::from_secs(1);
        poll_fn(|cx| {
            while has_budget_remaining() {
                let _ = pin!(consume_budget()).poll(cx);
            }
            alarm.set(deadline, cx);
            Poll::Ready(())
        })
        .await;
        yield_now().await;

        let woken = poll_fn(|cx| {
            if now() >= deadline {
                return Poll::Ready(());
            }
            alarm.set(deadline, cx);
            Poll::Pending
        });

        timeout(Duration::from_secs(2), woken).await.unwrap();
        assert_eq!(now(), deadline);
    }
}

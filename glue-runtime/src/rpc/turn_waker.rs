//! Wakes a driver for the calls of one channel, but not for what it does to them itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Wake, Waker};

use futures_util::task::AtomicWaker;

/// The waker with which calls that wait for something are polled.
///
/// What a driver reads may let a call go on: credit, or an item of the caller. The driver polls the calls behind that, in the same
/// turn or when there is room again; woken as well, it would look through everything once more for nothing. So it would for each
/// time that it polls a call, as the set of them wakes who has polled all that is in it.
#[derive(Debug)]
pub(super) struct TurnWaker {
    state: Arc<State>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct State {
    driver: AtomicWaker,
    /// One of the three below.
    stage: AtomicU8,
}

/// Who wakes a call wakes the driver.
const LOUD: u8 = 0;

/// The driver is at it.
const QUIET: u8 = 1;

/// Likewise, and a call was woken since.
const WOKEN: u8 = 2;

impl TurnWaker {
    pub(super) fn new() -> Self {
        let state = Arc::<State>::default();
        Self {
            waker: state.clone().into(),
            state,
        }
    }

    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// The driver, whose waker this is, polls calls: it is not woken before [`TurnWaker::end`]. Returns whether a call was woken
    /// since it has begun last.
    pub(super) fn begin(&self, driver: &Waker) -> bool {
        self.state.driver.register(driver);
        self.state.stage.swap(QUIET, Ordering::AcqRel) == WOKEN
    }

    /// It has polled them; returns whether a call was woken since it began.
    #[must_use = "nobody was woken for it"]
    pub(super) fn end(&self) -> bool {
        self.state.stage.swap(LOUD, Ordering::AcqRel) == WOKEN
    }

    /// Does something behind which calls are polled in any case.
    pub(super) fn mute<T>(&self, act: impl FnOnce() -> T) -> T {
        self.state.stage.store(QUIET, Ordering::Release);
        let done = act();
        // Whoever wakes a call meanwhile has made it ready before, so it is found ready then.
        // Not a store, so that it is seen here.
        self.state.stage.swap(LOUD, Ordering::AcqRel);
        done
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let woken = self
            .stage
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |stage| {
                (stage != LOUD).then_some(WOKEN)
            });
        if woken == Err(LOUD) {
            self.driver.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn only_what_others_do_wakes_the_driver() {
        let count = Arc::<Count>::default();
        let driver = count.clone().into();
        let turn = TurnWaker::new();
        assert!(!turn.begin(&driver));
        assert!(!turn.end());

        turn.mute(|| turn.waker().wake_by_ref());
        assert_eq!(count.0.load(Ordering::Relaxed), 0);

        turn.waker().wake_by_ref();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_is_woken_while_calls_are_polled_is_told_once() {
        let count = Arc::<Count>::default();
        let driver = count.clone().into();
        let turn = TurnWaker::new();

        assert!(!turn.begin(&driver));
        turn.waker().wake_by_ref();
        turn.waker().wake_by_ref();
        assert!(turn.begin(&driver));
        assert!(!turn.begin(&driver));
        turn.waker().wake_by_ref();
        assert!(turn.end());

        assert!(!turn.begin(&driver));
        assert!(!turn.end());
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
    }
}

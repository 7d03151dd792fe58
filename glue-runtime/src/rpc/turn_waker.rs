//! Wakes a driver for the calls of one channel, but not for what it does to them itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use futures_util::task::AtomicWaker;

/// The waker with which calls that wait for something are polled.
///
/// What a driver reads may let a call go on: credit, or an item of the caller. The driver polls the calls behind that, in the same
/// turn or when there is room again; woken as well, it would look through everything once more for nothing, and so it would for
/// each credit of a stream.
#[derive(Debug)]
pub(super) struct TurnWaker {
    state: Arc<State>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct State {
    driver: AtomicWaker,
    is_muted: AtomicBool,
}

impl TurnWaker {
    pub(super) fn new() -> Self {
        let state = Arc::<State>::default();
        Self {
            waker: state.clone().into(),
            state,
        }
    }

    /// Takes note of who is woken from now on.
    pub(super) fn register(&self, driver: &Waker) {
        self.state.driver.register(driver);
    }

    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Does something behind which the calls are polled in any case.
    pub(super) fn mute<T>(&self, act: impl FnOnce() -> T) -> T {
        self.state.is_muted.store(true, Ordering::Relaxed);
        let done = act();
        // Others who wake a call meanwhile have made it ready before, so it is found so when the calls are polled.
        self.state.is_muted.store(false, Ordering::Relaxed);
        done
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_muted.load(Ordering::Relaxed) {
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
        let turn = TurnWaker::new();
        turn.register(&count.clone().into());

        turn.mute(|| turn.waker().wake_by_ref());
        assert_eq!(count.0.load(Ordering::Relaxed), 0);

        turn.waker().wake_by_ref();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}

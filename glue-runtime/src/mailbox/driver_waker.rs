//! Waking the driver of a socket, where it isn't about to look by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use futures_util::task::AtomicWaker;

/// Wakes the driver. What handlers and calls do inside its own turn, or beside it, costs no wake-up: it looks again before it rests.
#[derive(Debug, Default)]
pub(super) struct DriverWaker {
    waker: AtomicWaker,
    /// Whether it works.
    is_awake: AtomicBool,
    /// Whether there may be something that it has not seen.
    ///
    /// This and `is_awake` are read and written in one order by all threads: who wakes sets this before looking at that, the driver
    /// changes that before looking at this. So one of them sees the other.
    is_meant: AtomicBool,
}

impl DriverWaker {
    /// Registers who is woken, where there is no driver.
    pub(super) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Makes the driver look again.
    pub(super) fn wake(&self) {
        // Not a store: where others do the same, the driver sees what each has done before.
        self.is_meant.swap(true, Ordering::SeqCst);
        if !self.is_awake.load(Ordering::SeqCst) {
            self.waker.wake();
        }
    }

    /// The driver works until [`end_turn`](Self::end_turn).
    pub(super) fn begin_turn(&self) {
        self.is_awake.store(true, Ordering::SeqCst);
    }

    /// The driver is about to look.
    pub(super) fn heed(&self) {
        // Not a store: reading what it overwrites shows what was done before that was written.
        self.is_meant.swap(false, Ordering::SeqCst);
    }

    /// The driver rests; it is woken at once if it should have looked again.
    pub(super) fn end_turn(&self, waker: &Waker) {
        self.waker.register(waker);
        self.is_awake.store(false, Ordering::SeqCst);
        if self.is_meant.load(Ordering::SeqCst) {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;
    use std::thread;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn what_the_driver_sees_in_its_turn_wakes_nobody_and_the_rest_does() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let driver = DriverWaker::default();
        let turn = |in_turn: fn(&DriverWaker)| {
            driver.begin_turn();
            driver.heed();
            in_turn(&driver);
            driver.end_turn(&waker);
            wakes.0.swap(0, Ordering::SeqCst)
        };

        assert_eq!(turn(|_| {}), 0);
        assert_eq!(turn(DriverWaker::wake), 1);
        let looks_again = |driver: &DriverWaker| {
            driver.wake();
            driver.heed();
        };
        assert_eq!(turn(looks_again), 0);
        driver.wake();
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    }

    /// A driver that is woken while it falls asleep would otherwise sleep on.
    #[test]
    fn nothing_that_happens_at_the_end_of_a_turn_is_missed() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let driver = DriverWaker::default();
        let asked = AtomicUsize::new(0);
        let times = 20_000;

        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..times {
                    asked.fetch_add(1, Ordering::SeqCst);
                    driver.wake();
                }
            });
            let mut seen = 0;
            while seen < times {
                driver.begin_turn();
                driver.heed();
                seen = asked.load(Ordering::SeqCst);
                driver.end_turn(&waker);
                while seen < times && wakes.0.swap(0, Ordering::SeqCst) == 0 {
                    thread::yield_now();
                }
            }
        });
    }
}

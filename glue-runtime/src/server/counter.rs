//! One number that is counted; with the feature `metrics` it is exported as well.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted, under its name and explanation for those who collect it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "metrics"), allow(dead_code))] // read by the export only
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
}

/// A name and a value that tell numbers of one metric apart.
pub(super) type Label = (&'static str, &'static str);

/// A number that only grows.
#[derive(Debug)]
pub(super) struct Total {
    value: AtomicU64,
    #[cfg(feature = "metrics")]
    exported: metrics::Counter,
}

impl Total {
    #[cfg_attr(not(feature = "metrics"), allow(unused_variables))] // named for the export only
    pub(super) fn new(metric: Metric, labels: &[Label]) -> Self {
        Self {
            value: AtomicU64::new(0),
            #[cfg(feature = "metrics")]
            exported: {
                metrics::describe_counter!(metric.name, metric.help);
                metrics::counter!(metric.name, labels)
            },
        }
    }

    pub(super) fn add(&self, count: u64) {
        // Numbers stand for themselves: nothing is read on the strength of them.
        self.value.fetch_add(count, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        self.exported.increment(count);
    }

    pub(super) fn get(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }
}

/// How many there are at the moment.
#[derive(Debug)]
pub(super) struct Level {
    value: AtomicU64,
    #[cfg(feature = "metrics")]
    exported: metrics::Gauge,
}

impl Level {
    #[cfg_attr(not(feature = "metrics"), allow(unused_variables))] // named for the export only
    pub(super) fn new(metric: Metric, labels: &[Label]) -> Self {
        Self {
            value: AtomicU64::new(0),
            #[cfg(feature = "metrics")]
            exported: {
                metrics::describe_gauge!(metric.name, metric.help);
                metrics::gauge!(metric.name, labels)
            },
        }
    }

    /// One more.
    pub(super) fn rise(&self) {
        self.value.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        self.exported.increment(1.0);
    }

    /// One less of those that [`Level::rise`] has counted.
    pub(super) fn fall(&self) {
        self.value.fetch_sub(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        self.exported.decrement(1.0);
    }

    pub(super) fn get(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }
}

//! A recorder of metrics that tests can read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// Keeps all numbers by name and labels.
#[derive(Default)]
pub(crate) struct TestRecorder {
    counters: Numbers,
    gauges: Numbers,
    histograms: Numbers,
    described: Mutex<BTreeSet<String>>,
}

type Numbers = Mutex<BTreeMap<String, Arc<AtomicU64>>>;

impl TestRecorder {
    /// Returns all but zeros, in order.
    pub(crate) fn numbers(&self) -> Vec<String> {
        let counters = self.counters.lock().unwrap();
        let counters = counters
            .iter()
            .map(|(key, value)| (key, value.load(Ordering::Relaxed)));
        let gauges = self.gauges.lock().unwrap();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small and whole
        let gauges = gauges
            .iter()
            .map(|(key, value)| (key, f64::from_bits(value.load(Ordering::Relaxed)) as u64));
        let mut numbers: Vec<_> = counters
            .chain(gauges)
            .filter(|(_, value)| *value > 0)
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        numbers.sort();
        numbers
    }

    /// Returns how many values each histogram has got, in order.
    pub(crate) fn recorded(&self) -> Vec<String> {
        let histograms = self.histograms.lock().unwrap();
        let counts = histograms
            .iter()
            .map(|(key, count)| format!("{key} {}", count.load(Ordering::Relaxed)));
        counts.collect()
    }

    pub(crate) fn registered(&self) -> usize {
        self.counters.lock().unwrap().len() + self.gauges.lock().unwrap().len()
    }

    pub(crate) fn names(&self) -> BTreeSet<String> {
        let (counters, gauges) = (self.counters.lock().unwrap(), self.gauges.lock().unwrap());
        let names = counters.keys().chain(gauges.keys());
        names
            .map(|key| key.split(' ').next().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn described(&self) -> BTreeSet<String> {
        self.described.lock().unwrap().clone()
    }

    fn register(numbers: &Numbers, key: &Key) -> Arc<AtomicU64> {
        let mut name: Vec<_> = key
            .labels()
            .map(|label| format!(" {}={}", label.key(), label.value()))
            .collect();
        name.sort();
        name.insert(0, key.name().to_owned());
        numbers.lock().unwrap().entry(name.concat()).or_default().clone()
    }

    fn describe(&self, name: &KeyName) {
        self.described.lock().unwrap().insert(name.as_str().to_owned());
    }
}

impl Recorder for TestRecorder {
    fn describe_counter(&self, key: KeyName, _unit: Option<Unit>, _description: SharedString) {
        self.describe(&key);
    }

    fn describe_gauge(&self, key: KeyName, _unit: Option<Unit>, _description: SharedString) {
        self.describe(&key);
    }

    fn describe_histogram(&self, key: KeyName, _unit: Option<Unit>, _description: SharedString) {
        self.describe(&key);
    }

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        Counter::from_arc(Self::register(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Self::register(&self.gauges, key))
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Count(Self::register(&self.histograms, key))))
    }
}

/// Counts values.
struct Count(Arc<AtomicU64>);

impl HistogramFn for Count {
    fn record(&self, _value: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

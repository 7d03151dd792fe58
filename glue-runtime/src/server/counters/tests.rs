use std::collections::HashSet;

use super::*;

fn counters() -> Arc<Counters> {
    Arc::new(Counters::new())
}

#[cfg(feature = "metrics")]
fn traffic() -> Traffic {
    Traffic {
        messages_in: 2,
        messages_out: 3,
        bytes_in: 40,
        bytes_out: 50,
    }
}

#[test]
fn a_socket_is_counted_where_it_stands_and_once_at_its_end() {
    let counters = counters();
    let websocket = || counters.read().websocket;

    let mut socket = counters.socket(TransportKind::WebSocket);
    assert_eq!((websocket().opening, websocket().open), (1, 0));
    socket.open();
    assert_eq!((websocket().opening, websocket().open), (0, 1));
    socket.close(CloseReason::KeepAlive);
    drop(socket);

    assert_eq!((websocket().opening, websocket().open), (0, 0));
    assert_eq!(websocket().opened, 1);
    assert_eq!(websocket().closed(CloseReason::KeepAlive), 1);
    assert_eq!(websocket().closings().map(|(_, count)| count).sum::<u64>(), 1);
    assert_eq!(counters.read().ajax, self::counters().read().ajax);
}

#[test]
fn a_socket_that_is_dropped_has_panicked_or_lost_its_runtime() {
    let counters = counters();

    let (panics, ends) = (
        counters.socket(TransportKind::Ajax),
        counters.socket(TransportKind::Ajax),
    );
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _socket = panics;
        panic!("on purpose");
    }));
    drop(ends);

    assert!(panicked.is_err());
    let ajax = counters.read().ajax;
    assert_eq!((ajax.opening, ajax.opened), (0, 0));
    assert_eq!(ajax.closed(CloseReason::Panicked), 1);
    assert_eq!(ajax.closed(CloseReason::Shutdown), 1);
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let closed: HashSet<_> = CLOSE_REASONS.map(close_label).into();
    let refused: HashSet<_> = REFUSAL_REASONS.map(refusal_label).into();

    assert_eq!(closed.len(), CLOSE_REASONS.len());
    assert_eq!(refused.len(), REFUSAL_REASONS.len());
}

/// Dashboards and alarms are built on these names.
#[cfg(feature = "metrics")]
#[test]
fn the_recorder_of_the_time_of_building_gets_all_numbers_under_stable_names() {
    let recorder = recorder::TestRecorder::default();
    let counters = metrics::with_local_recorder(&recorder, counters);

    let mut ajax = counters.socket(TransportKind::Ajax);
    ajax.open();
    ajax.move_traffic(traffic());
    ajax.close(CloseReason::Peer);
    let mut open = counters.socket(TransportKind::WebSocket);
    open.open();
    let _opening = counters.socket(TransportKind::WebSocket);
    let _connections = [counters.connection(), counters.connection()];
    drop(counters.connection());
    counters.refuse(RefusalReason::Origin);

    assert_eq!(
        recorder.numbers(),
        [
            "glue_bytes_total direction=in transport=ajax 40",
            "glue_bytes_total direction=out transport=ajax 50",
            "glue_http_connections 2",
            "glue_messages_total direction=in transport=ajax 2",
            "glue_messages_total direction=out transport=ajax 3",
            "glue_refused_total reason=origin 1",
            "glue_sockets state=open transport=websocket 1",
            "glue_sockets state=opening transport=websocket 1",
            "glue_sockets_closed_total reason=peer transport=ajax 1",
            "glue_sockets_opened_total transport=ajax 1",
            "glue_sockets_opened_total transport=websocket 1",
        ]
    );
    assert_eq!(recorder.described(), recorder.names(), "each has its explanation");
}

/// Also zeros: a rate can be told from the first event on.
#[cfg(feature = "metrics")]
#[test]
fn every_number_is_there_from_the_start() {
    let recorder = recorder::TestRecorder::default();

    let counters = metrics::with_local_recorder(&recorder, counters);

    // Per transport: two levels of sockets, opened, two directions of messages and bytes.
    let expected = 2 * (7 + CLOSE_REASONS.len()) + REFUSAL_REASONS.len() + 1;
    assert_eq!(recorder.registered(), expected);
    drop(counters);
}

#[cfg(feature = "metrics")]
mod recorder {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

    /// Keeps all numbers by name and labels.
    #[derive(Default)]
    pub(super) struct TestRecorder {
        counters: Numbers,
        gauges: Numbers,
        described: Mutex<BTreeSet<String>>,
    }

    type Numbers = Mutex<BTreeMap<String, Arc<AtomicU64>>>;

    impl TestRecorder {
        /// Returns all but zeros, in order.
        pub(super) fn numbers(&self) -> Vec<String> {
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

        pub(super) fn registered(&self) -> usize {
            self.counters.lock().unwrap().len() + self.gauges.lock().unwrap().len()
        }

        pub(super) fn names(&self) -> BTreeSet<String> {
            let (counters, gauges) = (self.counters.lock().unwrap(), self.gauges.lock().unwrap());
            let names = counters.keys().chain(gauges.keys());
            names
                .map(|key| key.split(' ').next().unwrap().to_owned())
                .collect()
        }

        pub(super) fn described(&self) -> BTreeSet<String> {
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

        fn register_histogram(&self, _key: &Key, _metadata: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }
}

//! How calls end before their methods do, and those that don't.

use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::task::Wake;
use std::time::Duration;

use tokio::time::advance;

use super::*;

const DEADLINE: &str = r#"{"code":"deadline_exceeded","message":"the call's time has run out"}"#;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// [R-15]
#[tokio::test(start_paused = true)]
async fn a_call_whose_time_runs_out_is_dropped_and_answered() {
    let mut served = Served::new();
    served.say("rq1;t=1000&wait&{}");
    served.say("rq3;t=500&endless&{}");
    served.say("rq5&wait&{}");

    advance(millis(499)).await;
    assert!(served.poll().is_empty());
    advance(millis(2)).await;
    assert_eq!(served.poll(), [format!("er3&{DEADLINE}")]);
    advance(millis(500)).await;
    // There need be no room to send.
    assert_eq!(served.settle(), [format!("er1&{DEADLINE}")]);

    assert_eq!(served.alive(), 1, "who names no time has no end");
}

/// [R-15]
#[tokio::test(start_paused = true)]
async fn a_call_that_ends_in_time_is_answered_once() {
    let mut served = Served::new();
    served.say("rq1;t=1000&wait&{}");
    served.probe.gate.notify_one();
    assert_eq!(served.poll(), ["ok1&7"]);

    advance(millis(2000)).await;

    assert!(served.poll().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_method_knows_how_much_time_is_left() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1;t=1234&remaining&{}"), ["ok1&1234"]);
    assert_eq!(served.say("rq3&remaining&{}"), ["ok3&0"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_bounds_the_time_of_its_calls() {
    let mut served = Served::serving(&Limits::default(), |probe| {
        service(SharedProbe::<false>(probe))
            .default_timeout(millis(300))
            .min_timeout(millis(100))
            .max_timeout(millis(1000))
    });

    for (asked, given) in [("", 300), (";t=1", 100), (";t=500", 500), (";t=99999", 1000)] {
        let mut other = Served::serving(&Limits::default(), |probe| {
            service(SharedProbe::<false>(probe))
                .default_timeout(millis(300))
                .min_timeout(millis(100))
                .max_timeout(millis(1000))
        });
        assert_eq!(
            other.say(&format!("rq1{asked}&remaining&{{}}")),
            [format!("ok1&{given}")]
        );
    }
    served.say("rq1&wait&{}");
    advance(millis(301)).await;
    assert_eq!(served.poll(), [format!("er1&{DEADLINE}")]);
}

#[test]
fn a_method_that_must_finish_runs_on_when_its_caller_leaves() {
    let mut served = Served::new();
    served.say("rq1&pay&{}");

    assert!(served.say("ca1&").is_empty());
    assert_eq!(served.alive(), 1);
    served.probe.gate.notify_one();

    assert!(served.poll().is_empty(), "[R-4] nobody waits for the answer");
    assert_eq!(served.probe.paid.load(Ordering::SeqCst), 1);
    assert_eq!(served.say("rq3&add&1"), ["ok3&2"]);
}

#[tokio::test(start_paused = true)]
async fn a_method_that_must_finish_runs_on_when_its_time_is_over() {
    let mut served = Served::new();
    served.say("rq1;t=10&pay&{}");

    advance(millis(20)).await;
    assert_eq!(served.poll(), [format!("er1&{DEADLINE}")]);
    served.probe.gate.notify_one();

    assert!(served.poll().is_empty(), "[R-2] it was answered");
    assert_eq!(served.probe.paid.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_method_that_must_finish_outlives_its_socket() {
    let mut served = Served::new();
    served.say("rq1&pay&{}");
    served.say("rq3&wait&{}");

    let unfinished = served.inbound.finish().expect("something is left to do");
    assert_eq!(served.alive(), 1, "[X-5] all others are dropped");
    let probe = served.probe.clone();
    drop(served);
    probe.gate.notify_one();
    unfinished.await;

    assert_eq!(probe.paid.load(Ordering::SeqCst), 1);
}

#[test]
fn nothing_is_left_of_a_socket_without_such_a_method() {
    let mut served = Served::new();
    served.say("rq1&wait&{}");

    assert!(served.inbound.finish().is_none());
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn what_a_call_has_started_elsewhere_hears_of_its_end() {
    for how in ["ca1&", "answer", "end"] {
        let mut served = Served::new();
        served.say("rq1&keep&{}");
        let cx = served.probe.kept.lock().unwrap().take().unwrap();
        let waker = Arc::new(Woken::default());
        let elsewhere = Waker::from(waker.clone());
        let mut waiting = pin!(cx.cancelled());
        let polled = waiting.as_mut().poll(&mut TaskContext::from_waker(&elsewhere));
        assert!(polled.is_pending() && !cx.is_cancelled());

        match how {
            "answer" => {
                served.probe.gate.notify_one();
                assert_eq!(served.poll(), ["ok1&0"]);
            }
            "end" => drop(served),
            cancellation => assert!(served.say(cancellation).is_empty()),
        }

        assert!(waker.0.load(Ordering::SeqCst), "{how}");
        waiting.await;
        assert!(cx.is_cancelled(), "{how}");
    }
}

fn sequential() -> Served {
    Served::serving(&Limits::default(), |probe| service(SharedProbe::<true>(probe)))
}

/// [R-3]
#[test]
fn calls_of_a_sequential_channel_wait_for_each_other() {
    let mut served = sequential();

    assert_eq!(served.say("rq1&add&1"), ["ok1&2"]);
    assert!(served.say("rq3&wait&{}").is_empty());
    assert!(served.say("rq5&add&1").is_empty());
    assert!(served.say("nt&ping&{}").is_empty());
    assert!(served.say("rq7&wait&{}").is_empty());
    assert!(served.say("rq9&add&2").is_empty());
    assert_eq!(served.alive(), 1);
    served.probe.gate.notify_one();
    assert_eq!(served.poll(), ["ok3&7", "ok5&2"]);

    assert_eq!(served.say("ca7&"), ["ok9&3"]);
    assert_eq!(served.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_turn_can_be_cancelled_and_run_out_of_time() {
    let mut served = sequential();
    served.say("rq1&wait&{}");
    served.say("rq3&wait&{}");
    served.say("rq5;t=100&wait&{}");

    assert!(served.say("ca3&").is_empty());
    advance(millis(101)).await;
    assert_eq!(served.poll(), [format!("er5&{DEADLINE}")]);
    served.probe.gate.notify_one();

    assert_eq!(served.poll(), ["ok1&7"]);
    assert_eq!(served.alive(), 0);
}

#[test]
fn streams_of_a_sequential_channel_begin_in_their_turn_and_hold_up_nothing() {
    let mut served = sequential();

    served.say("rq1;c=1&endless&{}");
    assert_eq!(served.say("rq3&add&1"), ["ok3&2"]);
    served.say("rq5&wait&{}");
    assert!(served.say("rq7;c=9&count&2").is_empty());
    served.probe.gate.notify_one();

    assert_eq!(served.poll(), ["ok5&7", "it7&0", "it7&1", "en7&"]);
}

/// [L-7]
#[test]
fn calls_that_wait_for_their_turn_count() {
    let limits = Limits {
        in_flight: 2,
        ..Limits::default()
    };
    let mut served = Served::serving(&limits, |probe| service(SharedProbe::<true>(probe)));
    served.say("rq1&wait&{}");
    served.say("rq3&wait&{}");

    let answers = served.say("rq5&wait&{}");

    assert!(answers[0].contains("resource_exhausted"), "{answers:?}");
}

/// [L-15]
#[tokio::test(start_paused = true)]
async fn calls_may_have_a_rate() {
    let mut served = Served::with(&Limits {
        calls_per_second: Some(2),
        ..Limits::default()
    });

    assert_eq!(served.say("rq1&add&1"), ["ok1&2"]);
    assert!(served.say("nt&ping&{}").is_empty());
    assert_eq!(
        served.say("rq3&add&1"),
        [r#"er3&{"code":"resource_exhausted","message":"more than 2 calls a second"}"#]
    );
    advance(millis(500)).await;
    assert_eq!(served.say("rq5&add&1"), ["ok5&2"]);
}

//! How calls end before their methods do, and those that don't.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::task::Wake;
use std::time::Duration;

use tokio::time::advance;

use super::*;
use crate::proto::envelope::Envelope;
use crate::rpc::client_handler;
use crate::rpc::exchanges::Exchanges;
use crate::rpc::serving::Serving;

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

/// There may be no room for what it would say.
#[tokio::test(start_paused = true)]
async fn a_call_that_runs_out_of_time_is_dropped_and_no_other_goes_on_for_it() {
    let mut served = Served::new();
    served.say("rq1;c=1000000&count&1000000");
    let polled = served.probe.polled.load(Ordering::SeqCst);
    served.say("rq3;t=10&wait&{}");

    advance(millis(11)).await;

    assert_eq!(served.settle(), [format!("er3&{DEADLINE}")]);
    assert_eq!(served.alive(), 0);
    assert!(served.probe.polled.load(Ordering::SeqCst) >= polled);
    let quota = served.mailbox.quota();
    assert_eq!((quota.calls(), quota.streams()), (1, 1));
}

/// [S-2] [S-9]: it has been asked for, whether it has begun or not.
#[test]
fn what_is_said_of_the_streams_of_a_call_that_waits_for_its_turn_counts() {
    let mut served = sequential();
    served.say("rq1&wait&{}");
    served.say("rq3&count&1");
    served.say("rq5&sum&{}");

    assert!(served.say("cr3&2").is_empty());
    assert!(served.say("en5&").is_empty());
    served.probe.gate.notify_one();

    assert_eq!(served.poll(), ["ok1&7", "it3&0", "en3&", "ok5&0"]);
}

/// [S-12]
#[test]
fn an_item_for_a_call_that_waits_for_its_turn_is_one_without_credit() {
    let mut served = sequential();
    served.say("rq1&wait&{}");
    served.say("rq3&sum&{}");

    let (receipt, answers) = served.offer("it3&1");

    assert_eq!(receipt, Receipt::Fault);
    assert!(answers[0].starts_with("er3&"), "{answers:?}");
}

/// What a client serves, over the sessions of its socket.
struct Client {
    probe: Arc<Probe>,
    serving: Box<dyn Serving>,
}

impl Client {
    fn new<const SEQUENTIAL: bool>() -> Self {
        let limits = Limits::default();
        let probe = Arc::new(Probe::default());
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let handler = client_handler(SharedProbe::<SEQUENTIAL>(probe.clone()));
        let serving = handler.start(Arc::new(Lane::new("probe", mailbox)), &limits);
        Self { probe, serving }
    }

    fn say(&mut self, data: &str) -> Vec<String> {
        let envelope = Envelope::decode(data).unwrap();
        let (receipt, mut answers) = turn(|turn| self.serving.receive(envelope, turn));
        assert_eq!(receipt, Receipt::Taken, "{data}");
        answers.extend(turn(|turn| self.serving.poll(turn)).1);
        answers
    }
}

/// Their numbers are the same.
#[tokio::test(start_paused = true)]
async fn what_was_called_in_one_session_ends_nothing_of_the_next() {
    let mut client = Client::new::<false>();
    client.say("rq2;t=1000&wait&{}");

    client.serving.lost();
    assert_eq!(client.probe.alive.load(Ordering::SeqCst), 0);
    client.say("rq2;t=5000&wait&{}");
    advance(millis(1001)).await;

    assert!(turn(|turn| client.serving.poll(turn)).1.is_empty());
    assert_eq!(client.probe.alive.load(Ordering::SeqCst), 1);
}

#[test]
fn what_was_called_in_one_session_holds_up_nothing_of_the_next() {
    let mut client = Client::new::<true>();
    client.say("rq2&wait&{}");

    client.serving.lost();

    assert_eq!(client.say("rq2&add&1"), ["ok2&2"]);
}

/// From another thread, in the moment in which the call ends where it was read.
#[test]
fn who_begins_to_wait_for_the_end_of_a_call_as_it_ends_hears_of_it() {
    const CALLS: u64 = 50_000;

    fn until(is_so: impl Fn() -> bool) {
        while !is_so() {
            std::thread::yield_now();
        }
    }

    let mailbox = Arc::new(Mailbox::new(Peer::default(), &Limits::default()));
    let exchanges = Exchanges::new(Arc::new(Lane::new("probe", mailbox)), Arc::default());
    let woken = Arc::new(Woken::default());
    let (entered, watched, is_over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let waker = Waker::from(woken.clone());
            for key in 1..CALLS {
                until(|| entered.load(Ordering::SeqCst) == key);
                let polled = exchanges.poll_over(key, &TaskContext::from_waker(&waker));
                is_over.store(polled.is_ready(), Ordering::SeqCst);
                watched.store(key, Ordering::SeqCst);
            }
        });
        let mut missed = 0;
        for key in 1..CALLS {
            woken.0.store(false, Ordering::SeqCst);
            exchanges.enter(key);
            entered.store(key, Ordering::SeqCst);
            (0..key % 64).for_each(|_| std::hint::spin_loop());
            exchanges.leave(key);
            until(|| watched.load(Ordering::SeqCst) == key);
            if !is_over.load(Ordering::SeqCst) && !woken.0.load(Ordering::SeqCst) {
                missed += 1;
                exchanges.end();
            }
        }
        assert_eq!(missed, 0);
    });
}

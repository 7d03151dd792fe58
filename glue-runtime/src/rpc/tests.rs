//! Behaviour of the serving half, message by message, without a socket.

mod again;
mod around;
mod endings;
mod fuzz;
#[cfg(feature = "metrics")]
mod metered;
#[cfg(feature = "metrics")]
pub(crate) mod recorder;
mod upward;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Waker};

use futures_util::stream::{self, StreamExt as _};
use tokio::sync::Notify;

use super::codec::json;
use super::message::{CallDecodeError, CallKind, CallMessage, EncodeError, ReplyKind, ReplyMessage};
use super::{ChannelService, Context, Dispatch, Items, Outcome, service};
use crate::channel::{Inbound, Lane, Receipt, Turn};
use crate::mailbox::{Mailbox, Peer};
use crate::proto::limits::Limits;
use crate::proto::messages::Messages;

/// A service written by hand, so that these tests need no macro.
#[derive(Default)]
struct Probe {
    gate: Notify,
    /// Futures of `wait` and `endless` that are alive.
    alive: AtomicUsize,
    polled: AtomicUsize,
    paid: AtomicUsize,
    /// The circumstances of the last `keep`.
    kept: Mutex<Option<Context>>,
    /// Those of the last call.
    seen: Mutex<Option<Context>>,
}

enum Call {
    Add(u32),
    Fail,
    Panic,
    Wait,
    Unwritable,
    Ping,
    Count(u32),
    Endless,
    FailingStream,
    Sum,
    Skip,
    Echo,
    Pay,
    Remaining,
    Keep,
    LatePanic,
    LateSum,
}

enum Reply {
    Number(u32),
    Failed,
    Unwritable,
}

impl CallMessage for Call {
    fn decode(method: &str, args: &str) -> Result<Self, CallDecodeError> {
        let number = || {
            args.parse().map_err(|_| CallDecodeError::InvalidArgument {
                message: format!("`{method}`: no number"),
            })
        };
        Ok(match method {
            "add" => Self::Add(number()?),
            "fail" => Self::Fail,
            "panic" => Self::Panic,
            "wait" => Self::Wait,
            "unwritable" => Self::Unwritable,
            "ping" => Self::Ping,
            "count" => Self::Count(number()?),
            "endless" => Self::Endless,
            "failing_stream" => Self::FailingStream,
            "sum" => Self::Sum,
            "skip" => Self::Skip,
            "echo" => Self::Echo,
            "pay" => Self::Pay,
            "remaining" => Self::Remaining,
            "keep" => Self::Keep,
            "late_panic" => Self::LatePanic,
            "late_sum" => Self::LateSum,
            _ => return Err(CallDecodeError::UnknownMethod),
        })
    }

    fn method(&self) -> &'static str {
        "method"
    }

    fn kind(&self) -> CallKind {
        match self {
            Self::Ping => CallKind::Notification,
            Self::Count(_) | Self::Endless | Self::FailingStream => CallKind::Stream,
            Self::Sum | Self::Skip | Self::LateSum => CallKind::ClientStream,
            Self::Echo => CallKind::TwoWayStream,
            _ => CallKind::Call,
        }
    }

    fn runs_to_end(&self) -> bool {
        matches!(self, Self::Pay)
    }

    fn encode_args(&self, _out: &mut String) -> Result<(), EncodeError> {
        unreachable!("these tests only serve")
    }
}

impl ReplyMessage for Reply {
    fn method(&self) -> &'static str {
        "method"
    }

    fn encode(&self, out: &mut String) -> Result<ReplyKind, EncodeError> {
        match self {
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Failed => {
                out.push_str(r#""full""#);
                return Ok(ReplyKind::ApplicationError);
            }
            Self::Unwritable => {
                let error = <serde_json::Error as serde::ser::Error>::custom("secret");
                return Err(EncodeError::new("the value of `unwritable`".to_owned(), error));
            }
        }
        Ok(ReplyKind::Value)
    }
}

/// Counts itself as long as it lives.
struct Alive(Arc<Probe>);

impl Alive {
    fn new(probe: &Arc<Probe>) -> Self {
        probe.alive.fetch_add(1, Ordering::SeqCst);
        Self(probe.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<const SEQUENTIAL: bool> Dispatch for SharedProbe<SEQUENTIAL> {
    const CHANNEL: &'static str = "probe";
    const IS_SEQUENTIAL: bool = SEQUENTIAL;
    type Call = Call;
    type Reply = Reply;

    async fn dispatch(self: Arc<Self>, cx: Context, call: Call, items: Items) -> Outcome<Reply> {
        let probe = &self.0;
        *probe.seen.lock().unwrap() = Some(cx.clone());
        match call {
            Call::Add(number) => Outcome::Reply(Reply::Number(number + 1)),
            Call::Fail => Outcome::Reply(Reply::Failed),
            Call::Panic => panic!("on purpose"),
            Call::Wait => {
                let _alive = Alive::new(probe);
                probe.gate.notified().await;
                Outcome::Reply(Reply::Number(7))
            }
            Call::Unwritable => Outcome::Reply(Reply::Unwritable),
            Call::Ping => Outcome::Ended,
            Call::Count(end) => {
                let numbers = stream::iter(0..end).inspect(|_| {
                    probe.polled.fetch_add(1, Ordering::SeqCst);
                });
                items.pump(numbers, Reply::Number).await
            }
            Call::Endless => {
                let _alive = Alive::new(probe);
                items.pump(stream::pending::<u32>(), Reply::Number).await
            }
            Call::FailingStream => {
                let results = stream::iter([Ok(1), Err(()), Ok(2)]);
                items
                    .pump(results, |item| item.map_or(Reply::Failed, Reply::Number))
                    .await
            }
            Call::LatePanic => {
                let _alive = Alive::new(probe);
                probe.gate.notified().await;
                panic!("on purpose");
            }
            Call::Sum | Call::LateSum => {
                let _alive = Alive::new(probe);
                if matches!(call, Call::LateSum) {
                    probe.gate.notified().await;
                }
                let numbers = items.incoming("sum", "numbers", json::<u32>());
                let sum = numbers.fold(0, async |sum, number| sum + number).await;
                Outcome::Reply(Reply::Number(sum))
            }
            Call::Skip => {
                drop(items.incoming("skip", "numbers", json::<u32>()));
                probe.gate.notified().await;
                Outcome::Reply(Reply::Number(0))
            }
            Call::Echo => {
                let numbers = items.incoming("echo", "numbers", json::<u32>());
                items.pump(numbers, Reply::Number).await
            }
            Call::Pay => {
                let _alive = Alive::new(probe);
                probe.gate.notified().await;
                probe.paid.fetch_add(1, Ordering::SeqCst);
                Outcome::Reply(Reply::Number(1))
            }
            Call::Remaining => {
                let remaining = cx.remaining().map_or(0, |time| time.as_millis());
                Outcome::Reply(Reply::Number(remaining.try_into().unwrap()))
            }
            Call::Keep => {
                *probe.kept.lock().unwrap() = Some(cx.clone());
                probe.gate.notified().await;
                Outcome::Reply(Reply::Number(u32::from(cx.is_cancelled())))
            }
        }
    }
}

struct SharedProbe<const SEQUENTIAL: bool = false>(Arc<Probe>);

/// One socket's side of the service.
struct Served {
    probe: Arc<Probe>,
    mailbox: Arc<Mailbox>,
    inbound: Box<dyn Inbound>,
}

impl Served {
    fn new() -> Self {
        Self::with(&Limits::default())
    }

    fn with(limits: &Limits) -> Self {
        Self::serving(limits, |probe| service(SharedProbe::<false>(probe)))
    }

    fn serving(limits: &Limits, service: impl FnOnce(Arc<Probe>) -> ChannelService) -> Self {
        let probe = Arc::new(Probe::default());
        let mailbox = Arc::new(Mailbox::new(Peer::default(), limits));
        let lane = Arc::new(Lane::new("probe", mailbox.clone()));
        let inbound = service(probe.clone()).open(lane, limits);
        Self {
            probe,
            mailbox,
            inbound,
        }
    }

    /// Gives one message to the channel and returns what it says at once.
    fn say(&mut self, data: &str) -> Vec<String> {
        let (receipt, answers) = self.offer(data);
        assert_eq!(receipt, Receipt::Taken, "{data}");
        answers
    }

    fn offer(&mut self, data: &str) -> (Receipt, Vec<String>) {
        let (receipt, mut answers) = turn(|turn| self.inbound.receive(data, turn));
        answers.extend(self.poll());
        (receipt, answers)
    }

    fn poll(&mut self) -> Vec<String> {
        let mut answers = self.settle();
        let ((), more) = turn(|turn| self.inbound.poll(turn));
        answers.extend(more);
        answers
    }

    /// Does what the driver does where there is no room to send.
    fn settle(&mut self) -> Vec<String> {
        turn(|turn| self.inbound.settle(turn)).1
    }

    fn alive(&self) -> usize {
        self.probe.alive.load(Ordering::SeqCst)
    }
}

/// Returns what was said, first what goes ahead of all else.
fn turn<T>(run: impl FnOnce(&mut Turn<'_, '_>) -> T) -> (T, Vec<String>) {
    let (mut out, mut urgent) = (Messages::default(), Vec::new());
    let value = run(&mut Turn {
        cx: &mut TaskContext::from_waker(Waker::noop()),
        out: &mut out,
        urgent: &mut urgent,
    });
    let mut said = strip(&urgent);
    said.extend(strip(&out.into_texts()));
    (value, said)
}

fn strip(out: &[crate::proto::text::Text]) -> Vec<String> {
    out.iter()
        .map(|text| text.strip_prefix("cd5&probe").unwrap().to_owned())
        .collect()
}

const INTERNAL: &str = r#"{"code":"internal","message":"internal error"}"#;

/// [R-2]
#[test]
fn a_call_is_answered_once_and_where_it_was_read_if_it_does_not_wait() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1&add&41"), ["ok1&42"]);
    assert!(served.poll().is_empty());
}

/// [R-3]
#[test]
fn a_call_that_waits_does_not_keep_others_waiting() {
    let mut served = Served::new();

    assert!(served.say("rq1&wait&{}").is_empty());
    assert_eq!(served.say("rq3&add&1"), ["ok3&2"]);
    served.probe.gate.notify_one();

    assert_eq!(served.poll(), ["ok1&7"]);
    assert_eq!(served.alive(), 0);
}

#[test]
fn a_channel_that_rests_goes_on_with_what_is_under_way() {
    let mut served = Served::new();
    assert_eq!(served.say("rq1&add&1"), ["ok1&2"]);
    served.say("rq3&wait&{}");

    served.inbound.rest();
    assert_eq!(served.say("rq5&add&2"), ["ok5&3"]);
    served.probe.gate.notify_one();
    assert_eq!(served.poll(), ["ok3&7"]);
    served.inbound.rest();
    served.say("rq7&wait&{}");
    served.probe.gate.notify_one();

    assert_eq!(served.poll(), ["ok7&7"]);
}

#[test]
fn a_box_that_is_used_again_runs_the_next_call() {
    let mut served = Served::new();

    for id in (1..200).step_by(2) {
        assert_eq!(
            served.say(&format!("rq{id}&add&{id}")),
            [format!("ok{id}&{}", id + 1)]
        );
    }
}

/// [Q-2]
#[test]
fn an_error_of_the_method_comes_as_data() {
    let mut served = Served::new();

    let answers = served.say("rq1&fail&{}");

    assert_eq!(
        answers,
        [r#"er1&{"code":"application","message":"the method returned an error","data":"full"}"#]
    );
}

/// [Q-4]
#[test]
fn a_panic_ends_its_own_call_and_tells_nothing() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1&panic&{}"), [format!("er1&{INTERNAL}")]);
    assert_eq!(served.say("rq3&add&1"), ["ok3&2"]);
}

/// [Q-4]
#[test]
fn a_value_that_cannot_be_written_tells_nothing() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1&unwritable&{}"), [format!("er1&{INTERNAL}")]);
}

/// [R-10] [Q-3]
#[test]
fn unknown_methods_and_bad_arguments_are_named() {
    let mut served = Served::new();

    assert_eq!(
        served.say("rq1&nope&{}"),
        [r#"er1&{"code":"unimplemented","message":"`probe` has no method `nope`"}"#]
    );
    assert_eq!(
        served.say("rq3&add&x"),
        [r#"er3&{"code":"invalid_argument","message":"`add`: no number"}"#]
    );
}

/// [R-5]
#[test]
fn a_notification_is_never_answered() {
    let mut served = Served::new();

    for message in [
        "nt&ping&{}",
        "nt&nope&{}",
        "nt&add&x",
        "nt&add&1",
        "nt&panic&{}",
        "nt&count&3",
    ] {
        assert!(served.say(message).is_empty(), "{message}");
    }
}

/// [R-5]
#[test]
fn a_notification_that_is_called_is_answered_as_a_call() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1&ping&{}"), ["ok1&null"]);
}

/// [R-1] [R-9]: even, used and falling ids, and what belongs to nothing.
#[test]
fn ids_that_cannot_be_are_faults_and_not_answered() {
    let mut served = Served::new();
    served.say("rq5&add&1");

    for message in [
        "rq2&add&1",
        "rq5&add&1",
        "rq3&add&1",
        "ok1&1",
        "it7&1",
        "en7&",
        "cr7&1",
        "ca7&",
        "ev&x&1",
        "rq",
        "zz",
    ] {
        assert_eq!(served.offer(message), (Receipt::Fault, Vec::new()), "{message}");
    }
}

/// [R-4]
#[test]
fn a_cancelled_call_is_dropped_and_not_answered() {
    let mut served = Served::new();
    served.say("rq1&wait&{}");
    assert_eq!(served.alive(), 1);

    assert!(served.say("ca1&").is_empty());

    assert_eq!(served.alive(), 0);
    served.probe.gate.notify_one();
    assert!(served.poll().is_empty());
}

/// [R-4]
#[test]
fn a_cancellation_that_crosses_with_the_answer_is_ignored() {
    let mut served = Served::new();
    served.say("rq1&add&1");

    assert_eq!(served.offer("ca1&"), (Receipt::Taken, Vec::new()));
    assert_eq!(served.offer("cr1&5"), (Receipt::Taken, Vec::new()));
}

/// [X-5]
#[test]
fn calls_and_streams_are_dropped_with_their_socket() {
    let mut served = Served::new();
    served.say("rq1&wait&{}");
    served.say("rq3;c=1&endless&{}");
    assert_eq!(served.alive(), 2);

    let probe = served.probe.clone();
    drop(served);

    assert_eq!(probe.alive.load(Ordering::SeqCst), 0);
}

/// [L-7]
#[test]
fn a_call_past_the_limit_is_refused() {
    let mut served = Served::with(&Limits {
        in_flight: 2,
        ..Limits::default()
    });
    served.say("rq1&wait&{}");
    served.say("rq3&wait&{}");

    assert_eq!(
        served.say("rq5&add&1"),
        [r#"er5&{"code":"resource_exhausted","message":"more than 2 calls under way"}"#]
    );
    served.say("ca1&");
    assert_eq!(served.say("rq7&add&1"), ["ok7&2"]);
}

/// [S-1] [S-2]
#[test]
fn a_stream_sends_as_much_as_it_may_and_is_polled_no_further() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1;c=2&count&4"), ["it1&0", "it1&1"]);
    assert_eq!(served.probe.polled.load(Ordering::SeqCst), 2);
    assert!(served.poll().is_empty());
    assert_eq!(served.say("cr1&1"), ["it1&2"]);
    assert_eq!(served.say("cr1&5"), ["it1&3", "en1&"]);
}

/// [S-2]
#[test]
fn a_stream_without_first_credit_waits_for_some() {
    let mut served = Served::new();

    assert!(served.say("rq1&count&1").is_empty());
    assert_eq!(served.say("cr1&1"), ["it1&0"]);
    // The end needs no credit, but a stream is not polled for it without.
    assert_eq!(served.say("cr1&1"), ["en1&"]);
}

/// [S-6]
#[test]
fn a_cancelled_stream_is_dropped() {
    let mut served = Served::new();
    served.say("rq1;c=1&endless&{}");
    assert_eq!(served.alive(), 1);

    assert!(served.say("ca1&").is_empty());

    assert_eq!(served.alive(), 0);
}

/// [S-4] [S-5]
#[test]
fn an_error_ends_a_stream() {
    let mut served = Served::new();

    let answers = served.say("rq1;c=9&failing_stream&{}");

    assert_eq!(
        answers,
        [
            "it1&1",
            r#"er1&{"code":"application","message":"the method returned an error","data":"full"}"#
        ]
    );
}

/// [S-3]
#[test]
fn credit_beyond_the_most_there_can_be_is_a_fault() {
    let mut served = Served::new();
    served.say("rq1;c=2147483647&endless&{}");

    assert_eq!(served.offer("cr1&1").0, Receipt::Fault);
}

#[test]
fn a_long_stream_with_much_credit_leaves_in_bounded_portions() {
    let mut served = Served::new();

    let mut items = served.say("rq1;c=100000&count&10000").len();
    let first = items;
    while items <= 10_000 {
        let more = served.poll().len();
        assert!(more > 0, "the stream stopped at {items}");
        items += more;
    }

    assert!(first < 10_000);
    assert_eq!(items, 10_001);
}

/// [R-8]
#[test]
fn a_channel_is_silent_until_the_client_speaks() {
    let mut served = Served::new();

    assert!(served.poll().is_empty());
    assert!(!served.say("hi&{}").is_empty());
}

/// [R-7]
#[test]
fn a_greeting_is_answered_once() {
    let mut served = Served::new();

    assert_eq!(
        served.say(r#"hi&{"peer":"x"}"#),
        [concat!(
            r#"hi&{"peer":"rust/"#,
            env!("CARGO_PKG_VERSION"),
            r#""}"#
        )]
    );
    assert!(served.say("hi&{}").is_empty());
}

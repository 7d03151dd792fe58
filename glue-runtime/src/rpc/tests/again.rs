//! What becomes of calls when their session ends, message by message, without a socket.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::BoxStream;

use super::*;
use crate::mailbox::{Bond, Outgoing};
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;
use crate::proto::messages::Messages;
use crate::proto::text::Text;
use crate::rpc::calls::{Calls, Opener};
use crate::rpc::{CallOptions, CallRequest, Caller as _, OnLoss, RpcChannel, RpcError};

/// A client, and its driver by hand.
struct Client {
    mailbox: Arc<Mailbox>,
    channel: RpcChannel,
    calls: Calls,
}

type Call = BoxFuture<'static, Result<String, RpcError>>;
type Stream = BoxStream<'static, Result<String, RpcError>>;

impl Client {
    fn new() -> Self {
        let limits = Limits::default();
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let opener = Opener::Client { limits, hashes: None };
        let (channel, calls) = Calls::new(Arc::new(Lane::new("m", mailbox.clone())), opener);
        Self {
            mailbox,
            channel,
            calls,
        }
    }

    /// Starts a call.
    fn call(&self, request: CallRequest) -> Call {
        let channel = self.channel.clone();
        let mut call = async move { channel.call(request).await }.boxed();
        assert!(call.as_mut().now_or_never().is_none());
        call
    }

    /// Starts a stream.
    fn stream(&self, request: CallRequest) -> Stream {
        let mut items = self.channel.stream(request).boxed();
        assert_eq!(taken(&mut items), Taken::Pending);
        items
    }

    /// Moves what was sent since to the session, but for greetings and notifications: by its data in the channel.
    fn sent(&self) -> Vec<String> {
        let mut sent = Vec::new();
        let mut push = |text: Text, _: Bond| sent.push(text.strip_prefix("cd1&m").unwrap().to_owned());
        for late in self.mailbox.take_urgent() {
            late.write(usize::MAX, &mut push);
        }
        while let Some(message) = self.mailbox.take_message() {
            match message {
                Outgoing::Text(text) => push(text, Bond::Free),
                Outgoing::Late(late) => late.write(usize::MAX, &mut push),
            }
        }
        sent.retain(|data| !data.starts_with("hi"));
        sent
    }

    fn receive(&self, data: &str) -> (Receipt, usize) {
        let (mut out, mut urgent) = (Messages::default(), Vec::new());
        let mut turn = Turn {
            cx: &mut TaskContext::from_waker(Waker::noop()),
            out: &mut out,
            urgent: &mut urgent,
        };
        let receipt = self.calls.handle(Envelope::decode(data).unwrap(), &mut turn);
        (receipt, urgent.len())
    }

    /// The session ends; of what it was given, this has not left.
    fn lose(&self, unsent: &[String]) {
        let recalled: Vec<_> = unsent.iter().filter_map(|data| self.calls.recall(data)).collect();
        let left = self.calls.lost().into_iter().chain(recalled);
        self.mailbox.put_back(left.map(Outgoing::from).collect());
    }

    /// The socket ends, and with it what waits.
    fn close(&self) {
        drop(self.mailbox.refuse());
        self.calls.close();
    }
}

/// What a stream gives now.
#[derive(Debug, PartialEq)]
enum Taken {
    Item(String),
    Failed(String),
    End,
    Pending,
}

fn taken(items: &mut Stream) -> Taken {
    match items.next().now_or_never() {
        None => Taken::Pending,
        Some(None) => Taken::End,
        Some(Some(Ok(item))) => Taken::Item(item),
        Some(Some(Err(error))) => Taken::Failed(outcome(&error)),
    }
}

/// The code of an error, with the outcome that it tells.
fn outcome(error: &RpcError) -> String {
    let data = error.data().unwrap_or_default();
    format!("{:?} {data}", error.code()).trim_end().to_owned()
}

/// How a call has ended, if it has.
fn ended(call: &mut Call) -> Option<String> {
    let ended = call.as_mut().now_or_never()?;
    Some(ended.unwrap_or_else(|error| outcome(&error)))
}

fn request(method: &'static str, on_loss: OnLoss) -> CallRequest {
    let mut request = CallRequest::new(method, r#"{"x":1}"#);
    request.on_loss = on_loss;
    request
}

fn item(cursor: u32) -> String {
    format!(r#"{{"cursor":{cursor},"value":null}}"#)
}

const UNKNOWN: &str = r#"Unavailable {"outcome":"unknown"}"#;
const NOT_SENT: &str = r#"Unavailable {"outcome":"not_sent"}"#;
const AFTER: OnLoss = OnLoss::ResumeFrom("after");

/// [R-12]
#[tokio::test(start_paused = true)]
async fn what_has_not_left_with_its_session_goes_out_in_the_next() {
    let client = Client::new();
    let mut left = client.call(request("left", OnLoss::Fail));
    assert_eq!(client.sent(), [r#"rq1&left&{"x":1}"#]);
    let mut first = client.call(request("first", OnLoss::Fail));
    let mut second = client.call(request("second", OnLoss::Repeat));
    let mut items = client.stream(request("items", OnLoss::Fail));
    let mut tracked = client.stream(request("tracked", AFTER));
    let unsent = client.sent();
    assert_eq!(unsent.len(), 4);

    client.lose(&unsent);
    let _last = client.call(request("last", OnLoss::Fail));

    assert_eq!(ended(&mut left).as_deref(), Some(UNKNOWN));
    assert_eq!(
        client.sent(),
        [
            r#"rq1&first&{"x":1}"#,
            r#"rq3&second&{"x":1}"#,
            r#"rq5;c=8&items&{"x":1}"#,
            r#"rq7;c=8&tracked&{"x":1}"#,
            r#"rq9&last&{"x":1}"#,
        ]
    );
    client.receive("ok1&1");
    client.receive("ok3&2");
    client.receive("it5&3");
    client.receive("en7&");
    assert_eq!(ended(&mut first).as_deref(), Some("1"));
    assert_eq!(ended(&mut second).as_deref(), Some("2"));
    assert_eq!(taken(&mut items), Taken::Item("3".to_owned()));
    assert_eq!(taken(&mut tracked), Taken::End);
}

/// [R-11] [R-12]
#[tokio::test(start_paused = true)]
async fn where_no_session_follows_the_outcome_is_what_became_of_the_request() {
    for on_loss in [OnLoss::Fail, OnLoss::Repeat] {
        let client = Client::new();
        let mut left = client.call(request("left", on_loss));
        client.sent();
        let mut unsent = client.call(request("unsent", on_loss));
        client.lose(&client.sent());
        let mut waiting = client.call(request("waiting", on_loss));

        client.close();

        assert_eq!(ended(&mut left).as_deref(), Some(UNKNOWN));
        assert_eq!(ended(&mut unsent).as_deref(), Some(NOT_SENT));
        assert_eq!(ended(&mut waiting).as_deref(), Some(NOT_SENT));
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_wants_any_more_is_not_sent_again() {
    let client = Client::new();
    let before = client.call(request("before", OnLoss::Repeat));
    let after = client.call(request("after", OnLoss::Repeat));
    let unsent = client.call(request("unsent", OnLoss::Fail));
    let sent = client.sent();
    drop(before);
    client.sent();

    client.lose(&sent[2..]);
    drop(after);
    drop(unsent);

    assert!(client.sent().is_empty());
}

/// [R-18]
#[tokio::test(start_paused = true)]
async fn a_call_that_may_run_twice_is_sent_again_until_it_is_answered() {
    let client = Client::new();
    let mut again = client.call(request("again", OnLoss::Repeat));
    client.sent();
    for _ in 0..3 {
        client.lose(&[]);
        let mut waiting = client.call(request("waiting", OnLoss::Fail));
        assert_eq!(
            client.sent(),
            [r#"rq1&again&{"x":1}"#, r#"rq3&waiting&{"x":1}"#],
            "ahead of what waits"
        );
        assert_eq!(ended(&mut again), None);
        client.receive("ok3&1");
        assert_eq!(ended(&mut waiting).as_deref(), Some("1"));
    }

    client.receive("ok1&7");
    client.lose(&[]);

    assert_eq!(ended(&mut again).as_deref(), Some("7"));
    assert!(client.sent().is_empty());
}

/// [R-18]: its outcome stays unknown, though it has not left a second time.
#[tokio::test(start_paused = true)]
async fn what_has_left_once_is_never_said_not_to_have_been_sent() {
    let client = Client::new();
    let mut again = client.call(request("again", OnLoss::Repeat));
    client.sent();
    client.lose(&[]);
    client.lose(&client.sent());

    client.close();

    assert_eq!(ended(&mut again).as_deref(), Some(UNKNOWN));
}

/// [R-18]: what the other side says is an answer.
#[tokio::test(start_paused = true)]
async fn an_answer_is_final_whatever_it_says() {
    let client = Client::new();
    let mut again = client.call(request("again", OnLoss::Repeat));
    client.sent();

    client.receive(r#"er1&{"code":"unavailable","message":"","data":{"outcome":"unknown"}}"#);

    assert_eq!(ended(&mut again).as_deref(), Some(UNKNOWN));
    client.lose(&[]);
    assert!(client.sent().is_empty());
}

/// [R-18] [R-15]
#[tokio::test(start_paused = true)]
async fn all_attempts_together_have_the_time_of_the_call() {
    let client = Client::new();
    let mut request = request("again", OnLoss::Repeat);
    request.options = CallOptions::default().timeout(Duration::from_secs(3));
    let mut again = client.call(request);
    assert_eq!(client.sent(), [r#"rq1;t=3000&again&{"x":1}"#]);

    tokio::time::advance(Duration::from_secs(1)).await;
    client.lose(&[]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(client.sent(), [r#"rq1;t=1000&again&{"x":1}"#]);
    client.lose(&[]);
    tokio::time::advance(Duration::from_secs(1)).await;

    assert_eq!(ended(&mut again).as_deref(), Some("DeadlineExceeded"));
    drop(again);
    assert!(client.sent().is_empty());
}

/// [R-18]: what was streamed up is gone.
#[tokio::test(start_paused = true)]
async fn a_call_that_takes_a_stream_is_never_sent_again() {
    let client = Client::new();
    let mut upward = request("upward", OnLoss::Repeat);
    upward.items = Some(stream::empty().boxed());
    let mut both = request("both", AFTER);
    both.items = Some(stream::empty().boxed());
    let mut call = client.call(upward);
    let mut items = client.stream(both);
    client.sent();

    client.receive("it3&1");
    client.lose(&[]);

    assert_eq!(ended(&mut call).as_deref(), Some(UNKNOWN));
    assert_eq!(taken(&mut items), Taken::Item("1".to_owned()), "tracked or not");
    assert_eq!(taken(&mut items), Taken::Failed(UNKNOWN.to_owned()));
    assert!(client.sent().is_empty());
}

/// [S-14]
#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_behind_the_last_item_that_came() {
    let client = Client::new();
    let mut items = client.stream(request("items", AFTER));
    client.sent();
    client.lose(&[]);
    assert_eq!(client.sent(), [r#"rq1;c=8&items&{"x":1}"#], "nothing has come");
    client.receive(&format!("it1&{}", item(4)));
    client.receive(&format!("it1&{}", item(5)));
    client.lose(&[]);

    assert_eq!(client.sent(), [r#"rq1;c=6&items&{"after":5,"x":1}"#]);
    assert_eq!(taken(&mut items), Taken::Item(item(4)));
    let granted = client.sent();
    assert_eq!(
        granted,
        ["cr1&25"],
        "in the session that is there, behind its request"
    );
    client.receive(&format!("it1&{}", item(6)));
    client.receive("en1&");

    for cursor in [5, 6] {
        assert_eq!(taken(&mut items), Taken::Item(item(cursor)));
    }
    assert_eq!(taken(&mut items), Taken::End);
    client.lose(&[]);
    assert!(client.sent().is_empty(), "it has ended");
}

/// [S-14] [S-7]
#[tokio::test(start_paused = true)]
async fn what_waits_for_its_reader_counts_for_what_is_granted_anew() {
    let client = Client::new();
    let mut items = client.stream(request("items", AFTER));
    client.sent();
    for cursor in 1..=8 {
        client.receive(&format!("it1&{}", item(cursor)));
    }
    client.lose(&[]);

    assert_eq!(client.sent(), [r#"rq1&items&{"after":8,"x":1}"#], "no room yet");
    for cursor in 1..=8 {
        assert_eq!(taken(&mut items), Taken::Item(item(cursor)));
    }
    assert_eq!(client.sent(), ["cr1&25"]);
    for cursor in 9..=33 {
        assert_eq!(client.receive(&format!("it1&{}", item(cursor))).0, Receipt::Taken);
    }
    let (_, cancels) = client.receive(&format!("it1&{}", item(34)));
    assert_eq!(cancels, 1, "[S-8]");
}

/// [S-14]: credit that is due in one session is granted in that or with the next request, never twice.
#[tokio::test(start_paused = true)]
async fn credit_of_a_lost_session_stands_in_the_next_request() {
    let client = Client::new();
    let mut items = client.stream(request("items", AFTER));
    client.sent();
    client.receive(&format!("it1&{}", item(1)));
    assert_eq!(taken(&mut items), Taken::Item(item(1)));

    client.lose(&[]);

    assert_eq!(
        client.sent(),
        [r#"rq1;c=32&items&{"after":1,"x":1}"#],
        "7 were left and 25 are not sent any more"
    );
}

/// [S-13] [S-14]
#[tokio::test(start_paused = true)]
async fn a_gap_comes_in_its_place_and_has_no_cursor() {
    let client = Client::new();
    let mut items = client.stream(request("items", AFTER));
    client.sent();
    client.receive(&format!("it1&{}", item(1)));
    client.receive("it1&\"gap\"");
    client.lose(&[]);

    assert_eq!(client.sent(), [r#"rq1;c=6&items&{"after":1,"x":1}"#]);
    assert_eq!(taken(&mut items), Taken::Item(item(1)));
    assert_eq!(taken(&mut items), Taken::Item(r#""gap""#.to_owned()));
}

/// [S-13] [Q-5]
#[tokio::test(start_paused = true)]
async fn an_item_without_a_cursor_ends_its_stream() {
    for bad in ["1", "{}", r#"{"cursor":1}"#, r#""gaps""#] {
        let client = Client::new();
        let mut items = client.stream(request("items", AFTER));
        client.sent();

        let (_, cancels) = client.receive(&format!("it1&{bad}"));

        assert_eq!(cancels, 1, "{bad}");
        assert_eq!(taken(&mut items), Taken::Failed(format!("{:?}", Code::Internal)));
        client.lose(&[]);
        assert!(client.sent().is_empty());
    }
}

/// [S-14] [R-11]
#[tokio::test(start_paused = true)]
async fn a_stream_that_was_ended_is_not_opened_again_and_others_end_with_their_session() {
    let client = Client::new();
    let mut failed = client.stream(request("items", AFTER));
    let mut plain = client.stream(request("items", OnLoss::Fail));
    let left = client.stream(request("items", AFTER));
    client.sent();

    client.receive(r#"er1&{"code":"application","message":""}"#);
    client.lose(&[]);
    drop(left);

    assert_eq!(taken(&mut failed), Taken::Failed("Application".to_owned()));
    assert_eq!(taken(&mut plain), Taken::Failed(UNKNOWN.to_owned()));
    assert!(client.sent().is_empty());
}

/// [S-14] [R-11]
#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_socket_behind_what_has_come() {
    let client = Client::new();
    let mut items = client.stream(request("items", AFTER));
    client.sent();
    client.receive(&format!("it1&{}", item(1)));
    client.lose(&[]);

    client.close();

    assert_eq!(taken(&mut items), Taken::Item(item(1)));
    assert_eq!(taken(&mut items), Taken::Failed(UNKNOWN.to_owned()));
}

//! A server's calls of its client, message by message, without a socket.

use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::*;
use crate::mailbox::{Mailbox, Outgoing, Peer};
use crate::proto::messages::Messages;
use crate::rpc::{CallOptions, CallRequest, Caller as _};

struct Server {
    mailbox: Arc<Mailbox>,
    calls: LazyCalls,
}

type Call = BoxFuture<'static, Result<String, RpcError>>;

impl Server {
    fn new() -> Self {
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &Limits::default()));
        let calls = LazyCalls::new(Arc::new(Lane::new("m", mailbox.clone())));
        Self { mailbox, calls }
    }

    /// Starts a call.
    fn call(&self, request: CallRequest) -> Call {
        let channel = self.calls.channel();
        let mut call = async move { channel.call(request).await }.boxed();
        assert!(call.as_mut().now_or_never().is_none());
        call
    }

    /// Returns what was sent since.
    fn sent(&self) -> Vec<String> {
        let mut sent = Vec::new();
        for late in self.mailbox.take_urgent() {
            late.write(usize::MAX, &mut |text, _| sent.push(text.to_string()));
        }
        while let Some(message) = self.mailbox.take_message() {
            match message {
                Outgoing::Text(text) => sent.push(text.to_string()),
                Outgoing::Late(late) => late.write(usize::MAX, &mut |text, _| sent.push(text.to_string())),
            }
        }
        sent
    }

    fn receive(&self, data: &str) -> (Receipt, Vec<Text>) {
        let (mut out, mut urgent) = (Messages::default(), Vec::new());
        let mut turn = Turn {
            cx: &mut Context::from_waker(Waker::noop()),
            out: &mut out,
            urgent: &mut urgent,
        };
        let receipt = match (self.calls.get(), Envelope::decode(data)) {
            (Some(calls), Ok(envelope)) => calls.handle(envelope, &mut turn),
            (Some(calls), Err(_)) => {
                calls.unreadable(data, &mut turn);
                Receipt::Fault
            }
            (None, _) => Receipt::Fault,
        };
        assert!(out.is_empty());
        (receipt, urgent)
    }
}

fn request() -> CallRequest {
    CallRequest::new("confirm", "{}")
}

fn code(answer: Option<Result<String, RpcError>>) -> Option<Code> {
    answer.map(|answer| answer.unwrap_err().code())
}

/// [R-1] [R-7] [R-8]
#[tokio::test(start_paused = true)]
async fn a_server_numbers_its_calls_evenly_and_does_not_greet_again() {
    let server = Server::new();
    assert!(server.calls.get().is_none(), "most channels call nobody");

    let mut first = server.call(request());
    let mut timed = request();
    timed.options = CallOptions::default().timeout(Duration::from_millis(10));
    let mut second = server.call(timed);

    assert_eq!(
        server.sent(),
        ["cd1&mrq2;t=30000&confirm&{}", "cd1&mrq4;t=10&confirm&{}"]
    );
    assert_eq!(server.receive("ok2&true").0, Receipt::Taken);
    assert_eq!(
        server.receive(r#"er4&{"code":"application","message":""}"#).0,
        Receipt::Taken
    );
    assert_eq!(first.as_mut().now_or_never().unwrap().unwrap(), "true");
    assert_eq!(code(second.as_mut().now_or_never()), Some(Code::Application));
    drop((first, second));
    assert!(server.sent().is_empty(), "what has ended need not be cancelled");
}

/// [R-9]
#[tokio::test(start_paused = true)]
async fn what_a_client_must_not_say_to_its_server_is_a_fault() {
    let server = Server::new();
    let mut call = server.call(request());
    server.sent();

    for data in ["ok4&1", "ok1&1", "ev&joined&{}", "hi&{}", "it2", "cr4&1"] {
        let (receipt, _) = server.receive(data);
        assert_eq!(receipt, Receipt::Fault, "{data}");
        if data == "it2" {
            assert_eq!(code(call.as_mut().now_or_never()), Some(Code::Internal), "[Q-5]");
        }
    }
    assert_eq!(server.receive("ok2&1").0, Receipt::Taken, "late");
}

/// [L-17]
#[tokio::test(start_paused = true)]
async fn a_client_that_never_answers_costs_its_server_a_while_and_no_more() {
    let server = Server::new();
    let mut calls: Vec<_> = (0..CALLBACKS).map(|_| server.call(request())).collect();
    server.sent();

    let one_more = server.calls.channel().call(request()).await;
    assert_eq!(code(Some(one_more)), Some(Code::ResourceExhausted));
    assert!(server.sent().is_empty());

    let first = calls.remove(0).await;
    assert_eq!(code(Some(first)), Some(Code::DeadlineExceeded));
    assert_eq!(server.sent(), ["cd1&mca2&"]);
    drop(server.call(request()));
    assert_eq!(server.sent().len(), 0, "it was withdrawn before it was sent");
}

/// [R-11] [R-12]
#[tokio::test(start_paused = true)]
async fn calls_end_with_the_socket() {
    let server = Server::new();
    let mut sent = server.call(request());
    server.sent();
    let mut waiting = server.call(request());
    let channel = server.calls.channel();

    drop(server.mailbox.refuse());
    server.calls.get().unwrap().close();

    let outcome = |answer: Option<Result<String, RpcError>>| {
        let error = answer.unwrap().unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        error.data().unwrap().to_owned()
    };
    assert_eq!(outcome(sent.as_mut().now_or_never()), r#"{"outcome":"unknown"}"#);
    assert_eq!(
        outcome(waiting.as_mut().now_or_never()),
        r#"{"outcome":"not_sent"}"#
    );
    let late = channel.call(request()).await;
    assert_eq!(outcome(Some(late)), r#"{"outcome":"not_sent"}"#);
}

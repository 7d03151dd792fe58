//! What generated code does: messages to JSON and back, and the Rust client over a caller that the test scripts.

#![allow(missing_docs)] // the names say it

use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard};
use std::task::{Context as TaskContext, Poll, Waker};

use glue::__private::{CallDecodeError, CallKind, CallMessage, EventMessage, ReplyKind, ReplyMessage};
use glue::{CallError, CallRequest, Caller, Code, RpcError, Stream};

#[glue::model]
#[derive(Debug, PartialEq)]
pub struct Message {
    text: String,
    #[serde(alias = "author", rename = "user")]
    by: String,
}

#[glue::model]
#[derive(Debug, PartialEq)]
pub enum ChatError {
    RoomFull { limit: u32 },
}

/// Names outside of Rust's style, for which serde and ts-rs have different rules.
#[glue::model]
#[serde(rename_all = "camelCase", rename_all_fields = "snake_case")]
#[derive(Debug)]
#[allow(non_camel_case_types, non_snake_case)] // they are what is tested
pub enum Odd {
    A_B { userId: u8, r#type: u8 },
}

#[glue::channel]
pub trait Odds {
    async fn put(&self, odd: Odd);
}

#[glue::channel]
pub trait Chat {
    async fn post(&self, room: String, message: Message) -> Result<u64, ChatError>;
    async fn history(&self, room: String, limit: Option<u32>) -> Vec<Message>;
    #[notification]
    async fn typing(&self, room: String);
    fn watch(&self, room: String) -> impl Stream<Item = Message>;
    fn tail(&self) -> impl Stream<Item = Result<Message, ChatError>>;
    #[event]
    fn joined(room: String, user: String);
    #[event]
    fn closed();
}

fn message() -> Message {
    Message {
        text: "hi".to_owned(),
        by: "ann".to_owned(),
    }
}

const MESSAGE: &str = r#"{"text":"hi","user":"ann"}"#;

#[test]
fn a_call_is_read_and_written_by_parameter_name() {
    let args = format!(r#"{{"room":"a","message":{MESSAGE}}}"#);

    let call = ChatCall::decode("post", &args).unwrap();
    let mut written = String::from("rq1&post&");
    call.encode_args(&mut written).unwrap();

    assert!(matches!(&call, ChatCall::Post { room, message: m } if room == "a" && *m == message()));
    assert_eq!((call.method(), call.kind()), ("post", CallKind::Call));
    assert_eq!(written, format!("rq1&post&{args}"));
}

#[test]
fn kinds_follow_the_trait() {
    let kind = |method, args| ChatCall::decode(method, args).unwrap().kind();

    assert_eq!(kind("typing", r#"{"room":"a"}"#), CallKind::Notification);
    assert_eq!(kind("tail", "{}"), CallKind::Stream);
}

#[test]
fn a_model_has_the_names_in_typescript_that_are_sent() {
    let odd = Odd::A_B { userId: 1, r#type: 2 };
    let mut sent = String::new();
    OddsCall::Put { odd }.encode_args(&mut sent).unwrap();
    let declared = <Odd as glue::__private::ts_rs::TS>::inline(&Default::default());

    assert_eq!(sent, r#"{"odd":{"a_B":{"userId":1,"type":2}}}"#);
    assert_eq!(declared, r#"{ "a_B": { userId: number, type: number, } }"#);
}

#[test]
fn a_wrong_argument_names_method_parameter_and_path() {
    let error = ChatCall::decode("post", r#"{"message":{"text":[1]},"room":"a"}"#).unwrap_err();

    let CallDecodeError::InvalidArgument { message } = error else {
        panic!("{error:?}")
    };
    assert_eq!(
        message,
        "`post`: argument `message`: invalid type: sequence, expected a string at `message.text` (byte 19)"
    );
}

#[test]
fn an_event_is_no_call_and_an_unknown_method_is_said_to_be_one() {
    for method in ["joined", "Post", ""] {
        assert_eq!(
            ChatCall::decode(method, "{}").unwrap_err(),
            CallDecodeError::UnknownMethod
        );
    }
}

#[test]
fn a_reply_is_the_bare_value_or_the_bare_error() {
    let encode = |reply: ChatReply| {
        let mut json = String::new();
        let kind = reply.encode(&mut json).unwrap();
        (kind, json)
    };

    assert_eq!(encode(ChatReply::Post(Ok(7))), (ReplyKind::Value, "7".to_owned()));
    assert_eq!(
        encode(ChatReply::Post(Err(ChatError::RoomFull { limit: 9 }))),
        (
            ReplyKind::ApplicationError,
            r#"{"RoomFull":{"limit":9}}"#.to_owned()
        ),
    );
    assert_eq!(
        encode(ChatReply::Watch(message())),
        (ReplyKind::Value, MESSAGE.to_owned())
    );
    assert_eq!(
        encode(ChatReply::Tail(Ok(message()))),
        (ReplyKind::Value, MESSAGE.to_owned())
    );
}

#[test]
fn an_event_is_read_and_written_by_parameter_name() {
    let event = ChatEvent::Joined {
        room: "a".to_owned(),
        user: "b".to_owned(),
    };
    let mut json = String::new();
    event.encode(&mut json).unwrap();

    assert_eq!((ChatEvent::CHANNEL, event.name()), ("chat", "joined"));
    assert_eq!(json, r#"{"room":"a","user":"b"}"#);
    assert!(matches!(
        ChatEvent::decode("joined", &json),
        Ok(Some(ChatEvent::Joined { .. }))
    ));
    assert!(matches!(
        ChatEvent::decode("closed", "{}"),
        Ok(Some(ChatEvent::Closed {}))
    ));
    assert!(matches!(ChatEvent::decode("renamed", "{}"), Ok(None)));
    assert!(ChatEvent::decode("joined", "{}").is_err());
}

#[test]
fn a_client_call_returns_the_value() {
    let caller = Script::new([Ok("12")]);

    let answer = now(ChatClient::new(&caller).post("a".to_owned(), message()));

    assert_eq!(answer.unwrap(), 12);
    assert_eq!(
        caller.asked(),
        [format!(r#"post {{"room":"a","message":{MESSAGE}}}"#)]
    );
}

#[test]
fn a_client_call_fails_as_its_caller_does() {
    let caller = Script::new([Err(RpcError::new(Code::Unavailable, "gone"))]);

    let error = now(ChatClient::new(&caller).post("a".to_owned(), message())).unwrap_err();

    assert!(matches!(error, CallError::Rpc(error) if error.code() == Code::Unavailable));
}

#[test]
fn an_answer_of_another_type_is_an_internal_error_that_names_the_method() {
    let caller = Script::new([Ok("{}")]);

    let error = now(ChatClient::new(&caller).history("a".to_owned(), None)).unwrap_err();

    let CallError::Rpc(error) = error;
    assert_eq!(error.code(), Code::Internal);
    assert!(error.message().contains("`history`"), "{error}");
}

#[test]
fn a_client_stream_ends_with_an_item_of_another_type() {
    let caller = Script::new([Ok(MESSAGE), Ok("5"), Ok(MESSAGE)]);
    let client = ChatClient::new(&caller);

    let items: Vec<bool> = all(client.watch("a".to_owned()))
        .iter()
        .map(Result::is_ok)
        .collect();

    assert_eq!(items, [true, false]);
    assert_eq!(all(client.tail()).len(), 0);
}

#[test]
fn a_client_passes_over_events_it_does_not_know() {
    let caller = Script::new([]);

    let events = all(ChatClient::new(&caller).events());

    assert!(
        matches!(events.as_slice(), [Ok(ChatEvent::Closed {}), Err(error)] if error.code() == Code::Internal),
        "{events:?}"
    );
}

/// A caller that gives its answers out in order and is never pending.
struct Script {
    answers: Mutex<Vec<Result<&'static str, RpcError>>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn new<const N: usize>(answers: [Result<&'static str, RpcError>; N]) -> Self {
        let answers = answers.into_iter().rev().collect();
        Self {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
        }
    }

    fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }

    fn ask(&self, CallRequest { method, args, .. }: &CallRequest) {
        lock(&self.asked).push(format!("{method} {args}"));
    }
}

impl Caller for &Script {
    async fn call(&self, request: CallRequest) -> Result<String, RpcError> {
        self.ask(&request);
        lock(&self.answers)
            .pop()
            .expect("the script goes on")
            .map(str::to_owned)
    }

    async fn notify(&self, request: CallRequest) -> Result<(), RpcError> {
        self.ask(&request);
        Ok(())
    }

    fn stream(&self, request: CallRequest) -> impl Stream<Item = Result<String, RpcError>> + Send + 'static {
        self.ask(&request);
        let answers = std::mem::take(&mut *lock(&self.answers));
        Ready(
            answers
                .into_iter()
                .map(|answer| answer.map(str::to_owned))
                .collect(),
        )
    }

    fn events(&self) -> impl Stream<Item = (String, String)> + Send + 'static {
        let event = |name: &str| (name.to_owned(), "{}".to_owned());
        Ready(vec![event("joined"), event("renamed"), event("closed")])
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it is locked")
}

/// Items from the last to the first.
struct Ready<T>(Vec<T>);

impl<T: Unpin> Stream for Ready<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.0.pop())
    }
}

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the script is never pending"),
    }
}

fn all<S: Stream + Unpin>(mut stream: S) -> Vec<S::Item> {
    let mut items = Vec::new();
    while let Some(item) = now(std::future::poll_fn(|cx| Pin::new(&mut stream).poll_next(cx))) {
        items.push(item);
    }
    items
}

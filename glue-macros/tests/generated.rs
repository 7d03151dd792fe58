//! What generated code does: messages to JSON and back, and the Rust client over a caller that the test scripts.

#![allow(missing_docs)] // the names say it

use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use glue::__private::schema::{Channel, Described, collect, hashes};
use glue::__private::{CallDecodeError, CallKind, CallMessage, EventMessage, ReplyKind, ReplyMessage};
use glue::schema::{ChannelSchema, MethodKind};
use glue::{
    CallError, CallOptions, CallRequest, Caller, ClientHandler, Code, Contract, Error, Incoming, OpenRpc,
    RpcError, ServeRpc, Stream,
};

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
    async fn upload(&self, room: String, messages: Incoming<Message>) -> Result<u64, ChatError>;
    fn translate(&self, lines: Incoming<String>) -> impl Stream<Item = String>;
    async fn count(&self, weights: Incoming<f64>) -> u64;
    #[glue(no_cancel)]
    async fn pay(&self, cents: u32) -> Result<u64, ChatError>;
    #[event]
    fn joined(room: String, user: String);
    #[event]
    fn closed();
    #[client]
    async fn confirm(question: String) -> Result<bool, ChatError>;
}

/// Nested types, and each kind of method.
#[glue::channel(sequential)]
pub trait Nested {
    async fn send(&self, page: Page<Message>, odd: Option<Odd>) -> Result<Vec<Message>, ChatError>;
    async fn upload(&self, pages: Incoming<Page<Page<Odd>>>);
    /// With documentation, which does not count.
    fn watch(&self) -> impl Stream<Item = Result<Page<Odd>, ChatError>>;
    #[notification]
    async fn typing(&self, room: String);
    #[event]
    fn joined(message: Message);
    #[client]
    async fn confirm(message: Message) -> Odd;
}

#[glue::model]
#[derive(Debug)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<u32>,
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
    assert_eq!(kind("upload", r#"{"room":"a"}"#), CallKind::ClientStream);
    assert_eq!(kind("translate", "{}"), CallKind::TwoWayStream);
}

#[test]
fn only_a_method_that_says_so_runs_on_without_its_caller() {
    let runs_to_end = |method, args| ChatCall::decode(method, args).unwrap().runs_to_end();

    assert!(runs_to_end("pay", r#"{"cents":1}"#));
    assert!(!runs_to_end("history", r#"{"room":"a"}"#));
    assert!(
        !OddsCall::decode("put", r#"{"odd":{"a_B":{"userId":1,"type":2}}}"#)
            .unwrap()
            .runs_to_end()
    );
}

#[test]
fn what_the_server_asks_is_no_call_of_clients_and_the_other_way_round() {
    let confirm = ChatHandlerCall::decode("confirm", r#"{"question":"?"}"#).unwrap();
    let mut answer = String::new();
    let kind = ChatHandlerReply::Confirm(Ok(true)).encode(&mut answer).unwrap();

    assert!(matches!(confirm, ChatHandlerCall::Confirm { question } if question == "?"));
    assert_eq!((kind, answer.as_str()), (ReplyKind::Value, "true"));
    assert!(ChatCall::decode("confirm", r#"{"question":"?"}"#).is_err());
    assert!(ChatHandlerCall::decode("pay", r#"{"cents":1}"#).is_err());
}

/// What the harness writes is what the generated TypeScript carries; see `glue-codegen`.
#[test]
fn hashes_at_run_time_are_those_of_the_document_that_glue_codegen_reads() {
    let document = describe::<NestedCall>();

    let hashes = NestedCall::hashes();

    assert_eq!(document.errors, [""; 0]);
    assert_eq!(document.types.len(), 4);
    assert_eq!(hashes.schema, document.hash());
    assert_eq!(hashes.methods, document.method_hashes());
    let names: Vec<_> = hashes.methods.keys().collect();
    assert_eq!(names, ["confirm", "joined", "send", "typing", "upload", "watch"]);
}

#[test]
fn the_parts_of_a_channel_are_described_as_what_they_are() {
    let document = describe::<NestedCall>();
    let method = |name: &str| {
        document
            .methods
            .iter()
            .find(|method| method.name == name)
            .unwrap()
    };

    let pages = &method("upload").args[0];
    assert_eq!((pages.ty.as_str(), pages.stream), ("Page<Page<Odd>>", true));
    let [page, odd] = method("send").args.as_slice() else {
        panic!("{:?}", method("send"))
    };
    assert_eq!((page.stream, page.optional), (false, false));
    assert_eq!((odd.stream, odd.optional), (false, true));
    assert_eq!(method("send").ret.as_deref(), Some("Array<Message>"));
    assert_eq!(method("send").err.as_deref(), Some("ChatError"));
    assert_eq!(method("confirm").kind, MethodKind::ClientCall);
    assert_eq!(method("typing").ret, None);
}

#[test]
fn a_type_without_typescript_form_keeps_no_channel_from_being_served() {
    let hashes = hashes("chat", |collector| {
        collector.shape::<FlatOption>();
    });

    assert_eq!(hashes.schema.len(), 16);
}

#[derive(glue::__private::ts_rs::TS)]
#[ts(crate = "glue::__private::ts_rs")]
#[allow(dead_code)] // only described
struct FlatOption {
    #[ts(flatten)]
    inner: Option<Message>,
}

/// What the harness of glue-codegen writes for the channel, read back.
fn describe<D: Described>() -> ChannelSchema {
    collect(&Channel {
        krate: "demo",
        module: "demo",
        name: "Nested",
        channel: "nested",
        docs: &[" A doc."],
        file: "src/lib.rs",
        line: 1,
        describe: D::describe,
    })
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

#[test]
fn a_client_streams_its_items_beside_the_arguments() {
    let caller = Script::new([Ok("2")]);
    let client = ChatClient::new(&caller);

    let answer = now(client.upload("a".to_owned(), Ready(vec![message(), message()])));

    assert_eq!(answer.unwrap(), 2);
    assert_eq!(
        caller.asked(),
        [
            r#"upload {"room":"a"}"#,
            &format!("item {MESSAGE}"),
            &format!("item {MESSAGE}")
        ]
    );
}

#[test]
fn an_item_that_json_cannot_hold_is_what_the_call_fails_with() {
    let caller = Script::new([Ok("1")]);

    let error = now(ChatClient::new(&caller).count(Ready(vec![1.0, f64::NAN]))).unwrap_err();

    let CallError::Rpc(error) = error;
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(
        error.message(),
        "an item of `weights` of `count` cannot be written as JSON: JSON has no NaN"
    );
}

#[test]
fn a_two_way_stream_sends_and_yields_items() {
    let caller = Script::new([Ok(r#""un""#), Ok("1"), Ok(r#""deux""#)]);

    let items = all(ChatClient::new(&caller).translate(Ready(vec!["two".to_owned(), "one".to_owned()])));

    assert_eq!(items.len(), 2);
    assert!(matches!(items.as_slice(), [Ok(first), Err(CallError::Rpc(error))]
        if first == "un" && error.code() == Code::Internal && error.message().contains("`translate`")));
    assert_eq!(caller.asked(), ["translate {}", r#"item "one""#, r#"item "two""#]);
}

#[test]
fn options_are_those_of_the_client_they_were_given_to() {
    let caller = Script::new([Ok("1"), Ok("true")]);
    let options = CallOptions::default().timeout(Duration::from_millis(5));
    let plain = ChatClient::new(&caller);
    let hurried = plain.with(options);

    now(hurried.pay(1)).unwrap();
    now(hurried.typing("a".to_owned())).unwrap();
    now(plain.typing("a".to_owned())).unwrap();
    now(ChatCallback::new(&caller).with(options).confirm("?".to_owned())).unwrap();
    all(hurried.tail());

    let hurried = Some(Duration::from_millis(5));
    assert_eq!(
        *lock(&caller.timeouts),
        [hurried, hurried, None, hurried, hurried]
    );
}

#[test]
fn a_server_asks_its_client_and_reads_the_answer() {
    let failure = RpcError::new(Code::Unimplemented, "nobody answers");
    let caller = Script::new([Ok("true"), Err(failure)]);
    let user = ChatCallback::new(&caller);

    assert!(now(user.confirm("sure?".to_owned())).unwrap());
    let error = now(user.confirm("sure?".to_owned())).unwrap_err();

    assert!(matches!(error, CallError::Rpc(error) if error.code() == Code::Unimplemented));
    assert_eq!(caller.asked(), [r#"confirm {"question":"sure?"}"#; 2]);
}

#[test]
fn a_client_hands_its_handler_to_the_caller() {
    struct User;
    impl ChatHandler for User {
        async fn confirm(&self, _question: String) -> Result<bool, ChatError> {
            Ok(true)
        }
    }
    let caller = Script::new([]);

    ChatClient::new(&caller).handle(User);

    assert_eq!(caller.asked(), ["handler"]);
}

#[test]
fn a_client_opens_its_channel_with_the_hashes_of_it() {
    let caller = Script::new([]);

    ChatClient::open(&&caller).unwrap();

    assert_eq!(
        caller.asked(),
        [format!("open chat {}", ChatCall::hashes().schema)]
    );
}

/// A caller that gives its answers out in order and is never pending.
struct Script {
    answers: Mutex<Vec<Result<&'static str, RpcError>>>,
    /// What was asked, and what was streamed with it.
    asked: Mutex<Vec<String>>,
    timeouts: Mutex<Vec<Option<Duration>>>,
}

impl Script {
    fn new<const N: usize>(answers: [Result<&'static str, RpcError>; N]) -> Self {
        let answers = answers.into_iter().rev().collect();
        Self {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
            timeouts: Mutex::default(),
        }
    }

    fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }

    /// Takes all items, as far as they go well.
    fn ask(&self, request: CallRequest) -> Result<(), RpcError> {
        let CallRequest {
            method,
            args,
            items,
            options,
            ..
        } = request;
        lock(&self.timeouts).push(options.timeout);
        lock(&self.asked).push(format!("{method} {args}"));
        for item in items.map(all).unwrap_or_default() {
            lock(&self.asked).push(format!("item {}", item?));
        }
        Ok(())
    }
}

impl ServeRpc for &Script {
    fn serve(&self, _: ClientHandler) {
        lock(&self.asked).push("handler".to_owned());
    }
}

impl<'a> OpenRpc for &'a Script {
    type Caller = &'a Script;

    fn open_rpc(&self, contract: impl Into<Contract>) -> Result<Self::Caller, Error> {
        let Contract { channel, hashes } = contract.into();
        let schema = &hashes.expect("generated code has hashes")().schema;
        lock(&self.asked).push(format!("open {channel} {schema}"));
        Ok(self)
    }
}

impl Caller for &Script {
    async fn call(&self, request: CallRequest) -> Result<String, RpcError> {
        self.ask(request)?;
        lock(&self.answers)
            .pop()
            .expect("the script goes on")
            .map(str::to_owned)
    }

    async fn notify(&self, request: CallRequest) -> Result<(), RpcError> {
        self.ask(request)
    }

    fn stream(&self, request: CallRequest) -> impl Stream<Item = Result<String, RpcError>> + Send + 'static {
        self.ask(request).expect("streamed items are written");
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

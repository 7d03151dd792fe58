//! Every kind of method, implemented, served and called; nothing but the crate `glue` is imported.
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, clippy::pedantic)]

use glue::{CallOptions, Context, Incoming, Stream};

/// What a room holds.
#[glue::model]
#[derive(Clone, Debug)]
pub struct Message {
    /// Who wrote it.
    pub user: String,
    /// What was written.
    pub text: String,
}

/// Why something was refused.
#[glue::model]
#[derive(Debug)]
pub enum ChatError {
    /// There is no room for more.
    RoomFull,
}

/// Rooms to talk in.
#[glue::channel(sequential)]
pub trait Chat {
    /// Says something.
    async fn post(&self, room: String, text: String) -> Result<u64, ChatError>;

    /// What was said.
    async fn history(&self, cx: &Context, room: String, limit: Option<u32>) -> Vec<Message>;

    /// Answers nothing much.
    async fn ping(&self);

    /// Somebody is about to say something.
    #[notification]
    async fn typing(&self, cx: &Context, room: String);

    /// What is being said.
    fn watch(&self, room: String) -> impl Stream<Item = Message>;

    /// What is being said, until it fails.
    fn tail(&self, cx: &Context) -> impl Stream<Item = Result<Message, ChatError>>;

    /// Takes a history from elsewhere.
    async fn restore(&self, cx: &Context, room: String, messages: Incoming<Message>) -> Result<u64, ChatError>;

    /// Puts words into another language.
    fn translate(&self, lines: Incoming<String>) -> impl Stream<Item = Result<String, ChatError>>;

    /// Buys room for more.
    #[glue(no_cancel)]
    async fn buy(&self, cx: &Context, seats: u32) -> Result<(), ChatError>;

    /// Somebody came.
    #[event]
    fn joined(room: String, user: String);

    /// Asks the user.
    #[client]
    async fn confirm(question: String, limit: Option<u32>) -> Result<bool, ChatError>;

    #[client]
    async fn blink();
}

#[derive(Debug)]
struct Server {
    message: Message,
}

impl Chat for Server {
    async fn post(&self, room: String, _text: String) -> Result<u64, ChatError> {
        if room.is_empty() { Err(ChatError::RoomFull) } else { Ok(1) }
    }

    async fn history(&self, cx: &Context, _room: String, limit: Option<u32>) -> Vec<Message> {
        let event = ChatEvent::Joined { room: "a".to_owned(), user: "b".to_owned() };
        let _ = cx.emit(&event).await;
        vec![self.message.clone(); limit.unwrap_or(1) as usize]
    }

    async fn ping(&self) {}

    async fn typing(&self, _cx: &Context, _room: String) {}

    fn watch(&self, _room: String) -> impl Stream<Item = Message> {
        Once(Some(&self.message))
    }

    async fn restore(&self, _cx: &Context, _: String, messages: Incoming<Message>) -> Result<u64, ChatError> {
        drop(messages);
        Ok(0)
    }

    fn translate(&self, lines: Incoming<String>) -> impl Stream<Item = Result<String, ChatError>> {
        Translated(lines)
    }

    async fn buy(&self, cx: &Context, seats: u32) -> Result<(), ChatError> {
        let user = ChatCallback::of(cx).with(CallOptions::default());
        if user.blink().await.is_err() {
            return Err(ChatError::RoomFull);
        }
        match user.confirm(format!("{seats} more?"), None).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ChatError::RoomFull),
            Err(glue::CallError::Application(error)) => Err(error),
            Err(_) => Err(ChatError::RoomFull),
        }
    }

    fn tail(&self, _cx: &Context) -> impl Stream<Item = Result<Message, ChatError>> {
        Never
    }
}

/// One who uses a client.
#[derive(Debug)]
struct User;

impl ChatHandler for User {
    async fn confirm(&self, question: String, _limit: Option<u32>) -> Result<bool, ChatError> {
        Ok(question.is_empty())
    }

    async fn blink(&self) {}
}

struct Translated(Incoming<String>);

impl Stream for Translated {
    type Item = Result<String, ChatError>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::pin::Pin::new(&mut self.0).poll_next(cx).map(|line| line.map(Ok))
    }
}

struct Once<'a>(Option<&'a Message>);

impl Stream for Once<'_> {
    type Item = Message;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Message>> {
        std::task::Poll::Ready(self.0.take().cloned())
    }
}

struct Never;

impl Stream for Never {
    type Item = Result<Message, ChatError>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(None)
    }
}

struct NoMessages;

impl Stream for NoMessages {
    type Item = Message;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Message>> {
        std::task::Poll::Ready(None)
    }
}

struct NoLines;

impl Stream for NoLines {
    type Item = String;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<String>> {
        std::task::Poll::Ready(None)
    }
}

/// Calls each method once.
///
/// # Errors
/// Fails if a call does.
pub async fn use_client<C: glue::Caller + glue::ServeRpc + Clone>(caller: C) -> Result<(), glue::CallError<ChatError>> {
    let client = ChatClient::new(caller).with(CallOptions::default());
    client.handle(User);
    let _: Result<u64, glue::CallError<ChatError>> = client.post("a".to_owned(), "b".to_owned()).await;
    let _: Result<Vec<Message>, glue::CallError> = client.history("a".to_owned(), None).await;
    client.typing("a".to_owned()).await?;
    let _ = client.watch("a".to_owned());
    let _ = client.tail();
    let _: Result<u64, glue::CallError<ChatError>> = client.restore("a".to_owned(), NoMessages).await;
    let _ = client.translate(NoLines);
    let _ = client.events();
    Ok(())
}

fn main() {
    let message = Message { user: String::new(), text: String::new() };
    assert_eq!(Server { message }.into_channel().name(), "chat");
    let call = ChatCall::Post { room: "a".to_owned(), text: "b".to_owned() };
    assert_eq!(format!("{call:?}"), r#"Post { room: "a", text: "b" }"#);
    assert_eq!(format!("{:?}", ChatReply::Ping(())), "Ping(())");
}

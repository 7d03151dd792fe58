//! Every kind of method, implemented, served and called; nothing but the crate `glue` is imported.
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, clippy::pedantic)]

use glue::{Context, Stream};

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
#[glue::channel]
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

    /// Somebody came.
    #[event]
    fn joined(room: String, user: String);
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

    fn tail(&self, _cx: &Context) -> impl Stream<Item = Result<Message, ChatError>> {
        Never
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

/// Calls each method once.
///
/// # Errors
/// Fails if a call does.
pub async fn use_client<C: glue::Caller>(caller: C) -> Result<(), glue::CallError<ChatError>> {
    let client = ChatClient::new(caller);
    let _: Result<u64, glue::CallError<ChatError>> = client.post("a".to_owned(), "b".to_owned()).await;
    let _: Result<Vec<Message>, glue::CallError> = client.history("a".to_owned(), None).await;
    client.typing("a".to_owned()).await?;
    let _ = client.watch("a".to_owned());
    let _ = client.tail();
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

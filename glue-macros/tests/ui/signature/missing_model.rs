//! A type that is no model: one error per type, where a signature first names it.

pub struct Message;

pub struct ChatError;

pub struct Filter;

#[glue::channel]
pub trait Chat {
    async fn post(&self, message: Message) -> Result<u64, ChatError>;
    async fn again(&self, message: Message) -> Message;
    async fn find(&self, filter: Option<Filter>) -> Vec<u8>;
}

struct Server;

impl Chat for Server {
    async fn post(&self, _message: Message) -> Result<u64, ChatError> {
        Ok(1)
    }
    async fn again(&self, message: Message) -> Message {
        message
    }
    async fn find(&self, _filter: Option<Filter>) -> Vec<u8> {
        Vec::new()
    }
}

async fn client(chat: ChatClient<glue::RpcChannel>) {
    let _ = chat.again(Message).await;
}

fn main() {
    let _ = Server.into_channel();
    let _ = client;
}

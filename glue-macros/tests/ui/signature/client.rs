use glue::{Context, Incoming, Stream};

#[glue::channel]
pub trait Chat {
    async fn post(&self, text: String) -> u64;

    #[client]
    async fn received(&self, question: String) -> bool;
    #[client]
    async fn with_context(cx: &Context) -> bool;
    #[client]
    fn unawaited() -> bool;
    #[client]
    fn stream() -> impl Stream<Item = u8>;
    #[client]
    async fn awaited_stream() -> impl Stream<Item = u8>;
    #[client]
    async fn items(chunks: Incoming<u8>) -> bool;
    #[client]
    async fn body() -> bool {
        true
    }
    #[client]
    async fn borrowed(text: &str) -> &'static str;
    #[client]
    #[event]
    fn told();
    #[client]
    #[notification]
    async fn notified(&self);
    #[client]
    #[glue(no_cancel)]
    async fn endless();
}

struct Server;

impl Chat for Server {
    async fn post(&self, _text: String) -> u64 {
        1
    }
    async fn notified(&self) {}
}

fn main() {
    let _ = Server.into_channel();
}

use glue::{Incoming, Stream};

#[glue::channel]
pub trait Chat {
    #[glue(blocking)]
    fn render(&self, page: String) -> Vec<String>;

    #[glue(blocking)]
    async fn awaits(&self);
    #[glue(blocking)]
    fn upload(&self, chunks: Incoming<u8>);
    #[glue(blocking)]
    fn watch(&self) -> impl Stream<Item = u8>;
    #[glue(blocking, no_cancel)]
    fn pay(&self, cents: u32);
    #[glue(blocking)]
    fn page(&self) -> &str;
    #[glue(blocking)]
    #[event]
    fn told();
    #[glue(blocking)]
    #[client]
    async fn confirm() -> bool;
}

fn main() {}

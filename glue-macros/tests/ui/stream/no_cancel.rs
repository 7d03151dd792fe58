use glue::{Incoming, Stream};

#[glue::channel]
pub trait Chat {
    #[glue(no_cancel)]
    async fn pay(&self, cents: u32);

    #[glue(no_cancel)]
    async fn upload(&self, chunks: Incoming<u8>);
    #[glue(no_cancel)]
    fn watch(&self) -> impl Stream<Item = u8>;
    #[glue(no_cancel)]
    #[notification]
    async fn typing(&self);
    #[glue(no_cancel)]
    #[event]
    fn told();
}

fn main() {}

use glue::{Incoming, Stream};

#[glue::channel]
pub trait Chat {
    async fn first(&self, chunks: Incoming<u8>, name: String);
    async fn two(&self, chunks: Incoming<u8>, lines: Incoming<String>);
    async fn nameless(&self, chunks: Incoming);
    async fn borrowed(&self, lines: Incoming<&'static str>);
    async fn by_reference(&self, chunks: &Incoming<u8>);
    async fn nested(&self, files: Vec<Incoming<u8>>);
    async fn twofold(&self, files: Incoming<Incoming<u8>>);
    async fn returned(&self) -> Incoming<u8>;
    async fn written(&self, chunks: impl Stream<Item = Vec<u8>>);

    #[notification]
    async fn notified(&self, chunks: Incoming<u8>);

    #[event]
    fn told(chunks: Incoming<u8>);
}

fn main() {}

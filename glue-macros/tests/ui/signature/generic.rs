#[glue::channel]
pub trait Chat {
    async fn parameter<M: Send>(&self, message: M);
    async fn lifetime<'a>(&'a self);
    async fn argument(&self, message: impl Send);
    async fn object(&self, message: Box<dyn Send>);
    async fn this(&self, other: Self)
    where
        Self: Sized;
    async fn associated(&self, message: <Vec<u8> as IntoIterator>::Item);
    async fn value(&self) -> impl Send;
    async fn function(&self, f: fn(u8) -> u8, p: *const u8);
    async fn upward(&self, items: impl glue::Stream<Item = u8>);
}

fn main() {}

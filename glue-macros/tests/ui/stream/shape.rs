use glue::Stream;

#[glue::channel]
pub trait Chat {
    async fn awaited(&self) -> impl Stream<Item = u8>;
    fn nameless(&self) -> impl Stream;
    async fn inside(&self) -> Result<impl Stream<Item = u8>, String>;
    fn borrowed(&self) -> impl Stream<Item = &'static str>;
    fn generic(&self) -> impl Stream<Item = impl Send>;
    fn boxed(&self) -> std::pin::Pin<Box<dyn Stream<Item = u8> + Send>>;
    fn iterated(&self) -> impl Iterator<Item = u8>;

    #[notification]
    fn notified(&self) -> impl Stream<Item = u8>;
}

fn main() {}

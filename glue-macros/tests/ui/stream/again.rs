use glue::{Incoming, Stream, Tracked};

#[glue::channel]
pub trait Chat {
    #[glue(idempotent)]
    async fn set(&self, topic: String);
    #[glue(resume_from = after)]
    fn watch(&self, room: String, after: Option<u32>) -> impl Stream<Item = Tracked<u32, String>>;

    #[glue(idempotent)]
    async fn upload(&self, chunks: Incoming<u8>);
    #[glue(idempotent)]
    fn count(&self) -> impl Stream<Item = u8>;
    #[glue(idempotent)]
    #[notification]
    async fn typing(&self);
    #[glue(idempotent)]
    #[client]
    async fn confirm() -> bool;
    #[glue(idempotent)]
    #[event]
    fn told();

    #[glue(resume_from = after)]
    async fn call(&self, after: Option<u32>) -> Tracked<u32, String>;
    #[glue(resume_from = after)]
    fn both(&self, after: Option<u32>, up: Incoming<u8>) -> impl Stream<Item = Tracked<u32, String>>;
    #[glue(resume_from = after)]
    fn missing(&self, since: Option<u32>) -> impl Stream<Item = Result<Tracked<u32, String>, String>>;
    #[glue(resume_from = after)]
    fn required(&self, after: u32) -> impl Stream<Item = Tracked<u32, String>>;
    #[glue(resume_from = "after")]
    fn quoted(&self, after: Option<u32>) -> impl Stream<Item = Tracked<u32, String>>;
    #[glue(resume_from)]
    fn bare(&self, after: Option<u32>) -> impl Stream<Item = Tracked<u32, String>>;
}

fn main() {}

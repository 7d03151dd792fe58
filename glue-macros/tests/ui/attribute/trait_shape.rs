#[glue::channel]
pub trait Generic<T> {
    async fn ping(&self);
}

#[glue::channel]
pub trait Where
where
    Self: Clone,
{
    async fn ping(&self);
}

#[glue::channel]
pub trait Super: Send + Clone + 'static {
    async fn ping(&self);
}

#[glue::channel]
pub unsafe trait Unsafe {
    async fn ping(&self);
}

#[glue::channel]
pub trait Empty {}

#[glue::channel]
pub trait Items {
    const LIMIT: usize;
    type Message;
    async fn ping(&self);
}

#[derive(Clone)]
struct Server;

impl Generic<u8> for Server {
    async fn ping(&self) {}
}

impl Super for Server {
    async fn ping(&self) {}
}

fn main() {}

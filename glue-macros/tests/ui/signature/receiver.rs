use std::sync::Arc;

#[glue::channel]
pub trait Chat {
    async fn missing(room: String);
    async fn exclusive(&mut self);
    async fn consumed(self);
    async fn shared(self: Arc<Self>);
}

struct Server;

impl Chat for Server {
    async fn missing(_room: String) {}
    async fn exclusive(&mut self) {}
    async fn consumed(self) {}
    async fn shared(self: Arc<Self>) {}
}

fn main() {}

#[glue::channel]
pub trait Chat {
    fn post(&self, room: String) -> u64;

    fn later(&self) -> impl Future<Output = u64>;

    #[notification]
    fn typing(&self, room: String);

    #[notification]
    async fn seen(&self, room: String) -> bool;

    #[event]
    async fn joined(room: String);

    #[event]
    fn left(&self, room: String);

    #[event]
    fn closed(room: String) -> bool;
}

struct Server;

impl Chat for Server {
    fn post(&self, _room: String) -> u64 {
        1
    }

    async fn later(&self) -> u64 {
        1
    }

    fn typing(&self, _room: String) {}

    async fn seen(&self, _room: String) -> bool {
        true
    }
}

fn main() {
    let _ = Server.into_channel();
}

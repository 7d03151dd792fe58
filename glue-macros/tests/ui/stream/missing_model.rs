use glue::Stream;

pub struct Message;

#[glue::channel]
pub trait Chat {
    fn watch(&self) -> impl Stream<Item = Message>;
}

fn main() {}

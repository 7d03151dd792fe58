#[glue::channel]
pub trait Chat {
    unsafe fn dangerous(&self);
    async unsafe fn both(&self);
    async extern "C" fn foreign(&self);

    async fn default(&self, room: String) -> usize {
        room.len()
    }

    #[event]
    fn joined(room: String) {}
}

struct Server;

impl Chat for Server {
    unsafe fn dangerous(&self) {}
    async unsafe fn both(&self) {}
    async extern "C" fn foreign(&self) {}
}

fn main() {}

//! An item that is no model: one error, where the method names it.

pub struct Chunk;

#[glue::channel]
pub trait Files {
    async fn upload(&self, chunks: glue::Incoming<Chunk>);
}

fn main() {}

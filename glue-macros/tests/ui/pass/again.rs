//! What goes on in the next session.

use glue::{Exact, Stream, Tracked};

type Line = Tracked<Exact<u64>, String>;

#[glue::channel]
pub trait Chat {
    #[glue(idempotent, no_cancel)]
    async fn set(&self, topic: String) -> Result<u32, String>;
    #[glue(resume_from = after)]
    fn lines(&self, room: String, after: Option<Exact<u64>>) -> impl Stream<Item = Line>;
    #[glue(resume_from = r#type)]
    fn failing(&self, r#type: Option<(u32, String)>) -> impl Stream<Item = Result<Tracked<(u32, String), u8>, u8>>;
    #[glue(resume_from = at)]
    fn plain(&self, at: Option<String>) -> impl Stream<Item = glue::Tracked<String, ()>>;
}

#[glue::channel]
pub trait Only {
    #[cfg(not(any()))]
    #[glue(resume_from = after)]
    fn all(&self, after: Option<u32>) -> impl Stream<Item = Tracked<u32, u8>>;
    #[cfg(any())]
    #[glue(resume_from = after)]
    fn none(&self, after: Option<u32>) -> impl Stream<Item = Tracked<u32, Missing>>;
}

fn main() {}

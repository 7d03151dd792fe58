use glue::{Stream, Tracked};

#[glue::channel]
pub trait Chat {
    #[glue(resume_from = after)]
    fn untracked(&self, after: Option<u32>) -> impl Stream<Item = String>;
    #[glue(resume_from = after)]
    fn failing(&self, after: Option<u32>) -> impl Stream<Item = Result<String, u8>>;
    #[glue(resume_from = after)]
    fn other(&self, after: Option<u64>) -> impl Stream<Item = Tracked<u32, String>>;
}

fn main() {}

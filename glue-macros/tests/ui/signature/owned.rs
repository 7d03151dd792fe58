use std::borrow::Cow;

pub struct View<'a>(&'a str);

#[glue::channel]
pub trait Chat {
    async fn text(&self, text: &str);
    async fn list(&self, list: &[u32]);
    async fn exclusive(&self, list: &mut Vec<u32>);
    async fn cow(&self, text: Cow<'_, str>);
    async fn nested(&self, texts: Vec<(u32, Option<&str>)>);
    async fn lifetime(&self, view: View<'_>);
    async fn value(&self) -> &'static str;
    async fn half(&self) -> Result<Vec<u8>, &'static str>;

    #[event]
    fn joined(room: &str);
}

fn main() {}

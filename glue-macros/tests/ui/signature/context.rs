use glue::Context;

#[glue::channel]
pub trait Chat {
    async fn late(&self, room: String, cx: &Context);
    async fn owned(&self, cx: Context);
    async fn exclusive(&self, cx: &mut Context);
    async fn twice(&self, cx: &Context, other: &glue::Context);

    #[event]
    fn joined(cx: &Context, room: String);
}

fn main() {}

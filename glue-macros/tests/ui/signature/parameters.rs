#[glue::channel]
pub trait Chat {
    async fn tuple(&self, (a, b): (u8, u8));
    async fn changed(&self, mut room: String);
    async fn nameless(&self, _: String);
    async fn attributed(&self, #[allow(unused)] room: String);
    async fn exact(&self, #[glue(exact)] id: u64);
    async fn one_name(&self, room_id: u8, roomId: u8);
    async fn prototype(&self, __proto__: u8);
    async fn umlaut(&self, größe: u8);
}

fn main() {}

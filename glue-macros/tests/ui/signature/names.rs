#[glue::channel]
pub trait Chat {
    async fn then(&self);
    async fn constructor(&self);
    async fn on(&self);
    async fn to_string(&self);
    async fn into_channel(&self);
    async fn new(&self);
    async fn events(&self);
    async fn with(&self);
    async fn handle(&self);
    async fn __proto__(&self);
    async fn grüße(&self);
    async fn send_all(&self);
    async fn sendAll(&self);
    async fn post(&self);
    async fn post(&self);

    #[client]
    async fn new();
    #[client]
    async fn of();
    #[client]
    async fn with();
    #[client]
    async fn handle();
    #[client]
    async fn ask();
    #[client]
    async fn ask();

    #[event]
    fn on(room: String);
    #[event]
    fn joined(room: String);
    #[event]
    fn joined(room: String);
}

fn main() {}

#[glue::channel]
#[glue::channel]
pub trait Chat {
    #[event]
    #[event]
    fn joined(room: String);

    #[event]
    #[notification]
    fn left(room: String);

    #[event(room)]
    fn closed();

    #[notification = "typing"]
    async fn typing(&self);
}

#[glue::model]
#[glue::model]
pub struct Message;

fn main() {}

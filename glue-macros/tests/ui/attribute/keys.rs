#[glue::channel(nmae = "chat")]
pub trait Unknown {
    async fn ping(&self);
}

#[glue::channel(name = "a", crate = ::glue, name = "b")]
pub trait Twice {
    async fn ping(&self);
}

#[glue::channel(name)]
pub trait NoValue {
    async fn ping(&self);
}

#[glue::channel(name = chat)]
pub trait WrongValue {
    async fn ping(&self);
}

#[glue::channel(crate = "::glue")]
pub trait Quoted {
    async fn ping(&self);
}

#[glue::channel("chat")]
pub trait NoKey {
    async fn ping(&self);
}

#[glue::model(name = "message")]
pub struct Message;

fn main() {}

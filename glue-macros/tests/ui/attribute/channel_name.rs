#[glue::channel(name = "m")]
pub trait Main {
    async fn ping(&self);
}

#[glue::channel]
pub trait M {
    async fn ping(&self);
}

#[glue::channel(name = "9lives")]
pub trait Digit {
    async fn ping(&self);
}

#[glue::channel(name = "")]
pub trait Empty {
    async fn ping(&self);
}

#[glue::channel(name = "chat room")]
pub trait Space {
    async fn ping(&self);
}

#[glue::channel]
pub trait Übung {
    async fn ping(&self);
}

#[glue::channel(name = "a23456789_123456789_123456789_123456789_123456789_123456789_12345")]
pub trait Long {
    async fn ping(&self);
}

fn main() {}

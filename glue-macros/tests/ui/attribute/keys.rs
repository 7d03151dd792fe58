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

#[glue::channel(sequential = true)]
pub trait Flagged {
    async fn ping(&self);
}

#[glue::channel]
pub trait Methods {
    #[glue(nocancel)]
    async fn unknown(&self);
    #[glue(exact)]
    async fn exact(&self) -> u64;
    #[glue]
    async fn nothing(&self);
    #[glue(no_cancel = true)]
    async fn valued(&self);
    #[glue(no_cancel)]
    #[glue(no_cancel)]
    async fn twice(&self);
    #[client(later)]
    async fn arguments();
    #[client]
    #[client]
    async fn client_twice();
}

#[glue::model(name = "message")]
pub struct Message;

fn main() {}

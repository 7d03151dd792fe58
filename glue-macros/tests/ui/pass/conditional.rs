//! `#[cfg]` on methods and on the trait, with types that exist under the same condition only.
#![deny(warnings)]
#![allow(missing_docs, unexpected_cfgs)]

#[cfg(never)]
#[glue::model]
pub struct Hidden;

#[glue::channel]
pub trait Partly {
    #[cfg(never)]
    async fn hidden(&self, hidden: Hidden) -> Hidden;
    #[cfg(never)]
    fn hidden_stream(&self) -> impl glue::Stream<Item = Hidden>;
    #[cfg(never)]
    #[event]
    fn hidden_event(hidden: Hidden);
    #[cfg(never)]
    async fn hidden_items(&self, items: glue::Incoming<Hidden>);
    #[cfg(never)]
    #[client]
    async fn hidden_question(hidden: Hidden) -> Hidden;
    #[cfg(never)]
    #[glue(no_cancel)]
    async fn hidden_end(&self, hidden: Hidden);

    #[cfg(never)]
    async fn either(&self, a: u8);
    #[cfg(not(never))]
    async fn either(&self, b: u16) -> u16;
}

#[glue::channel]
#[cfg(never)]
pub trait Never {
    async fn hidden(&self, hidden: Hidden);
}

struct Server;

impl Partly for Server {
    async fn either(&self, b: u16) -> u16 {
        b
    }
}

fn main() {
    let _ = Server.into_channel();
    let _ = PartlyCall::Either { b: 1 };
}

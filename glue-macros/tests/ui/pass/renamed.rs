//! The crate under another path.
#![deny(warnings)]
#![allow(missing_docs)]

pub mod deps {
    pub use glue as rt;
}

mod glue {}

#[deps::rt::model(crate = crate::deps::rt)]
pub struct Message {
    pub text: String,
}

#[deps::rt::channel(crate = crate::deps::rt)]
pub trait Chat {
    async fn post(&self, message: Message);
}

fn main() {}

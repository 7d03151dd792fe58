//! Names that our code might use as well.
#![deny(warnings)]
#![allow(missing_docs, non_camel_case_types, non_upper_case_globals, dead_code)]

mod core {}
mod std {}
mod alloc {}
mod serde {}

struct str;
struct Future;
struct Option;
struct Vec;
struct Infallible;
struct __C;
struct __T;
const room: u8 = 1;

/// Method lookup sees the traits in scope.
pub trait Blanket {
    fn show(&self) -> u8 {
        1
    }
}

impl<T: ?Sized> Blanket for T {}

mod user {
    #[glue::model]
    pub struct Result2 {
        pub value: u8,
    }

    /// Type parameters of ours are not named like types of the user's.
    #[glue::model]
    pub struct C;

    #[glue::model]
    pub struct T;
}
use user::{C, Result2, T};

#[glue::channel]
pub trait Names {
    async fn call(&self, args: u8, out: u8, method: u8, cx: u8, caller: u8, items: u8, value: u8, name: u8) -> u8;
    async fn decode(&self, r#type: u8, r#fn: String) -> C;
    async fn encode(&self, f: C, t: T) -> Result2;
    async fn dispatch(&self) -> ();
    async fn r#match(&self);
    async fn method(&self);
    async fn kind(&self);
    async fn caller(&self);
    async fn name(&self);
    async fn fmt(&self);
    async fn self_(&self);
    async fn clone(&self);
    async fn _1(&self);
    #[deprecated]
    async fn old(&self);
    fn stream(&self) -> impl glue::Stream<Item = u8>;
    #[notification]
    async fn notify(&self);
    async fn incoming(&self, args: u8, items: glue::Incoming<C>) -> u8;
    #[glue(no_cancel)]
    async fn to_the_end(&self) -> u8;
    #[client]
    async fn call(args: u8, out: u8, caller: u8, handler: u8) -> C;
    #[client]
    #[deprecated]
    async fn handle();
    #[event]
    fn call(args: u8, out: u8, r#type: u8);
    #[event]
    fn events();
}

fn main() {
    let call = NamesCall::Decode { r#type: 1, r#fn: "a".to_owned() };
    assert_eq!(format!("{call:?}"), r#"Decode { type: 1, fn: "a" }"#);
    assert_eq!(format!("{:?}", NamesReply::Decode(C)), "Decode(..)");
    assert_eq!(format!("{:?}", NamesEvent::Events {}), "Events");
}

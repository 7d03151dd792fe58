//! Generic models, aliases of `Result`, types from a `macro_rules!` macro, private traits.
#![deny(warnings, missing_debug_implementations)]
#![allow(missing_docs)]

use std::collections::{BTreeMap, HashMap};

#[glue::model]
#[derive(Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Box<Page<T>>>,
}

/// A model without `Debug`.
#[glue::model]
#[allow(missing_debug_implementations)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Shape {
    Circle { radius: f64 },
    #[serde(skip)]
    Hidden,
}

#[glue::model]
#[serde(transparent)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Id(pub u32);

#[glue::model]
#[derive(Debug)]
pub struct Times {
    #[serde(with = "seconds")]
    #[ts(type = "number")]
    pub lasted: std::time::Duration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(flatten)]
    pub id: Extra,
}

#[glue::model]
#[derive(Debug)]
pub struct Extra {
    pub extra: BTreeMap<String, bool>,
}

mod seconds {
    pub fn serialize<S: Sized>(_: &std::time::Duration, _: S) -> Result<S::Ok, S::Error>
    where
        S: glue::__private::serde::Serializer,
    {
        unreachable!()
    }
    pub fn deserialize<'de, D>(_: D) -> Result<std::time::Duration, D::Error>
    where
        D: glue::__private::serde::Deserializer<'de>,
    {
        unreachable!()
    }
}

pub type Result<T> = std::result::Result<T, Shape>;

macro_rules! channel {
    ($name:ident, $ty:ty) => {
        #[glue::channel]
        trait $name {
            async fn swap(&self, value: $ty) -> $ty;
        }
    };
}

channel!(Swap, Option<Page<u8>>);

mod inner {
    #[glue::channel(name = "inner.channel-1")]
    pub(super) trait Inner {
        async fn ping(&self) -> super::Result<()>;
    }
}

#[glue::channel]
trait Types {
    async fn pages(&self, page: Page<Page<u8>>, map: HashMap<String, Vec<Id>>) -> Result<Page<Shape>>;
    async fn tuples(&self, tuple: (u8, [u16; 3]), times: Times) -> std::result::Result<(), ()>;
    async fn io(&self, shape: Shape);
    fn results(&self) -> impl glue::Stream<Item = Result<Id>> + Send;
}

struct Server;

impl inner::Inner for Server {
    async fn ping(&self) -> Result<()> {
        Err(Shape::Hidden)
    }
}

fn main() {
    use inner::Inner as _;
    assert_eq!(Server.into_channel().name(), "inner.channel-1");
    assert_eq!(format!("{:?}", TypesCall::Io { shape: Shape::Hidden }), "Io { shape: .. }");
}

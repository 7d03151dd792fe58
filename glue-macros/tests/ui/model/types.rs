use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::marker::PhantomData;
use std::time::{Duration, Instant, SystemTime};

#[glue::model]
pub struct Std {
    lasted: Duration,
    began: Instant,
    at: Option<SystemTime>,
    queue: Vec<VecDeque<u8>>,
    mark: PhantomData<u8>,
    text: &'static str,
    bytes: Cow<'static, &'static [u8]>,
    error: Box<dyn std::error::Error>,
}

#[glue::model]
pub struct Nulls {
    twice: Option<Option<u8>>,
    unit: Vec<Option<()>>,
    boxed: Option<Box<Option<u8>>>,
}

#[glue::model]
pub struct Keys {
    pairs: HashMap<(u8, u8), u8>,
    options: BTreeMap<Option<u8>, u8>,
    lists: Vec<BTreeMap<Vec<u8>, u8>>,
    floats: HashMap<f64, u8>,
    flags: HashMap<bool, u8>,
    exact: HashMap<glue::Exact<u64>, u8>,
    numbers: HashMap<u64, u8>,
}

#[glue::model]
#[serde(tag = "kind")]
pub enum Buffered {
    Wide { wide: Vec<u128> },
    Keys { keys: Vec<HashMap<u32, u8>>, flags: Vec<HashMap<bool, u8>>, own: HashMap<u32, u8> },
    Text(String),
    List(Vec<u8>),
    Pair((u8, u8)),
    Map(BTreeMap<String, u8>),
    Exact(#[glue(exact)] u64),
    Flat {
        #[serde(flatten)]
        map: HashMap<String, u8>,
    },
}

fn main() {}

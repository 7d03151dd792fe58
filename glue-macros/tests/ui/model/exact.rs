use std::collections::HashMap;

#[glue::model]
#[glue(exact)]
pub struct Misplaced {
    #[glue(exact = true)]
    value: u64,
    #[glue]
    bare: u64,
    #[glue()]
    empty: u64,
    #[glue(exactly)]
    unknown: u64,
    #[glue(exact)]
    #[glue(exact)]
    twice: u64,
}

#[glue::model]
pub struct Disputed {
    #[glue(exact)]
    #[serde(with = "hex")]
    with: Vec<u8>,
    #[glue(exact)]
    #[serde(flatten)]
    flattened: HashMap<String, u8>,
    #[glue(exact)]
    #[ts(type = "string")]
    stated: u64,
    #[glue(exact)]
    already: glue::Exact<u64>,
    #[cfg_attr(unix, glue(exact))]
    conditional: u64,
}

#[glue::model]
pub struct Plain {
    #[glue(exact)]
    text: String,
    #[glue(exact)]
    numbers: Option<Vec<u32>>,
}

#[glue::model]
pub struct Generic<K, V> {
    #[glue(exact)]
    map: HashMap<K, V>,
}

#[glue::model]
pub enum Variants {
    #[glue(exact)]
    Whole(u64),
}

fn main() {}

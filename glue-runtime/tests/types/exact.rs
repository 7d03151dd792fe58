//! `Exact` and `#[glue(exact)]` in every place where a type can stand.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use glue::Exact;
use serde_json::json;

use crate::mirror::{mirrors, sends};

#[glue::model]
#[derive(Debug, Clone, PartialEq)]
struct Fields {
    #[glue(exact)]
    id: u64,
    #[glue(exact)]
    parent: Option<i128>,
    #[glue(exact)]
    all: Vec<u64>,
    #[glue(exact)]
    parts: Vec<Option<Vec<u8>>>,
    #[glue(exact)]
    hash: [u8; 2],
    #[glue(exact)]
    names: BTreeMap<u64, String>,
    #[glue(exact)]
    pairs: HashMap<(u8, u8), Option<Exact<u64>>>,
    #[glue(exact)]
    tags: BTreeSet<Exact<u64>>,
    #[glue(exact)]
    #[serde(rename = "at")]
    since: std::time::SystemTime,
    #[glue(exact)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<std::time::SystemTime>,
    #[glue(exact)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    bytes: Option<Vec<u8>>,
    #[glue(exact)]
    #[serde(default)]
    count: usize,
    plain: u64,
}

fn fields() -> Fields {
    Fields {
        id: u64::MAX,
        parent: None,
        all: vec![1, u64::MAX],
        parts: vec![None, Some(vec![1, 2])],
        hash: [1, 2],
        names: BTreeMap::from([(u64::from(u32::MAX), "a".into())]),
        pairs: HashMap::from([((1, 2), Some(Exact(3)))]),
        tags: BTreeSet::from([Exact(7)]),
        since: std::time::UNIX_EPOCH,
        until: None,
        bytes: None,
        count: 1,
        plain: 1,
    }
}

#[test]
fn fields_travel_exactly() {
    let mirror = sends([fields()]);

    assert_eq!(
        mirror.declaration("Fields"),
        "type Fields = { id: bigint, parent: bigint | null, all: Array<bigint>, parts: Array<Uint8Array | null>, hash: Uint8Array, \
         names: Map<number, string>, pairs: Map<[number, number], bigint | null>, tags: Set<bigint>, at: Date, \
         until?: Date | null, bytes?: Uint8Array, count: bigint, plain: number, };"
    );
    let json = serde_json::to_value(fields()).unwrap();
    assert_eq!(
        json,
        json!({
            "id": "18446744073709551615",
            "parent": null,
            "all": ["1", "18446744073709551615"],
            "parts": [null, "AQI="],
            "hash": "AQI=",
            "names": [[4_294_967_295_u32, "a"]],
            "pairs": [[[1, 2], "3"]],
            "tags": ["7"],
            "at": "1970-01-01T00:00:00Z",
            "count": "1",
            "plain": 1,
        })
    );
    assert_eq!(serde_json::from_value::<Fields>(json).unwrap(), fields());
}

#[test]
fn an_exact_option_may_be_left_out_as_any_other() {
    let mut json = serde_json::to_value(fields()).unwrap();
    let object = json.as_object_mut().unwrap();
    object.remove("parent");
    object.remove("count");

    let read: Fields = serde_json::from_value(json.clone()).unwrap();
    json.as_object_mut().unwrap().remove("id");
    let refused = serde_json::from_value::<Fields>(json).unwrap_err();

    assert_eq!((read.parent, read.count), (None, 0));
    assert_eq!(refused.to_string(), "missing field `id`");
}

#[glue::model]
#[derive(Debug)]
struct Newtype(#[glue(exact)] u64);

#[glue::model]
#[derive(Debug)]
struct Pair(#[glue(exact)] u64, #[glue(exact)] Option<u64>);

#[glue::model]
#[derive(Debug)]
struct Page<T> {
    items: Vec<T>,
    next: Exact<BTreeMap<u8, T>>,
}

#[glue::model]
#[serde(default)]
#[derive(Debug, Default)]
struct Defaults {
    #[glue(exact)]
    id: u64,
    #[glue(exact)]
    next: Option<u64>,
}

macro_rules! enums {
    ($($name:ident $(#[$attr:meta])*;)*) => { $(
        #[glue::model]
        $(#[$attr])*
        #[derive(Debug)]
        enum $name {
            Named {
                #[glue(exact)]
                id: u64,
                #[glue(exact)]
                bytes: Option<Vec<u8>>,
                #[glue(exact)]
                map: BTreeMap<u32, Exact<u128>>,
                other: Exact<i128>,
            },
            Inner(Box<Pairs>),
        }

        impl $name {
            fn all() -> Vec<Self> {
                let named = Self::Named { id: 1, bytes: None, map: BTreeMap::from([(1, Exact(2))]), other: Exact(-1) };
                vec![named, Self::Inner(Box::new(Pairs { pair: Pair(1, None) }))]
            }
        }
    )* };
}

#[glue::model]
#[derive(Debug)]
struct Pairs {
    pair: Pair,
}

enums! {
    External;
    Internal #[serde(tag = "kind")];
    Adjacent #[serde(tag = "kind", content = "value")];
    Untagged #[serde(untagged)];
}

#[glue::model]
#[derive(Debug)]
struct Flat {
    #[serde(flatten)]
    kind: Internal,
    #[glue(exact)]
    own: u64,
}

#[test]
fn exact_values_are_read_and_written_in_every_place() {
    mirrors([Exact(1_u64)]);
    mirrors([Some(Exact(1_u64)), None]);
    mirrors([Newtype(1)]);
    mirrors([Pair(1, None), Pair(1, Some(2))]);
    mirrors([Page {
        items: vec![Exact(1_u64)],
        next: Exact(BTreeMap::from([(1, Exact(2))])),
    }]);
    mirrors([Defaults::default()]);
    mirrors(External::all());
    mirrors(Internal::all());
    mirrors(Adjacent::all());
    mirrors(Untagged::all());
    mirrors(Internal::all().into_iter().map(|kind| Flat { kind, own: 1 }));
    mirrors([(
        Exact(vec![1_u8]),
        Ok::<_, Exact<u64>>(Exact(BTreeSet::from([1_u8]))),
    )]);
}

//! Types of other crates, each under its feature.

use crate::mirror::sends;

#[test]
fn types_of_std() {
    use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
    use std::net::{IpAddr, SocketAddr};
    use std::num::{NonZeroI64, NonZeroU8};
    use std::ops::{Range, RangeInclusive};
    use std::path::PathBuf;

    assert_eq!(sends([u64::MAX]).text(), "number");
    assert_eq!(sends([f32::MAX, 0.1]).text(), "number");
    assert_eq!(sends(['x', '"']).text(), "string");
    assert_eq!(sends([NonZeroU8::MIN]).text(), "number");
    assert_eq!(sends([NonZeroI64::MIN]).text(), "number");
    assert_eq!(sends([()]).text(), "null");
    assert_eq!(sends([Some(1), None]).text(), "number | null");
    assert_eq!(
        sends([Ok::<u8, String>(1), Err("no".to_owned())]).text(),
        "{ Ok : number } | { Err : string }"
    );
    assert_eq!(sends([[1_u8; 3]]).text(), "[number, number, number]");
    assert_eq!(
        sends([(1_u8, "a".to_owned(), [(); 0])]).text(),
        "[number, string, []]"
    );
    assert_eq!(sends([vec![Some(1)], vec![]]).text(), "Array<number | null>");
    assert_eq!(sends([Box::<str>::from("a")]).text(), "string");
    assert_eq!(sends([Box::<[u8]>::from([1, 2])]).text(), "Array<number>");
    assert_eq!(
        sends([BTreeMap::from([("a".to_owned(), 1)])]).text(),
        "{ [key in string]: number }"
    );
    assert_eq!(
        sends([HashMap::from([(1_u64, 'a')])]).text(),
        "{ [key in number]: string }"
    );
    sends([BTreeMap::from([(true, 1)])]);
    sends([BTreeMap::from([('a', 1)])]);
    assert_eq!(sends([BTreeSet::from([1])]).text(), "Array<number>");
    assert_eq!(sends([HashSet::from([1])]).text(), "Array<number>");
    sends([IpAddr::from([127, 0, 0, 1])]);
    sends([SocketAddr::from(([127, 0, 0, 1], 80))]);
    sends([PathBuf::from("/tmp")]);
    sends([Range { start: 1, end: 2 }]);
    sends([RangeInclusive::new(1, 2)]);
    sends([std::cell::RefCell::new(1)]);
    sends([std::sync::Mutex::new(1)]);
}

#[cfg(feature = "rc")]
#[test]
fn shared_values() {
    use std::rc::Rc;
    use std::sync::Arc;

    assert_eq!(sends([Arc::<str>::from("a")]).text(), "string");
    assert_eq!(sends([Arc::new(vec![1])]).text(), "Array<number>");
    assert_eq!(sends([Rc::new(Some(1))]).text(), "number | null");
}

#[cfg(feature = "arrayvec")]
#[test]
fn types_of_arrayvec() {
    use arrayvec::{ArrayString, ArrayVec};

    assert_eq!(
        sends([ArrayVec::<u8, 4>::from_iter([1, 2])]).text(),
        "Array<number>"
    );
    assert_eq!(sends([ArrayString::<4>::from("ab").unwrap()]).text(), "string");
}

#[cfg(feature = "bigdecimal")]
#[test]
fn types_of_bigdecimal() {
    use bigdecimal::BigDecimal;

    let numbers = ["0", "-1.50", "123456789012345678901234567890.5", "1e-30"];
    let numbers = numbers.map(|text| text.parse::<BigDecimal>().unwrap());
    assert_eq!(sends(numbers).text(), "string");
}

#[cfg(feature = "bytes")]
#[test]
fn types_of_bytes() {
    assert_eq!(
        sends([bytes::Bytes::from_static(&[1, 2])]).text(),
        "Array<number>"
    );
    assert_eq!(
        sends([bytes::BytesMut::from(&[1, 2][..])]).text(),
        "Array<number>"
    );
}

#[cfg(feature = "chrono")]
#[test]
fn types_of_chrono() {
    use chrono::{DateTime, Duration, Month, NaiveDate, Utc, Weekday};

    let time = DateTime::<Utc>::from_timestamp(1_700_000_000, 1).unwrap();
    let date = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    assert_eq!(sends([time]).text(), "string");
    assert_eq!(sends([time.fixed_offset()]).text(), "string");
    assert_eq!(sends([date]).text(), "string");
    assert_eq!(sends([date.and_hms_opt(1, 2, 3).unwrap()]).text(), "string");
    assert_eq!(sends([time.time()]).text(), "string");
    assert_eq!(sends([Month::May]).text(), "string");
    assert_eq!(sends([Weekday::Mon]).text(), "string");
    assert_eq!(sends([Duration::milliseconds(-1)]).text(), "[number, number]");
}

#[cfg(feature = "heapless")]
#[test]
fn types_of_heapless() {
    let values = heapless::Vec::<u8, 4>::from_slice(&[1, 2]).unwrap();
    assert_eq!(sends([values]).text(), "Array<number>");
}

#[cfg(feature = "indexmap")]
#[test]
fn types_of_indexmap() {
    use indexmap::{IndexMap, IndexSet};

    assert_eq!(
        sends([IndexMap::<_, _>::from_iter([("b".to_owned(), 1)])]).text(),
        "{ [key in string]: number }"
    );
    assert_eq!(sends([IndexSet::<_>::from_iter([2, 1])]).text(), "Array<number>");
}

#[cfg(feature = "jiff")]
#[test]
fn types_of_jiff() {
    use jiff::civil::{date, time};
    use jiff::{Span, Timestamp};

    use crate::mirror::Mirror;

    assert_eq!(sends([Timestamp::UNIX_EPOCH]).text(), "string");
    assert_eq!(
        sends([Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC)]).text(),
        "string"
    );
    assert_eq!(sends([date(2026, 11, 22)]).text(), "string");
    assert_eq!(sends([date(2026, 11, 22).at(1, 2, 3, 4)]).text(), "string");
    assert_eq!(sends([time(1, 2, 3, 4)]).text(), "string");
    assert_eq!(Mirror::of::<Span>().text(), "string");
    assert!(serde_json::to_value(Span::new().hours(5)).unwrap().is_string());
}

#[cfg(feature = "ordered-float")]
#[test]
fn types_of_ordered_float() {
    use ordered_float::OrderedFloat;

    assert_eq!(sends([OrderedFloat(1.5_f64)]).text(), "number");
    assert_eq!(sends([OrderedFloat(1.5_f32)]).text(), "number");
}

#[cfg(feature = "semver")]
#[test]
fn types_of_semver() {
    assert_eq!(sends([semver::Version::new(1, 2, 3)]).text(), "string");
}

#[cfg(feature = "serde_json")]
#[test]
fn types_of_serde_json() {
    use serde_json::{Map, Number, Value, json};

    let value = json!({ "a": [1, 2.5, "text", null, true, {}] });
    assert_eq!(sends([value.clone(), json!(null)]).text(), "JsonValue");
    assert_eq!(sends([Number::from(7)]).text(), "number");
    assert_eq!(
        sends([Map::<String, Value>::from_iter([("a".to_owned(), value)])]).text(),
        "{ [key in string]: JsonValue }"
    );
}

#[cfg(feature = "smol_str")]
#[test]
fn types_of_smol_str() {
    assert_eq!(sends([smol_str::SmolStr::new("text")]).text(), "string");
}

#[cfg(feature = "url")]
#[test]
fn types_of_url() {
    assert_eq!(
        sends([url::Url::parse("https://example.com/a?b").unwrap()]).text(),
        "string"
    );
}

#[cfg(feature = "uuid")]
#[test]
fn types_of_uuid() {
    assert_eq!(sends([uuid::Uuid::from_u128(7)]).text(), "string");
}

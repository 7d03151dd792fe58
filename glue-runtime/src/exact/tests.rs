use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Exact;

/// Checks the JSON of a value, and that it reads back as the same.
#[track_caller]
fn travels<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, json: &str) {
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
    assert_eq!(serde_json::from_str::<T>(json).unwrap(), value);
}

#[track_caller]
fn error<T: DeserializeOwned + Debug>(json: &str) -> String {
    let text = serde_json::from_str::<T>(json).unwrap_err().to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[test]
fn integers_are_strings_of_digits() {
    travels(Exact(u64::MAX), r#""18446744073709551615""#);
    travels(Exact(i64::MIN), r#""-9223372036854775808""#);
    travels(Exact(u128::MAX), r#""340282366920938463463374607431768211455""#);
    travels(Exact(i128::MIN), r#""-170141183460469231731687303715884105728""#);
    travels(Exact(0_usize), r#""0""#);
    travels(Exact(-1_isize), r#""-1""#);
}

#[test]
fn an_integer_has_one_form_only() {
    for wrong in [
        "",
        "-",
        "+1",
        "01",
        "-0",
        "-01",
        "1.0",
        "1e3",
        " 1",
        "0x1",
        "18446744073709551616",
    ] {
        let json = serde_json::to_string(wrong).unwrap();
        assert!(serde_json::from_str::<Exact<u64>>(&json).is_err(), "{json}");
        if wrong.len() < 20 {
            assert!(serde_json::from_str::<Exact<i64>>(&json).is_err(), "{json}");
        }
    }
    assert_eq!(
        error::<Exact<u64>>("5"),
        r#"invalid type: integer `5`, expected a u64 as a string of decimal digits, such as "12""#
    );
    assert_eq!(
        error::<Exact<u64>>(r#""-5""#),
        r#"invalid string "-5", expected a u64 as a string of decimal digits, such as "12""#
    );
}

#[test]
fn bytes_are_base64_with_padding() {
    travels(Exact(Vec::<u8>::new()), r#""""#);
    travels(Exact(vec![0_u8]), r#""AA==""#);
    travels(Exact(vec![0xfb_u8, 0xff, 0xfe]), r#""+//+""#);
    travels(Exact([1_u8, 2]), r#""AQI=""#);
}

#[test]
fn bytes_have_one_form_only() {
    for wrong in ["AA", "AA=", "AB==", "-__-", "AA==\\n", " AA==", "A"] {
        assert!(
            serde_json::from_str::<Exact<Vec<u8>>>(&format!("\"{wrong}\"")).is_err(),
            "{wrong}"
        );
    }
    assert_eq!(error::<Exact<[u8; 3]>>(r#""AQI=""#), "2 bytes, expected 3");
    assert_eq!(
        error::<Exact<Vec<u8>>>("[1,2]"),
        "invalid type: sequence, expected bytes as a string of base64 with padding"
    );
}

#[test]
fn maps_are_arrays_of_pairs() {
    travels(
        Exact(BTreeMap::from([((1, 2), 'a'), ((3, 4), 'b')])),
        r#"[[[1,2],"a"],[[3,4],"b"]]"#,
    );
    travels(
        Exact(HashMap::from([(Exact(u64::MAX), 1)])),
        r#"[["18446744073709551615",1]]"#,
    );
    assert_eq!(
        error::<Exact<HashMap<u8, u8>>>("[[1,2],[1,3]]"),
        "element 1: its key is there already"
    );
    assert_eq!(
        error::<Exact<BTreeMap<u8, u8>>>(r#"{"1":2}"#),
        "invalid type: map, expected a map as an array of [key, value]"
    );
}

#[test]
fn sets_are_arrays() {
    travels(Exact(BTreeSet::from([1, 2])), "[1,2]");
    travels(Exact(HashSet::from(["a".to_owned()])), r#"["a"]"#);
    assert_eq!(
        error::<Exact<HashSet<u8>>>("[1,2,1]"),
        "element 2: it is there already"
    );
    assert_eq!(
        error::<Exact<BTreeSet<u8>>>("null"),
        "invalid type: null, expected a set as an array"
    );
}

#[test]
fn options_vectors_and_boxes_of_exact_types_are_exact() {
    travels(Exact(Some(7_u64)), r#""7""#);
    travels(Exact(None::<u64>), "null");
    travels(Exact(vec![Some(vec![1_u8]), None]), r#"["AQ==",null]"#);
    travels(Exact(Box::new(7_i128)), r#""7""#);
}

#[test]
fn an_exact_value_is_a_key_as_well() {
    travels(
        BTreeMap::from([(Exact(u64::MAX), true)]),
        r#"{"18446744073709551615":true}"#,
    );
}

#[cfg(feature = "macros")]
#[test]
fn typescript_has_types_of_its_own() {
    use ts_rs::TS;

    fn text<T: TS>() -> String {
        T::name(&ts_rs::Config::new().with_large_int("number"))
    }

    assert_eq!(text::<Exact<u64>>(), "bigint");
    assert_eq!(text::<Exact<[u8; 4]>>(), "Uint8Array");
    assert_eq!(text::<Exact<Vec<u8>>>(), "Uint8Array");
    assert_eq!(text::<Exact<Vec<u64>>>(), "Array<bigint>");
    assert_eq!(
        text::<Exact<HashMap<u64, Vec<Exact<i64>>>>>(),
        "Map<number, Array<bigint>>"
    );
    assert_eq!(text::<Exact<BTreeSet<Exact<u128>>>>(), "Set<bigint>");
    assert_eq!(text::<Exact<Option<u64>>>(), "bigint | null");
    assert_eq!(text::<Option<Exact<u64>>>(), "bigint | null");
}

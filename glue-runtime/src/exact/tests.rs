use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Exact;

/// Checks the JSON of a value, and that it reads back as the same.
#[track_caller]
fn travels<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), json);
    assert_eq!(serde_json::from_str::<T>(json).unwrap(), *value);
}

#[track_caller]
fn error<T: DeserializeOwned + Debug>(json: &str) -> String {
    let text = serde_json::from_str::<T>(json).unwrap_err().to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[test]
fn integers_are_strings_of_digits() {
    travels(&Exact(u64::MAX), r#""18446744073709551615""#);
    travels(&Exact(i64::MIN), r#""-9223372036854775808""#);
    travels(&Exact(u128::MAX), r#""340282366920938463463374607431768211455""#);
    travels(&Exact(i128::MIN), r#""-170141183460469231731687303715884105728""#);
    travels(&Exact(0_usize), r#""0""#);
    travels(&Exact(-1_isize), r#""-1""#);
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
    travels(&Exact(Vec::<u8>::new()), r#""""#);
    travels(&Exact(vec![0_u8]), r#""AA==""#);
    travels(&Exact(vec![0xfb_u8, 0xff, 0xfe]), r#""+//+""#);
    travels(&Exact([1_u8, 2]), r#""AQI=""#);
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
        &Exact(BTreeMap::from([((1, 2), 'a'), ((3, 4), 'b')])),
        r#"[[[1,2],"a"],[[3,4],"b"]]"#,
    );
    travels(
        &Exact(HashMap::from([(Exact(u64::MAX), 1)])),
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
    travels(&Exact(BTreeSet::from([1, 2])), "[1,2]");
    travels(&Exact(HashSet::from(["a".to_owned()])), r#"["a"]"#);
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
    travels(&Exact(Some(7_u64)), r#""7""#);
    travels(&Exact(None::<u64>), "null");
    travels(&Exact(vec![Some(vec![1_u8]), None]), r#"["AQ==",null]"#);
    travels(&Exact(Box::new(7_i128)), r#""7""#);
}

#[test]
fn an_exact_value_is_a_key_as_well() {
    travels(
        &BTreeMap::from([(Exact(u64::MAX), true)]),
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

#[test]
fn system_times_are_rfc_3339() {
    use std::time::{Duration, UNIX_EPOCH};

    travels(&Exact(UNIX_EPOCH), r#""1970-01-01T00:00:00Z""#);
    travels(
        &Exact(UNIX_EPOCH + Duration::from_millis(1_700_000_000_500)),
        r#""2023-11-14T22:13:20.5Z""#,
    );
    travels(
        &Exact(UNIX_EPOCH - Duration::from_millis(1)),
        r#""1969-12-31T23:59:59.999Z""#,
    );
    assert_eq!(
        error::<Exact<std::time::SystemTime>>("0"),
        r#"invalid type: integer `0`, expected an instant as RFC 3339, such as "1970-01-01T00:00:00Z""#
    );
    let far = Exact(UNIX_EPOCH + Duration::from_secs(253_402_300_800));
    assert_eq!(
        serde_json::to_string(&far).unwrap_err().to_string(),
        "RFC 3339 has the years 0000 to 9999 only"
    );
}

#[cfg(feature = "chrono")]
#[test]
fn instants_of_chrono_are_rfc_3339() {
    use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

    let utc = DateTime::<Utc>::from_timestamp(1_700_000_000, 1_000_000).unwrap();
    travels(&Exact(utc), r#""2023-11-14T22:13:20.001Z""#);
    let there = utc.with_timezone(&FixedOffset::west_opt(12_600).unwrap());
    travels(&Exact(there), r#""2023-11-14T18:43:20.001-03:30""#);
    let with_seconds = utc.with_timezone(&FixedOffset::east_opt(1_172).unwrap());
    let json = serde_json::to_string(&Exact(with_seconds)).unwrap();
    assert_eq!(json, r#""2023-11-14T22:32:20.001+00:19""#);
    assert_eq!(
        serde_json::from_str::<Exact<DateTime<Utc>>>(&json).unwrap().0,
        utc
    );

    let leap = NaiveDate::from_ymd_opt(2016, 12, 31).and_then(|day| day.and_hms_milli_opt(23, 59, 59, 1_500));
    let refused = serde_json::to_string(&Exact(leap.unwrap().and_utc()));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "a JavaScript `Date` has no leap seconds"
    );
    assert!(serde_json::to_string(&Exact(DateTime::<Utc>::MAX_UTC)).is_err());
}

#[cfg(feature = "jiff")]
#[test]
fn timestamps_of_jiff_are_rfc_3339() {
    travels(
        &Exact(jiff::Timestamp::from_nanosecond(-1).unwrap()),
        r#""1969-12-31T23:59:59.999999999Z""#,
    );
    assert!(serde_json::to_string(&Exact(jiff::Timestamp::MIN)).is_err());
    let last = "\"9999-12-31T23:59:59Z\"";
    assert!(
        error::<Exact<jiff::Timestamp>>(last).contains("Unix timestamp"),
        "beyond the last one of jiff"
    );
}

#[cfg(feature = "time")]
#[test]
fn instants_of_time_are_rfc_3339() {
    use time::{OffsetDateTime, UtcOffset};

    let utc = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    travels(&Exact(utc), r#""2023-11-14T22:13:20Z""#);
    let there = utc.to_offset(UtcOffset::from_hms(-3, -30, 0).unwrap());
    travels(&Exact(there), r#""2023-11-14T18:43:20-03:30""#);
}

#[cfg(feature = "rust_decimal")]
#[test]
fn decimals_are_strings() {
    use rust_decimal::Decimal;

    travels(&Exact(Decimal::new(-150, 2)), r#""-1.50""#);
    travels(&Exact(Decimal::MAX), r#""79228162514264337593543950335""#);
    for wrong in [
        "",
        "1e3",
        "+1",
        ".5",
        "5.",
        "1_000",
        "1.2.3",
        "--1",
        "79228162514264337593543950336",
    ] {
        assert!(
            serde_json::from_str::<Exact<Decimal>>(&format!("\"{wrong}\"")).is_err(),
            "{wrong}"
        );
    }
    assert!(serde_json::from_str::<Exact<Decimal>>("1.5").is_err());
}

#[cfg(feature = "indexmap")]
#[test]
fn maps_and_sets_of_indexmap_keep_their_order() {
    use indexmap::{IndexMap, IndexSet};

    travels(
        &Exact(IndexMap::<_, _>::from_iter([(2, 'b'), (1, 'a')])),
        r#"[[2,"b"],[1,"a"]]"#,
    );
    travels(&Exact(IndexSet::<_>::from_iter([2, 1])), "[2,1]");
    assert!(serde_json::from_str::<Exact<IndexSet<u8>>>("[1,1]").is_err());
}

#[cfg(feature = "bytes")]
#[test]
fn shared_bytes_are_base64() {
    travels(&Exact(bytes::Bytes::from_static(&[1, 2])), r#""AQI=""#);
}

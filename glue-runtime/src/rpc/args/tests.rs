use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::rpc::codec::json;

#[derive(Deserialize, serde::Serialize)]
#[cfg_attr(feature = "macros", derive(ts_rs::TS))]
struct Filter {
    tags: Vec<u32>,
}

fn read_post(text: &str) -> Result<(String, Option<u32>), String> {
    let mut room = Slot::new(json::<String>());
    let mut limit = Slot::new(json::<Option<u32>>());
    read("post", text, &mut [("room", &mut room), ("limit", &mut limit)]).map_err(|error| error.message)?;
    Ok((room.take(), limit.take()))
}

fn read_filter(text: &str) -> Result<Vec<u32>, String> {
    let mut filter = Slot::new(json::<Filter>());
    read("find", text, &mut [("filter", &mut filter)]).map_err(|error| error.message)?;
    Ok(filter.take().tags)
}

/// [R-6]
#[test]
fn arguments_come_in_any_order() {
    assert_eq!(
        read_post(r#"{"room":"a","limit":3}"#),
        Ok(("a".to_owned(), Some(3)))
    );
    assert_eq!(
        read_post(" {\"limit\" : 3 ,\n\"room\" : \"a\" } "),
        Ok(("a".to_owned(), Some(3)))
    );
}

/// [R-6]
#[test]
fn a_missing_option_is_none() {
    assert_eq!(read_post(r#"{"room":"a"}"#), Ok(("a".to_owned(), None)));
    assert_eq!(
        read_post(r#"{"room":"a","limit":null}"#),
        Ok(("a".to_owned(), None))
    );
}

/// [R-6]
#[test]
fn unknown_arguments_are_ignored() {
    assert_eq!(
        read_post(r#"{"x":{"room":[1,{}]},"room":"a","y":-1.5e3}"#),
        Ok(("a".to_owned(), None))
    );
}

#[test]
fn names_may_be_escaped() {
    assert_eq!(read_post(r#"{"r\u006fom":"a"}"#), Ok(("a".to_owned(), None)));
}

#[test]
fn a_method_without_arguments_takes_any_object() {
    assert!(read("ping", "{}", &mut []).is_ok());
    assert!(read("ping", r#"{"a":1}"#, &mut []).is_ok());
}

#[test]
fn a_wrong_argument_is_named_with_its_place() {
    assert_eq!(
        read_post(r#"{"room":5}"#).unwrap_err(),
        "`post`: argument `room`: invalid type: integer `5`, expected a string at `room` (byte 9)",
    );
    assert_eq!(
        read_post(r#"{"room":"a","limit":-1}"#).unwrap_err(),
        "`post`: argument `limit`: invalid value: integer `-1`, expected u32 at `limit` (byte 22)",
    );
}

/// [Q-3]
#[test]
fn a_wrong_value_inside_an_argument_is_named_with_its_path() {
    assert_eq!(
        read_filter(r#"{"filter":{"tags":[1,2,"x"]}}"#).unwrap_err(),
        r#"`find`: argument `filter`: invalid type: string "x", expected u32 at `filter.tags[2]` (byte 26)"#,
    );
    assert_eq!(
        read_filter(r#"{"filter":{"tag":[1]}}"#).unwrap_err(),
        "`find`: argument `filter`: missing field `tags` at `filter` (byte 21)",
    );
}

#[test]
fn a_missing_argument_is_named() {
    assert_eq!(read_post("{}").unwrap_err(), "`post`: argument `room` is missing");
}

#[test]
fn an_argument_given_twice_is_refused() {
    assert_eq!(
        read_post(r#"{"room":"a","room":"b"}"#).unwrap_err(),
        "`post`: argument `room` is given twice"
    );
}

/// [Q-3]
#[test]
fn anything_but_an_object_is_refused() {
    for text in ["", "null", "[]", r#"["a"]"#, "\"a\""] {
        assert_eq!(
            read_post(text).unwrap_err(),
            "`post`: the arguments are not a JSON object by parameter name"
        );
    }
}

#[test]
fn broken_json_is_named_with_its_place() {
    assert_eq!(
        read_post(r#"{"room":"a",}"#).unwrap_err(),
        "`post`: the arguments are not JSON: expected a parameter name at byte 12",
    );
    assert_eq!(
        read_post(r#"{"room":"a"} x"#).unwrap_err(),
        "`post`: the arguments are not JSON: expected the end at byte 13",
    );
    assert_eq!(
        read_post(r#"{"x":tru}"#).unwrap_err(),
        "`post`: the arguments are not JSON: expected ident at byte 9",
    );
}

#[test]
fn a_long_wrong_value_is_quoted_in_part() {
    let text = format!(r#"{{"room":"a","limit":"{}"}}"#, "ü".repeat(100_000));

    let message = read_post(&text).unwrap_err();

    assert!(message.len() < 600, "{} bytes", message.len());
}

#[test]
fn arguments_are_written_as_one_object() {
    let (room, limit) = ("a\"b".to_owned(), None::<u32>);
    let mut out = String::from("rq1&post&");

    let args: [(&'static str, &dyn ToJson); 2] = [
        ("room", &Arg(json::<String>(), &room)),
        ("limit", &Arg(json::<Option<u32>>(), &limit)),
    ];
    write("post", &mut out, &args).unwrap();

    assert_eq!(out, r#"rq1&post&{"room":"a\"b","limit":null}"#);
}

#[test]
fn an_argument_that_json_cannot_hold_is_named() {
    let map = std::collections::BTreeMap::from([(vec![1_u8], 1_u8)]);
    let mut out = String::from("rq1&post&");

    let error = write(
        "post",
        &mut out,
        &[(
            "map",
            &Arg(json::<std::collections::BTreeMap<Vec<u8>, u8>>(), &map),
        )],
    )
    .unwrap_err();

    assert_eq!(
        error.to_string(),
        "argument `map` of `post` cannot be written as JSON: key must be a string"
    );
    assert_eq!(out, "rq1&post&");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = read_post(&text);
    }

    #[test]
    fn it_accepts_the_objects_that_serde_json_accepts(
        text in r#"[ \n]?\{( ?"[a-e]":(1|-1\.5|"x\\n"|null|tru?e|\[1,?\]|\{\}),?){0,3} ?\}[ x]?"#
    ) {
        let ours = read("any", &text, &mut []).is_ok();

        prop_assert_eq!(ours, serde_json::from_str::<Value>(&text).is_ok());
    }

    #[test]
    fn what_is_written_can_be_read(room in ".*", limit in any::<Option<u32>>()) {
        let mut out = String::new();
        let args: [(&'static str, &dyn ToJson); 2] =
            [("limit", &Arg(json::<Option<u32>>(), &limit)), ("room", &Arg(json::<String>(), &room))];
        write("post", &mut out, &args).unwrap();

        prop_assert_eq!(read_post(&out), Ok((room, limit)));
    }
}

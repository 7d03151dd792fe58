//! What else is made of channels, byte for byte: `outputs/<case>.*` are the outputs of the channels in `golden/<case>`.
//!
//! With `BLESS=1` they are rewritten: read the diff. That others understand them is checked in `ecosystem`.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are outside of test functions"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use glue::schema::ChannelSchema;
use glue_codegen::{ReferenceFormat, asyncapi, reference};

/// Cases in `golden` that have other outputs than TypeScript: each shows something that no other does.
const CASES: &[&str] = &[
    "docs",
    "enums",
    "generics",
    "jsdoc",
    "optional",
    "recursion",
    "rooms-fakes",
    "values",
];

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn schemas(case: &str) -> Vec<ChannelSchema> {
    let entries = fs::read_dir(tests().join("golden").join(case)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let schema = |path| ChannelSchema::from_json(&fs::read_to_string(path).unwrap()).unwrap();
    files.into_iter().map(schema).collect()
}

/// The outputs of a case, by the names of their files.
fn outputs(case: &str) -> Vec<(String, String)> {
    let schemas = schemas(case);
    let reference = |format| reference(&schemas, format).unwrap();
    vec![
        (
            format!("{case}.asyncapi.json"),
            asyncapi(&schemas, "1.2.3").unwrap(),
        ),
        (format!("{case}.html"), reference(ReferenceFormat::Html)),
        (format!("{case}.md"), reference(ReferenceFormat::Markdown)),
    ]
}

#[test]
fn channels_give_the_expected_documents() {
    let bless = env::var_os("BLESS").is_some();
    let mut different = Vec::new();

    for (file, text) in CASES.iter().flat_map(|case| outputs(case)) {
        let path = tests().join("outputs").join(&file);
        if bless {
            fs::write(path, text).unwrap();
        } else if fs::read_to_string(path).ok() != Some(text) {
            different.push(file);
        }
    }

    assert!(
        different.is_empty(),
        "{different:?} differ; bless with BLESS=1 and read the diff"
    );
}

#[test]
fn every_document_is_of_a_case() {
    let expected: Vec<_> = CASES
        .iter()
        .flat_map(|case| outputs(case))
        .map(|(file, _)| file)
        .collect();

    for entry in fs::read_dir(tests().join("outputs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(expected.contains(&name), "{name}");
    }
}

#[test]
fn the_order_of_schemas_does_not_matter() {
    let mut schemas: Vec<_> = ["docs", "generics", "jsdoc"]
        .iter()
        .flat_map(|case| schemas(case))
        .collect();

    let outputs = |schemas: &[ChannelSchema]| {
        (
            asyncapi(schemas, "1").unwrap(),
            reference(schemas, ReferenceFormat::Markdown).unwrap(),
        )
    };
    let expected = outputs(&schemas);
    schemas.reverse();

    assert_eq!(outputs(&schemas), expected);
}

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
use glue_codegen::{Emit, File, Options, ReferenceFormat, Tanstack, asyncapi, generate, reference};

/// Cases in `golden` that have other outputs than TypeScript: each shows something that no other does.
const CASES: &[&str] = &[
    "again-fakes",
    "docs",
    "enums",
    "generics",
    "jsdoc",
    "optional",
    "recursion",
    "rooms-fakes",
    "values",
];

/// Cases whose queries are tried in `ecosystem`.
const QUERIES: &[&str] = &["rooms-fakes", "shop"];

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

/// What is written for TanStack Query, and what that needs, without the runtime: `ecosystem/queries` has it from elsewhere.
fn queries(emit: Emit) -> Vec<File> {
    let options = Options {
        emit,
        fakes: true,
        tanstack: Some(Tanstack::React),
    };
    let schemas: Vec<_> = QUERIES.iter().flat_map(|case| schemas(case)).collect();
    let mut files = generate(&schemas, &options).unwrap();
    files.retain(|file| !file.path.starts_with("runtime/"));
    files
}

#[test]
fn channels_give_the_expected_queries() {
    let bless = env::var_os("BLESS").is_some();
    let mut different = Vec::new();

    for (emit, folder) in [(Emit::TypeScript, "queries"), (Emit::JavaScript, "queries-js")] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("ecosystem")
            .join(folder);
        for file in queries(emit) {
            let path = folder.join(&file.path);
            if bless {
                fs::write(path, file.text).unwrap();
            } else if fs::read_to_string(&path).ok() != Some(file.text) {
                different.push(path);
            }
        }
    }

    assert!(
        different.is_empty(),
        "{different:?} differ; bless with BLESS=1 and read the diff"
    );
}

#[test]
fn queries_are_written_on_demand_only_and_for_the_library_that_was_asked_for() {
    let written = |tanstack, emit| {
        let options = Options {
            emit,
            tanstack,
            ..Options::default()
        };
        let files = generate(&schemas("rooms-fakes"), &options).unwrap();
        let mut found: Vec<_> = files
            .iter()
            .filter(|file| file.path.contains("query") || file.path.contains("tanstack"))
            .map(|file| file.path.clone())
            .collect();
        let import = files
            .iter()
            .find(|file| file.text.contains("from \"@tanstack/vue-query\""));
        found.extend(import.map(|file| format!("vue in {}", file.path)));
        found
    };

    assert!(written(None, Emit::TypeScript).is_empty());
    // The third channel has nothing to query.
    assert_eq!(
        written(Some(Tanstack::Vue), Emit::TypeScript),
        [
            "rooms.query.ts",
            "runtime/tanstack.ts",
            "zebra.query.ts",
            "vue in runtime/tanstack.ts"
        ]
    );
    assert_eq!(
        written(Some(Tanstack::Core), Emit::JavaScript),
        [
            "rooms.query.d.ts",
            "rooms.query.js",
            "runtime/tanstack.d.ts",
            "runtime/tanstack.js",
            "zebra.query.d.ts",
            "zebra.query.js"
        ]
    );
}

#[test]
fn names_of_the_queries_are_taken_while_they_are_written() {
    let mut schemas = schemas("rooms-fakes");
    for schema in &mut schemas {
        for ty in schema.types.iter_mut().filter(|ty| ty.ident == "PostError") {
            ty.decl = ty.decl.replace("PostError", "RoomsQueries");
            ty.ident = "RoomsQueries".to_owned();
        }
        for error in schema.methods.iter_mut().filter_map(|method| method.err.as_mut()) {
            *error = error.replace("PostError", "RoomsQueries");
        }
    }

    let with = |tanstack| {
        let options = Options {
            tanstack,
            ..Options::default()
        };
        generate(&schemas, &options).map(|_| ())
    };

    assert_eq!(with(None), Ok(()));
    let problems = with(Some(Tanstack::React)).unwrap_err().to_string();
    assert!(problems.contains("`RoomsQueries` is both"), "{problems}");
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

//! The rules of the house, as tests: who may import whom, what must exist twice, how long a file may be, and that every rule of
//! the wire is tested. docs/ARCHITECTURE.md holds the tables that they read.

#![allow(clippy::unwrap_used)] // helpers of tests fail by panicking, too

mod dependencies;
mod layers;
mod modules;
mod rules;
mod sizes;
mod sources;
mod tables;
mod twins;

use sources::{File, files, read};

/// Fails with all problems at once, a line each.
#[track_caller]
fn assert_none(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

fn architecture() -> String {
    read("docs/ARCHITECTURE.md")
}

#[test]
fn rust_modules_import_what_their_layer_may() {
    let layers = layers::layers(&architecture(), "### Rust");

    let found = files("glue-runtime/src", "rs");
    let problems: Vec<_> = found
        .iter()
        .flat_map(|file| layers::check(&layers, file))
        .collect();

    assert!(found.len() > 40, "only {} files read", found.len());
    assert_none(&problems);
}

#[test]
fn typescript_modules_import_what_their_layer_may() {
    let layers = layers::layers(&architecture(), "### TypeScript");

    let found = files("glue-codegen/typescript/src", "ts");
    let problems: Vec<_> = found
        .iter()
        .flat_map(|file| modules::check(&layers, file))
        .collect();

    assert!(found.len() > 20, "only {} files read", found.len());
    assert_none(&problems);
}

#[test]
fn the_wire_exists_in_both_languages() {
    assert_none(&twins::check(
        &files("glue-runtime/src/proto", "rs"),
        &files("glue-codegen/typescript/src/proto", "ts"),
    ));
}

#[test]
fn glue_codegen_embeds_the_runtime_as_it_is() {
    let table = read("glue-codegen/src/embed.rs");

    assert_none(&twins::check_embedded(
        &table,
        &files("glue-codegen/typescript/src", "ts"),
    ));
}

#[test]
fn files_are_short() {
    let mut found = files("", "rs");
    found.extend(files("glue-codegen/typescript/src", "ts"));

    assert_none(&sizes::check(&found, sizes::LONGER));
}

#[test]
fn every_rule_of_the_wire_is_tested() {
    let mut tests: Vec<File> = files("tests/vectors", "json");
    tests.extend(files("tests/integration", "rs"));
    tests.extend(files("tests/e2e", "ts"));
    tests.extend(files("glue-codegen/typescript/test", "ts"));
    tests.extend(files("glue-runtime", "rs").into_iter().map(File::into_tests));

    assert_none(&rules::check(&read("docs/PROTOCOL.md"), &tests));
}

#[test]
fn every_dependency_is_used_and_has_a_reason() {
    let reasons = tables::table(&architecture(), "## Dependencies");

    for package in ["glue-runtime", "glue-macros", "glue-codegen"] {
        let manifest = read(&format!("{package}/Cargo.toml"));
        let sources = files(&format!("{package}/src"), "rs");
        assert_none(&dependencies::check(package, &manifest, &sources, &reasons));
    }
}

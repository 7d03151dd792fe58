//! What users see: code that compiles, and what is said of code that doesn't.
//!
//! `TRYBUILD=overwrite cargo test -p glue-macros --test ui` blesses the texts.

#[test]
fn channels_and_models_compile() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

#[test]
fn mistakes_are_named_where_they_are_made() {
    let cases = trybuild::TestCases::new();
    for folder in ["attribute", "signature", "stream", "model"] {
        cases.compile_fail(format!("tests/ui/{folder}/*.rs"));
    }
}

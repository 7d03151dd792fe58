//! The lock, `--check` of it, and `diff`, as commands.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are outside of test functions"
)]

mod support;

use std::{fs, process::Command};

use support::{Fixture, error, schema};

const OUT: &str = "[package.metadata.glue]\nout = \"web\"\n";

fn git(fixture: &Fixture, args: &str) {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@localhost",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args.split_whitespace())
        .current_dir(fixture.path("app"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The schema of `post` with an argument.
fn with_argument(arg: &str) -> String {
    schema("post").replace("\"args\":[]", &format!("\"args\":[{arg}]"))
}

const REQUIRED: &str = r#"{"name":"text","type":"string","rust":"String"}"#;
const OPTIONAL: &str = r#"{"name":"text","type":"string | null","rust":"Option<String>","optional":true}"#;

/// What `diff` prints, and its exit code.
fn diff(fixture: &Fixture, args: &str) -> (String, Option<i32>) {
    let output = fixture.run("app", &format!("diff {args}"));
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

#[test]
fn the_lock_is_kept_beside_the_manifest_or_where_it_is_wanted() {
    let fixture = Fixture::app(OUT);

    let said = fixture.says("app", "", 0);
    assert!(said.contains("+ glue.lock.json"), "{said}");
    let text = fixture.text("app/glue.lock.json");
    let said = fixture.says("app", "", 0);
    assert!(!said.contains("glue.lock.json"), "{said}");

    fs::remove_file(fixture.path("app/glue.lock.json")).unwrap();
    fixture.says("app", "--lock ../elsewhere/contract.json", 0);
    assert_eq!(fixture.text("elsewhere/contract.json"), text);
    fixture.says("app", "--no-lock", 0);
    assert!(!fixture.path("app/glue.lock.json").exists());

    let fixture = Fixture::app(&format!("{OUT}lock = false\n"));
    fixture.says("app", "", 0);
    assert!(!fixture.path("app/glue.lock.json").exists());
    fixture.says("app", "--lock here.json", 0);
    assert!(fixture.path("app/here.json").exists());
    let said = fixture.says("app", "diff", 2);
    assert!(error(&said).starts_with("there is no lock to compare"), "{said}");
}

#[test]
fn a_lock_that_is_out_of_date_fails_the_check_and_names_what_changed() {
    let fixture = Fixture::app(OUT);
    fixture.says("app", "", 0);
    fixture.says("app", "--check", 0);

    // A checkout on Windows.
    let text = fixture.text("app/glue.lock.json");
    fixture.write("app/glue.lock.json", &text.replace('\n', "\r\n"));
    fixture.says("app", "--check", 0);

    fixture.write("app/src/chat.json", &with_argument(REQUIRED));
    let said = fixture.says("app", "--check", 3);
    assert!(said.contains("glue.lock.json is not up to date"), "{said}");
    assert!(said.contains("  ~ chat.post\n"), "{said}");

    fs::remove_file(fixture.path("app/glue.lock.json")).unwrap();
    fixture.write("app/src/chat.json", &schema("post"));
    let said = fixture.says("app", "--check", 3);
    assert!(said.contains("  ~ chat\n") && !said.contains("chat.ts"), "{said}");
}

#[test]
fn a_foreign_file_in_place_of_the_lock_is_kept_and_nothing_is_written() {
    let fixture = Fixture::app(OUT);
    fixture.write("app/glue.lock.json", "{ \"mine\": true }");

    let said = fixture.says("app", "", 1);

    assert!(error(&said).contains("was not written by glue-codegen"), "{said}");
    assert_eq!(fixture.text("app/glue.lock.json"), "{ \"mine\": true }");
    assert!(!fixture.path("app/web").exists());
}

#[test]
fn diff_compares_with_what_is_committed() {
    let fixture = Fixture::app(OUT);
    fixture.says("app", "", 0);
    let said = fixture.says("app", "diff", 1);
    assert!(error(&said).contains("is in no git repository"), "{said}");
    git(&fixture, "init -q");
    let said = fixture.says("app", "diff", 1);
    assert!(
        error(&said).starts_with("the git repository has no commit yet; commit "),
        "{said}"
    );
    let said = fixture.says("app", "diff --against main2", 1);
    assert!(
        error(&said).starts_with("`main2` is neither a file nor a revision"),
        "{said}"
    );
    // It would leave nothing to do.
    fixture.says("app", "diff --no-lock", 2);
    git(&fixture, "add src");
    git(&fixture, "commit -qm without");
    let said = fixture.says("app", "diff", 1);
    assert!(error(&said).starts_with("HEAD has no "), "{said}");
    git(&fixture, "add glue.lock.json");
    git(&fixture, "commit -qm with");
    git(&fixture, "tag v1");
    assert_eq!(
        diff(&fixture, ""),
        (
            "nothing has changed on the wire\nexit code 0: nothing here counts under --fail-on clients\n"
                .to_owned(),
            Some(0)
        )
    );

    fixture.write("app/src/chat.json", &with_argument(OPTIONAL));
    let (text, code) = diff(&fixture, "--against v1");
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with(
            "compatible:\n  chat.post: the argument `text` is new and may be left out [argument-added]\n"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "older clients at the new server: refused with stale_client in chat.post until you run"
        ),
        "{text}"
    );

    let (text, code) = diff(&fixture, "--against v1 --fail-on stale");
    assert_eq!(code, Some(4), "{text}");
    let (text, code) = diff(
        &fixture,
        "--against v1 --fail-on stale --accept stale.accept.json",
    );
    assert_eq!(code, Some(0), "{text}");

    fixture.write("app/src/chat.json", &with_argument(REQUIRED));
    let (text, code) = diff(&fixture, "");
    assert_eq!(code, Some(4), "{text}");
    assert!(
        text.starts_with("breaking for clients that were built before:\n  chat.post: the argument `text`"),
        "{text}"
    );
    assert_eq!(diff(&fixture, "--fail-on none").1, Some(0));
    assert!(
        text.contains("refused with stale_client in chat.post, for good\nexit code 4: "),
        "{text}"
    );
    let (text, code) = diff(&fixture, "--format github");
    assert_eq!(code, Some(4));
    assert!(
        text.starts_with("::error file=src/lib.rs,line=1,title=glue%3A argument-added::chat.post: "),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&diff(&fixture, "--format json").0).unwrap();
    assert_eq!(
        (&json["failures"], &json["changes"][0]["rule"]),
        (&1.into(), &"argument-added".into())
    );

    // The other way round: the lock here is the old one.
    let (text, code) = diff(&fixture, "--against glue.lock.json");
    assert_eq!(code, Some(4), "{text}");
    // A name that looks like an option is a name, for git as well.
    let said = fixture.says("app", "diff --against=--help-me", 1);
    assert!(error(&said).starts_with("`--help-me` is neither"), "{said}");
    let said = fixture.says("app", "diff --against main^{tree}", 1);
    assert!(
        error(&said).contains("is neither a file nor a revision"),
        "{said}"
    );
    fixture.write("app/later.json", "{ \"lock\": 99 }");
    let said = fixture.says("app", "diff --against later.json", 1);
    assert!(error(&said).contains("later.json has format 99"), "{said}");
}

#[test]
fn what_old_clients_may_go_on_calling_is_written_for_the_server() {
    let fixture = Fixture::app(OUT);
    fixture.says("app", "", 0);
    let old: serde_json::Value = serde_json::from_str(&fixture.text("app/glue.lock.json")).unwrap();
    let clients = || -> serde_json::Value {
        let accepted: serde_json::Value = serde_json::from_str(&fixture.text("app/accept.json")).unwrap();
        accepted["channels"]["chat"]["clients"].clone()
    };
    let (contract, post) = (
        &old["channels"]["chat"]["hash"],
        &old["channels"]["chat"]["methods"]["post"]["hash"],
    );
    let contract = contract.as_str().unwrap();

    // The contract as it was, one that understands it, one that doesn't.
    assert_eq!(
        diff(&fixture, "--against glue.lock.json --accept accept.json").1,
        Some(0)
    );
    assert_eq!(clients(), serde_json::Value::Null);
    fixture.write("app/src/chat.json", &with_argument(OPTIONAL));
    diff(&fixture, "--against glue.lock.json --accept accept.json");
    assert_eq!(clients(), serde_json::json!({ contract: { "post": post } }));
    fixture.write("app/src/chat.json", &with_argument(REQUIRED));
    diff(&fixture, "--against glue.lock.json --accept accept.json");
    assert_eq!(clients(), serde_json::json!({ contract: {} }));

    // What it says of other clients of the same contract stays.
    let text = fixture
        .text("app/accept.json")
        .replace(contract, "0123456789abcdef");
    fixture.write("app/accept.json", &text);
    diff(&fixture, "--against glue.lock.json --accept accept.json");
    assert_eq!(
        clients(),
        serde_json::json!({ "0123456789abcdef": {}, contract: {} })
    );

    fixture.write("app/accept.json", "{}");
    let said = fixture.says("app", "diff --against glue.lock.json --accept accept.json", 1);
    assert!(error(&said).contains("was not written by glue-codegen"), "{said}");
}

use std::fs;

use super::*;
use crate::output::{Change, ChangeKind};

fn schema() -> ChannelSchema {
    let text = include_str!("../../tests/golden/chat/chat.json");
    ChannelSchema::from_json(text).expect("a schema")
}

#[test]
fn a_lock_reads_back_as_it_was() {
    let lock = Lock::of(&[schema()]);

    let read = Lock::from_text(&lock.to_text(), "a lock").expect("a lock");

    assert_eq!(read, lock);
    assert_eq!(read.to_text(), lock.to_text());
}

#[test]
fn every_golden_channel_reads_back_and_does_not_differ_from_itself() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut count = 0;
    for case in fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()) {
        let files = fs::read_dir(&case).into_iter().flatten();
        for path in files.map(|entry| entry.unwrap().path()) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let Ok(schema) = ChannelSchema::from_json(&text) else {
                continue;
            };
            let lock = Lock::of(&[schema]);

            let read = Lock::from_text(&lock.to_text(), "").unwrap();

            assert_eq!(read, lock, "{}", path.display());
            assert_eq!(
                crate::diff::compare(&read, &lock).findings,
                [],
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count >= 10, "{count} channels");
}

#[test]
fn docs_places_and_order_are_not_in_it() {
    let mut other = schema();
    other.docs = vec![" Other.".to_owned()];
    other.line += 7;
    other.file = "elsewhere.rs".to_owned();
    other.module = "else::where".to_owned();
    other.methods.reverse();
    for method in &mut other.methods {
        method.docs.clear();
        method.args.reverse();
    }
    for ty in &mut other.types {
        ty.path = "elsewhere".to_owned();
        ty.docs.clear();
    }
    other.types.reverse();

    assert_eq!(Lock::of(&[other]).to_text(), Lock::of(&[schema()]).to_text());
}

#[test]
fn an_argument_is_a_line() {
    let text = Lock::of(&[schema()]).to_text();

    assert!(
        text.starts_with("{\n  \"lock\": 1,\n  \"channels\": {\n    \"chat\": {\n"),
        "{text}"
    );
    assert!(
        text.contains("\n            \"limit\": { \"optional\": true, \"type\": \"number | null\" },\n"),
        "{text}"
    );
    assert!(!text.contains("\\n"), "no text holds line ends: {text}");
}

#[test]
fn another_format_is_named_before_anything_else() {
    for (format, advice) in [(0, "generate it anew"), (FORMAT + 1, "update glue-codegen")] {
        let error = Lock::from_text(
            &format!(r#"{{"lock":{format},"channels":7}}"#),
            "v1:glue.lock.json",
        );

        let message = error.expect_err("another format").to_string();
        assert_eq!(
            message,
            format!("v1:glue.lock.json has format {format}, this glue-codegen reads {FORMAT}: {advice}")
        );
    }
    assert!(matches!(Lock::from_text("{}", ""), Err(LockError::Syntax { .. })));
}

#[test]
fn the_file_is_written_when_it_differs_and_never_over_a_foreign_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep").join(FILE_NAME);
    let lock = Lock::of(&[schema()]);
    let kind = |change: Option<Change>| change.map(|change| change.kind);

    assert_eq!(kind(check(&path, &lock).unwrap()), Some(ChangeKind::Create));
    assert_eq!(kind(write(&path, &lock).unwrap()), Some(ChangeKind::Create));
    assert_eq!(kind(write(&path, &lock).unwrap()), None);

    // A checkout on Windows.
    fs::write(&path, lock.to_text().replace('\n', "\r\n")).unwrap();
    assert_eq!(kind(write(&path, &lock).unwrap()), None);
    assert!(fs::read_to_string(&path).unwrap().contains("\r\n"), "not touched");
    assert_eq!(read(&path).unwrap(), Some(lock.clone()));

    // A merge that was left open.
    fs::write(
        &path,
        lock.to_text().replacen("\"chat\"", "<<<<<<< HEAD\n\"chat\"", 1),
    )
    .unwrap();
    assert_eq!(kind(write(&path, &lock).unwrap()), Some(ChangeKind::Update));

    for foreign in ["", "{\"name\": \"x\"}", "// Generated", "[1]"] {
        fs::write(&path, foreign).unwrap();
        assert!(
            matches!(write(&path, &lock), Err(LockError::Foreign(_))),
            "{foreign}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), foreign);
    }
    let later = format!("{{\n  \"lock\": {}\n}}\n", FORMAT + 1);
    fs::write(&path, &later).unwrap();
    assert!(matches!(write(&path, &lock), Err(LockError::Format { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), later);
}

#[test]
fn what_differs_is_named() {
    let mut other = schema();
    other.methods.retain(|method| method.name != "leave");
    let post = other
        .methods
        .iter_mut()
        .find(|method| method.name == "post")
        .unwrap();
    post.args[0].optional = true;
    other.types.retain(|ty| ty.ident != "ChatError");

    let changed = differences(&Lock::of(&[schema()]), &Lock::of(&[other]));

    assert!(changed.contains(&"chat.leave".to_owned()), "{changed:?}");
    assert!(changed.contains(&"chat.post".to_owned()), "{changed:?}");
    assert!(changed.contains(&"type ChatError".to_owned()), "{changed:?}");
    assert!(!changed.contains(&"chat.typing".to_owned()), "{changed:?}");
    let mut gone = Lock::of(&[schema()]);
    gone.channels.clear();
    assert_eq!(differences(&Lock::of(&[schema()]), &gone), ["chat"]);
}

//! Replays recorded conversations with the original server against ours: the client's side is played, and our answers must
//! be the recorded ones, save for the differences that docs/PROTOCOL.md lists.

mod answer;
mod differences;
mod edit;
mod replay;
mod script;
mod settings;

use std::path::{Path, PathBuf};

use tokio::task::JoinSet;

use self::differences::{EVERYWHERE, NOT_REPLAYED};
use self::script::Script;
use self::settings::Stage;

/// [F-7] [C-6] [C-9] [I-7] and every other rule of the original that has not changed.
#[tokio::test]
async fn recorded_websockets_are_answered_as_recorded() {
    assert_replayed("websocket", 50).await;
}

///
#[tokio::test]
async fn recorded_ajax_sockets_are_answered_as_recorded() {
    assert_replayed("ajax", 40).await;
}

/// [H-1] [H-2] [H-3]
#[tokio::test]
async fn recorded_http_requests_are_answered_as_recorded() {
    assert_replayed("http", 7).await;
}

#[test]
fn differences_and_exceptions_name_recordings_that_exist() {
    let files = differences::all().map(|difference| difference.file);
    for file in files.chain(NOT_REPLAYED.iter().map(|exception| exception.file)) {
        assert!(transcripts().join(format!("{file}.jsonl")).exists(), "{file}");
    }
}

#[test]
fn what_is_not_replayed_is_shown_by_a_test_that_exists() {
    for exception in NOT_REPLAYED {
        let (file, test) = exception.instead;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!("fn {test}()")), "{file}: {test}");
    }
}

#[test]
fn differences_cite_rules() {
    let protocol = include_str!("../../docs/PROTOCOL.md");

    let rules = differences::all().map(|difference| (difference.file, difference.rule));
    for (file, rule) in rules.chain(
        EVERYWHERE
            .iter()
            .map(|everywhere| ("everywhere", everywhere.rule)),
    ) {
        assert!(protocol.contains(rule), "{file}: {rule}");
    }
}

/// Replays a folder of at least so many recordings.
async fn assert_replayed(folder: &str, count: usize) {
    let mut replays = JoinSet::new();
    for entry in std::fs::read_dir(transcripts().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let file = format!("{folder}/{name}");
        if NOT_REPLAYED.iter().any(|exception| exception.file == file) {
            continue;
        }
        let differences = differences::all().filter(|difference| difference.file == file);
        let mut script = Script::read(&path);
        for everywhere in EVERYWHERE {
            script = script.everywhere(everywhere.was, everywhere.ours);
        }
        let script = script.with_edits(differences.flat_map(|difference| difference.edits));
        replays.spawn(async move { replay::replay(Stage::new(&file).await, script).await });
    }
    assert!(replays.len() >= count, "the recordings are found");

    let mut failed = 0;
    while let Some(replay) = replays.join_next().await {
        failed += u32::from(replay.is_err());
    }
    assert_eq!(failed, 0, "recordings with other answers; see above");
}

fn transcripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts")
}

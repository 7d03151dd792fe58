//! `--watch`, with real files that change. Unix only, as that is where a test can send Ctrl-C.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are outside of test functions"
)]

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use support::{APP, Fixture, schema};

/// The command while it watches, and what it says.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn new(fixture: &Fixture, args: &str) -> Self {
        let mut child = fixture
            .command("app", &format!("--watch {args}"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || stderr.lines().try_for_each(|line| sender.send(line.unwrap())));
        Self { child, lines }
    }

    /// Waits for a line with this in it.
    #[track_caller]
    fn wait_for(&self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error} for {text:?}; there were {seen:#?}"),
            }
        }
    }

    /// Sends Ctrl-C, and returns how it ends.
    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Fails only when it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Long enough for any machine; a test that gets here has failed.
const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn each_saved_change_is_written_through_errors_too() {
    let fixture = Fixture::app("[package.metadata.glue]\nout = \"generated\"\n");

    let watch = Watch::new(&fixture, "");
    watch.wait_for("watching; Ctrl-C ends it");
    assert!(fixture.text("app/generated/chat.ts").contains("post("));

    fixture.write("app/src/chat.json", &schema("say"));
    watch.wait_for("~ chat.ts");
    assert!(fixture.text("app/generated/chat.ts").contains("say("));

    // As many editors save: a new file takes the place of the old one.
    fixture.write("app/src/.lib.rs.swp", &format!("{}fn broken(", support::CHANNEL));
    fs::rename(
        fixture.path("app/src/.lib.rs.swp"),
        fixture.path("app/src/lib.rs"),
    )
    .unwrap();
    watch.wait_for("error: the crate does not compile");
    fixture.write(
        "app/Cargo.toml",
        &format!("{APP}[package.metadata.glue]\nouch = 1\n"),
    );
    watch.wait_for("unknown key `ouch`");
    fixture.write(
        "app/Cargo.toml",
        &format!("{APP}[package.metadata.glue]\nout = \"elsewhere\"\n"),
    );
    watch.wait_for("error: the crate does not compile");
    fixture.write("app/src/lib.rs", support::CHANNEL);
    watch.wait_for("files in elsewhere");

    assert_eq!(watch.stop(), Some(0));
}

#[test]
fn folders_that_come_and_go_and_packages_beside_are_watched() {
    let manifest =
        format!("{APP}api = {{ path = \"../api\" }}\n[package.metadata.glue]\nout = \"generated\"\n");
    let fixture = Fixture::new(&[
        ("app/Cargo.toml", &manifest),
        ("app/src/lib.rs", "#[path = \"new/chat.rs\"]\nmod chat;"),
        ("app/src/new/chat.rs", "$CHANNEL"),
        ("app/src/new/chat.json", &schema("first")),
        (
            "api/Cargo.toml",
            "[package]\nname = \"api\"\nedition = \"2024\"\n",
        ),
        ("api/src/lib.rs", ""),
    ]);
    let watch = Watch::new(&fixture, "");
    watch.wait_for("watching; Ctrl-C ends it");

    fixture.write("api/src/lib.rs", "broken");
    watch.wait_for("error: the crate does not compile");
    fixture.write("api/src/lib.rs", "");
    watch.wait_for("0 changed");

    fs::rename(fixture.path("app/src/new"), fixture.path("app/src/old")).unwrap();
    watch.wait_for("error: the crate does not compile");
    fs::rename(fixture.path("app/src/old"), fixture.path("app/src/new")).unwrap();
    watch.wait_for("0 changed");
    fixture.write("app/src/new/chat.json", &schema("second"));
    watch.wait_for("~ chat.ts");
    assert!(fixture.text("app/generated/chat.ts").contains("second("));

    assert_eq!(watch.stop(), Some(0));
}

#[test]
fn sources_in_the_output_folder_are_watched_and_what_is_written_there_is_not() {
    for out in [".", "src"] {
        let fixture = Fixture::app(&format!("[package.metadata.glue]\nout = \"{out}\"\n"));
        let watch = Watch::new(&fixture, "");
        watch.wait_for("watching; Ctrl-C ends it");

        fixture.write("app/src/chat.json", &schema("say"));
        watch.wait_for("~ ");
        fixture.write("app/src/chat.json", &schema("tell"));
        // A run of its own making would have come first, and changed nothing.
        let line = watch.wait_for(" changed, in ");

        assert!(!line.contains(" 0 changed"), "{line}");
        assert_eq!(watch.stop(), Some(0));
    }
}

/// The harness holds the run until the test has saved the next change, so that the order is certain. It was compiled a while before
/// by then: cargo doesn't see changes within the same tick of the clock.
#[test]
fn a_change_during_a_run_is_not_missed() {
    let gate = "if include_str!(\"chat.json\").contains(\"slow\") { assert_eq!(std::fs::read(\"../pipe\").unwrap(), b\"go\"); }";
    let harness = support::CHANNEL.replace("if let Ok", &format!("{gate}\n    if let Ok"));
    let fixture = Fixture::new(&[
        (
            "app/Cargo.toml",
            &format!("{APP}[package.metadata.glue]\nout = \"generated\"\n"),
        ),
        ("app/src/lib.rs", &harness),
        ("app/src/chat.json", &schema("first")),
    ]);
    let pipe = fixture.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let watch = Watch::new(&fixture, "");
    watch.wait_for("watching; Ctrl-C ends it");

    fixture.write("app/src/chat.json", &schema("slow"));
    // Opening a pipe waits for its other end: what has read the text is running by then.
    let mut gate = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    fixture.write("app/src/chat.json", &schema("last"));
    std::io::Write::write_all(&mut gate, b"go").unwrap();
    drop(gate);

    watch.wait_for("~ chat.ts");
    watch.wait_for("~ chat.ts");
    assert!(fixture.text("app/generated/chat.ts").contains("last("));
    assert_eq!(watch.stop(), Some(0));
}

#[test]
fn ctrl_c_ends_a_build() {
    let fixture = Fixture::app("[package.metadata.glue]\nout = \"generated\"\n");
    fixture.write(
        "app/build.rs",
        "fn main() { std::fs::read(\"../pipe\").unwrap(); }",
    );
    let pipe = fixture.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let watch = Watch::new(&fixture, "");
    let gate = fs::OpenOptions::new().write(true).open(&pipe).unwrap();

    assert_eq!(watch.stop(), Some(0));

    drop(gate);
    assert!(!fixture.path("app/generated").exists());
}

#[test]
fn what_is_wrong_at_the_start_ends_it() {
    let fixture = Fixture::app("");

    let said = fixture.says("app", "--watch", 2);
    assert!(
        support::error(&said).starts_with("no folder to write to"),
        "{said}"
    );
    let said = fixture.says("app", "--watch --check --out web", 2);
    assert!(said.contains("cannot be used with"), "{said}");
}

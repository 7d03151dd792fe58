//! Packages that take a moment to build: their glue-runtime is an empty crate, and what `#[glue::channel]` would write is written by
//! hand, a test that copies a schema. What is found in real packages is shown by `discover.rs`.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "helpers of tests are outside of test functions, and not every test needs all"
)]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use tempfile::TempDir;

/// A folder with an empty glue-runtime, and beside it what a test adds.
pub(crate) struct Fixture {
    /// Removed in the end.
    _folder: TempDir,
    root: PathBuf,
}

impl Fixture {
    /// Writes the files; `$CHANNEL` in a file stands for the harness of a channel whose schema is `src/chat.json`.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self::with_runtime(env!("CARGO_PKG_VERSION"), files)
    }

    /// The same, with a glue-runtime of this version.
    pub(crate) fn with_runtime(version: &str, files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        // The system's folder for temporary files may be a link, which messages would show.
        let root = fs::canonicalize(folder.path()).unwrap();
        let fixture = Self {
            _folder: folder,
            root,
        };
        fixture.write("runtime/Cargo.toml", &RUNTIME.replace("$VERSION", version));
        fixture.write("runtime/src/lib.rs", "");
        fixture.write("runtime/channel.rs", CHANNEL);
        for (path, text) in files {
            fixture.write(path, &text.replace("$CHANNEL", CHANNEL));
        }
        fixture
    }

    /// A package `app` with one channel, whose section for glue-codegen is `settings`.
    pub(crate) fn app(settings: &str) -> Self {
        Self::new(&[
            ("app/Cargo.toml", &format!("{APP}{settings}")),
            ("app/src/lib.rs", "$CHANNEL"),
            ("app/src/chat.json", &schema("post")),
        ])
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Prepares the command in a folder of this.
    pub(crate) fn command(&self, folder: &str, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_glue-codegen"));
        command
            .args(args.split_whitespace())
            .current_dir(self.path(folder))
            .env_remove("CARGO_TARGET_DIR")
            // Nothing here is from a registry, and what init wants of it fails at once.
            .env("CARGO_HOME", self.path("cargo-home"))
            .env("CARGO_NET_OFFLINE", "true");
        command
    }

    pub(crate) fn run(&self, folder: &str, args: &str) -> Output {
        self.command(folder, args).output().unwrap()
    }

    /// Runs the command, which must end with this code; returns what it says, with the folder of this as `$ROOT`.
    #[track_caller]
    pub(crate) fn says(&self, folder: &str, args: &str, code: i32) -> String {
        let output = self.run(folder, args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        text.replace(self.root.to_str().unwrap(), "$ROOT")
    }

    /// The names of what a folder holds.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// The schema of the channel `Chat` with one method of this name.
pub(crate) fn schema(method: &str) -> String {
    let format = glue::schema::FORMAT;
    format!(
        r#"{{"v":{format},"crate":"app","module":"app","name":"Chat","channel":"chat","file":"src/lib.rs","line":1,
            "methods":[{{"name":"{method}","kind":"call","args":[],"ret":"string"}}]}}"#
    )
}

/// The error in what was said, without the lines that cargo adds.
pub(crate) fn error(said: &str) -> &str {
    let (_, error) = said.split_once("glue-codegen: error: ").unwrap();
    error.trim_end()
}

/// Cargo.toml of a package with an empty glue-runtime beside it.
pub(crate) const APP: &str = r#"
[package]
name = "app"
edition = "2024"

[workspace]

[dependencies]
glue-runtime = { path = "../runtime" }
"#;

const RUNTIME: &str = r#"
[package]
name = "glue-runtime"
version = "$VERSION"
edition = "2024"

[lib]
name = "glue"

[features]
codegen = []

[workspace]
"#;

/// What `#[glue::channel]` writes, without what knows types.
pub(crate) const CHANNEL: &str = r#"
#[cfg(test)]
#[test]
#[allow(non_snake_case)]
fn __glue_codegen_Chat() {
    if let Ok(folder) = std::env::var("GLUE_CODEGEN_OUT") {
        std::fs::write(format!("{folder}/app.app.Chat@0.json"), include_str!("chat.json")).unwrap();
    }
}
"#;

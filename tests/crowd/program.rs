//! A program that is spoken to in lines.

use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A running program; it is killed with this value.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts a program with one argument, and with as many open files as a crowd needs.
    pub(crate) fn start(path: &str, argument: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", RAISED, path, argument]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            _child: child,
            input,
            output,
        }
    }

    /// Writes a line and reads the answer.
    ///
    /// # Panics
    /// When the program has ended instead; it has then said why.
    pub(crate) async fn ask<T: DeserializeOwned>(&mut self, line: &str) -> T {
        // The answer will be missing if it can't be written.
        let _ = self.input.write_all(format!("{line}\n").as_bytes()).await;
        self.answer(line).await
    }

    /// Reads a line that `what` has brought about.
    pub(crate) async fn answer<T: DeserializeOwned>(&mut self, what: &str) -> T {
        let line = tokio::time::timeout(PATIENCE, self.output.next_line()).await;
        let Ok(line) = line else {
            panic!("{}: no answer to `{what}`", self.name)
        };
        let Some(line) = line.unwrap() else {
            panic!("{} has ended instead of answering `{what}`", self.name)
        };
        serde_json::from_str(&line).unwrap()
    }

    /// Writes an order and returns the number of this name in the answer.
    pub(crate) async fn count(&mut self, line: &str, name: &str) -> usize {
        let answer: Value = self.ask(line).await;
        answer[name].as_u64().unwrap().try_into().unwrap()
    }
}

/// Goes on as the program. Only the soft limit is raised, which everybody may.
const RAISED: &str = r#"
ulimit -S -n 20000 || {
    echo "this needs 20,000 open files in each of two processes; raise the hard limit (ulimit -H -n, or LimitNOFILE=)" >&2
    exit 1
}
exec "$0" "$@"
"#;

/// Above the patience of the programs, who can tell what they have waited for.
const PATIENCE: Duration = Duration::from_secs(300);

//! The clients in TypeScript: a Node process with all of them.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

use crate::client::Report;
use crate::log::Log;

/// A running Node; it ends with this value.
pub(crate) struct Node {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// A line of its output.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Log { client: usize, text: String },
    Done { client: usize, report: Report },
}

impl Node {
    /// Starts the clients with these numbers, transports and proxies.
    pub(crate) fn start(
        folder: &Path,
        clients: &[(usize, &'static str, SocketAddr)],
        seed: u64,
    ) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new("node");
        command.args(["--import", "tsx", "resume/main.ts", &seed.to_string()]);
        for (number, transport, proxy) in clients {
            command.arg(format!("{number}:{transport}:http://{proxy}"));
        }
        command
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let input = child.stdin.take().ok_or("its input is no pipe")?;
        let output = child.stdout.take().ok_or("its output is no pipe")?;
        Ok(Self {
            _child: child,
            input,
            output: BufReader::new(output).lines(),
        })
    }

    /// Tells clients to end as they come out of `over`, until all have; returns what they tell.
    pub(crate) async fn run(
        mut self,
        count: usize,
        logs: &[Log],
        mut over: mpsc::UnboundedReceiver<usize>,
    ) -> BTreeMap<usize, Report> {
        let mut reports = BTreeMap::new();
        while reports.len() < count {
            tokio::select! {
                Some(client) = over.recv() => {
                    // It may have ended; then its output does, too.
                    let _ = self.input.write_all(format!("{client}\n").as_bytes()).await;
                }
                line = self.output.next_line() => {
                    let Ok(Some(line)) = line else { break };
                    match serde_json::from_str(&line) {
                        Ok(Line::Log { client, text }) => {
                            if let Some(log) = logs.get(client) {
                                log.add(&format!("client: {text}"));
                            }
                        }
                        Ok(Line::Done { client, report }) => {
                            reports.insert(client, report);
                        }
                        Err(_) => eprintln!("node: {line}"),
                    }
                }
            }
        }
        reports
    }
}

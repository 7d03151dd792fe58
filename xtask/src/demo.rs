//! `cargo demo`: the chat, from nothing to its URL; and the generated files that are checked in.

use std::path::PathBuf;
use std::process::Command;

use crate::run::{Failure, cargo, run};
use crate::workspace;

/// Builds the chat, writes its client, starts it. It prints its URL itself.
pub(crate) fn demo(args: &[String]) -> Result<(), Failure> {
    let listen = match args {
        [] => "127.0.0.1:8080",
        [flag, address] if flag == "--listen" => address,
        _ => return Err(Failure::new("usage: cargo demo [--listen ADDR:PORT]")),
    };
    run(&mut cargo([
        "build",
        "--quiet",
        "--package",
        "glue-codegen",
        "--package",
        CHAT,
    ]))?;
    write_client(&chat_client())?;
    run(Command::new(workspace::built(CHAT)?).args(["--listen", listen]))
}

/// Writes the generated files that are checked in.
pub(crate) fn generate() -> Result<(), Failure> {
    run(&mut cargo(["build", "--quiet", "--package", "glue-codegen"]))?;
    write_client(&chat_client())
}

fn chat_client() -> PathBuf {
    workspace::root().join("examples/chat/web/generated")
}

/// Runs the glue-codegen that was built, for the chat: JavaScript, so that no Node is needed.
fn write_client(folder: &PathBuf) -> Result<(), Failure> {
    let mut codegen = Command::new(workspace::built("glue-codegen")?);
    codegen.current_dir(workspace::root());
    codegen
        .args(["--package", CHAT, "--emit", "js", "--out"])
        .arg(folder);
    run(&mut codegen)
}

/// The chat's package, and its program.
const CHAT: &str = "glue-example-chat";

//! `cargo demo`: the chat, from nothing to its URL.

use std::process::Command;

use crate::run::{Failure, become_program, cargo, run};
use crate::workspace;

/// Builds the chat, writes its client, starts it. It prints its URL itself.
pub(crate) fn demo(args: &[String]) -> Result<(), Failure> {
    let listen = match args {
        [] => "127.0.0.1:8080",
        [flag, address] if flag == "--listen" => address,
        _ => return Err(Failure::new(USAGE)),
    };
    run(&mut cargo([
        "build",
        "--quiet",
        "--package",
        "glue-codegen",
        "--package",
        CHAT,
    ]))?;

    // JavaScript, so that no Node is needed. It isn't checked in.
    let mut codegen = Command::new(workspace::built("glue-codegen")?);
    codegen.current_dir(workspace::root());
    run(codegen.args([
        "--package",
        CHAT,
        "--emit",
        "js",
        "--out",
        "examples/chat/web/generated",
    ]))?;

    become_program(Command::new(workspace::built(CHAT)?).args(["--listen", listen]))
}

/// The chat's package, and its program.
const CHAT: &str = "glue-example-chat";

/// How the command is called.
pub(crate) const USAGE: &str = "usage: cargo demo [--listen ADDR:PORT]";

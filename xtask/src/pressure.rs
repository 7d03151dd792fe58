//! `cargo xtask pressure`: what a server's memory does while its peers cost as much as they can.
//!
//! The programs are those of `tests/crowd`, which judges them; here they are shown.

#![allow(clippy::print_stdout)] // the table is for whoever asked for it

use std::process::Command;

use crate::program::{Program, number};
use crate::run::{Failure, cargo, run};
use crate::workspace;

/// Puts each kind of pressure on a server of its own, and prints a table.
pub(crate) fn pressure() -> Result<(), Failure> {
    run(&mut cargo([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "glue-tests",
        "--bins",
    ]))?;
    let head = ["before", "peak", "after", "in use"].map(|title| format!("{title:>9}"));
    println!("{:<52}{}", "", head.concat());
    for (about, sockets, orders) in KINDS {
        let measured = measure(sockets, orders).map_err(|failure| failure.during(about))?;
        println!("{about:<52}{measured}");
    }
    println!("\n{LEGEND}");
    Ok(())
}

/// Has a crowd carry out these orders; returns a row of the table.
fn measure(sockets: &str, orders: &[&str]) -> Result<String, Failure> {
    let mut server = start("crowd-server", sockets)?;
    let started = server.answer()?;
    let mut clients = start(
        "crowd-clients",
        &format!("127.0.0.1:{}", number(&started, "port")?),
    )?;

    let before = server.ask("settled")?;
    let mut met = Vec::new();
    for order in orders {
        met.push(clients.ask(order)?);
    }
    let after = server.ask("settled")?;

    let left = number(&after, "sockets")?;
    if left != 0 {
        return Err(Failure::new(format!("{left} sockets have not ended")));
    }
    let bytes = [
        number(&before, "resident")?,
        number(&after, "most_resident")?,
        number(&after, "resident")?,
        number(&after, "allocated")?,
    ];
    let columns = bytes.map(|bytes| format!("{:>5}.{} M", bytes / 1_000_000, bytes / 100_000 % 10));
    Ok(format!("{}   {}", columns.concat(), shown(&met)))
}

/// Writes such objects as people do.
fn shown(objects: &[String]) -> String {
    objects
        .join(" ")
        .replace(['{', '}', '"'], "")
        .replace([':', ','], " ")
}

/// Starts one of the two programs.
fn start(name: &str, argument: &str) -> Result<Program, Failure> {
    let mut command = Command::new("sh");
    command
        .args(["-c", RAISED])
        .arg(workspace::built(name)?)
        .arg(argument);
    Program::start(&mut command)
}

/// What is done, with how many sockets for one address (by default if empty), and the orders for the crowd.
const KINDS: &[(&str, &str, &[&str])] = &[
    (
        "10,000 sockets that talk and leave",
        "10000",
        &["open 10000", "talk", "leave"],
    ),
    (
        "1,000 Ajax sessions that talk and leave",
        "1000",
        &["ajax 1000", "talk", "leave"],
    ),
    (
        "20,000 Ajax sessions, started and left alone",
        "",
        &["inits 20000"],
    ),
    ("300 half-sent requests", "", &["half-requests 300"]),
    (
        "100 peers send 2 MB to a channel that nobody reads",
        "",
        &["neglected 100"],
    ),
    ("100 peers ask for 10 MB and read nothing", "", &["stuck 100"]),
    ("20 peers announce 64 MiB and send half of it", "", &["giants 20"]),
    (
        "20 peers send a message in 100,000 fragments",
        "",
        &["fragments 20"],
    ),
];

const LEGEND: &str = "\
Before, peak and after are what the system has given to the server (resident set), in megabytes; each row is a new server.
In use is what of it is allocated afterwards. The allocator keeps the rest for what comes next.";

/// Raises the soft limit of open files, which everybody may, and goes on as the program.
const RAISED: &str = r#"
ulimit -S -n 20000 || {
    echo "this needs 20,000 open files in each of two processes; raise the hard limit (ulimit -H -n, or LimitNOFILE=)" >&2
    exit 1
}
exec "$0" "$@"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_shown_without_their_braces() {
        let object = r#"{"port":8080,"files":null,"open":3}"#;

        assert_eq!(shown(&[object.to_owned()]), "port 8080 files null open 3");
    }
}

//! Drives the example as it is: a server and its clients, programs of their own.

#![allow(clippy::unwrap_used)] // a panic is how a test fails, in its helpers too

use std::process::Stdio;

use glue_tests::deadline::within;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_glue-example-auth");

/// Starts the server and returns its address.
async fn serve() -> (Child, String) {
    let mut command = Command::new(PROGRAM);
    command
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut server = command.spawn().unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap()).lines();
    let line = within("its address", output.next_line()).await.unwrap().unwrap();
    let url = line.strip_prefix("listening on ").unwrap().to_owned();
    (server, url)
}

/// Runs a client to its end and returns what it has printed.
async fn call(token: &str, url: &str) -> Vec<String> {
    let mut command = Command::new(PROGRAM);
    let output = command.args(["--as", token, url]).kill_on_drop(true).output();
    let output = within("the client's end", output).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn who_may_what_depends_on_the_token() {
    let (_server, url) = serve().await;

    let denied = "only for editors";
    assert_eq!(
        call("nonsense", &url).await,
        ["refused: unauthenticated: sign in first"]
    );
    assert_eq!(
        call("token-of-eve", &url).await,
        [
            "Eve sees diary, recipe".to_owned(),
            format!("diary stays: permission_denied: {denied}"),
            format!("atlas stays: permission_denied: {denied}"),
        ]
    );
    assert_eq!(
        call("token-of-ann", &url).await,
        [
            "Ann sees diary, recipe",
            "diary, deleted by Ann",
            "atlas isn't there"
        ]
    );
}
